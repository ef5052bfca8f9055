// The one list of screens: menu, routes and shortcuts come from it.

import { type ComponentType, type LazyExoticComponent, lazy } from 'react';
import { type Me, may } from '../data/me';
import { text } from '../text/en';

export interface Screen {
  path: string;
  /** Its place in the menu; screens without one are reached from others. */
  menu?: { group: 'reports' | 'setup' | 'platform'; label: string };
  shortcut?: string;
  allowed: (me: Me) => boolean;
  component: LazyExoticComponent<ComponentType>;
}

const reads = (me: Me) => me.tenant !== null && may(me, 'read_reports');
const whole = (me: Me) => reads(me) && me.advertiser === null;
const permitted = (permission: string) => (me: Me) => me.tenant !== null && may(me, permission);
const platform = (me: Me) => may(me, 'manage_tenants');

const { nav } = text;

export const SCREENS: readonly Screen[] = [
  {
    path: '/live',
    menu: { group: 'reports', label: nav.live },
    shortcut: 'g l',
    allowed: reads,
    component: lazy(() => import('../screens/live/live')),
  },
  {
    path: '/explore',
    menu: { group: 'reports', label: nav.explore },
    shortcut: 'g e',
    allowed: reads,
    component: lazy(() => import('../screens/explore/explore')),
  },
  {
    path: '/campaigns',
    menu: { group: 'reports', label: nav.campaigns },
    shortcut: 'g c',
    allowed: permitted('read_campaigns'),
    component: lazy(() => import('../screens/campaigns/campaigns')),
  },
  {
    path: '/campaigns/:id',
    allowed: reads,
    component: lazy(() => import('../screens/campaigns/campaign')),
  },
  {
    path: '/funnels',
    menu: { group: 'reports', label: nav.funnels },
    allowed: reads,
    component: lazy(() => import('../screens/behaviour/funnels')),
  },
  {
    path: '/retention',
    menu: { group: 'reports', label: nav.retention },
    allowed: reads,
    component: lazy(() => import('../screens/behaviour/retention')),
  },
  {
    path: '/sessions',
    menu: { group: 'reports', label: nav.sessions },
    allowed: reads,
    component: lazy(() => import('../screens/behaviour/sessions')),
  },
  {
    path: '/files',
    menu: { group: 'reports', label: nav.files },
    allowed: reads,
    component: lazy(() => import('../screens/explore/files')),
  },
  {
    path: '/sending',
    menu: { group: 'setup', label: nav.sending },
    allowed: (me) => whole(me) && may(me, 'manage_api_keys'),
    component: lazy(() => import('../screens/setup/sending')),
  },
  {
    path: '/rejects',
    menu: { group: 'setup', label: nav.rejects },
    allowed: permitted('read_rejects'),
    component: lazy(() => import('../screens/setup/rejects')),
  },
  {
    path: '/parked',
    menu: { group: 'setup', label: nav.parked },
    allowed: permitted('read_parked'),
    component: lazy(() => import('../screens/setup/parked')),
  },
  {
    path: '/keys',
    menu: { group: 'setup', label: nav.keys },
    allowed: permitted('manage_api_keys'),
    component: lazy(() => import('../screens/setup/keys')),
  },
  {
    path: '/users',
    menu: { group: 'setup', label: nav.users },
    allowed: permitted('manage_users'),
    component: lazy(() => import('../screens/setup/users')),
  },
  {
    path: '/advertisers',
    menu: { group: 'setup', label: nav.advertisers },
    allowed: permitted('manage_advertisers'),
    component: lazy(() => import('../screens/setup/advertisers')),
  },
  {
    path: '/usage',
    menu: { group: 'setup', label: nav.usage },
    allowed: permitted('read_usage'),
    component: lazy(() => import('../screens/setup/usage')),
  },
  {
    path: '/audit',
    menu: { group: 'setup', label: nav.audit },
    allowed: permitted('read_audit_log'),
    component: lazy(() => import('../screens/setup/audit')),
  },
  {
    path: '/admin/tenants',
    menu: { group: 'platform', label: nav.tenants },
    allowed: platform,
    component: lazy(() => import('../screens/admin/tenants')),
  },
  {
    path: '/admin/onboard',
    menu: { group: 'platform', label: nav.onboard },
    allowed: platform,
    component: lazy(() => import('../screens/admin/onboard')),
  },
  {
    path: '/admin/tenants/:id',
    allowed: platform,
    component: lazy(() => import('../screens/admin/tenant')),
  },
  {
    path: '/admin/clusters',
    menu: { group: 'platform', label: nav.clusters },
    allowed: (me) => may(me, 'manage_clusters'),
    component: lazy(() => import('../screens/admin/clusters')),
  },
  {
    path: '/admin/audit',
    menu: { group: 'platform', label: nav.audit },
    allowed: platform,
    component: lazy(() => import('../screens/admin/audit')),
  },
  {
    path: '/account',
    allowed: () => true,
    component: lazy(() => import('../screens/auth/account')),
  },
];
