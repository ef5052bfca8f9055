// Every screen, with who sees it, as the checks of accessibility and the pictures walk through them.

import type { Page } from '@playwright/test';
import { KIOSK_OWNER, NORTHWIND, WANDERER, type World } from '../platform/world';

export interface Screen {
  name: string;
  path: string;
  /** Who looks at it; nobody is logged in without. */
  as?: 'owner' | 'advertiser' | 'parker' | 'admin';
  /** What is done before it looks as meant. */
  act?: (page: Page) => Promise<void>;
}

export const SCREENS: readonly Screen[] = [
  { name: 'login', path: '' },
  { name: 'forgotten-password', path: 'forgot' },
  { name: 'invitation', path: 'invitation?tenant=northwind#token' },
  { name: 'live', path: 'live', as: 'owner' },
  { name: 'live-wall', path: 'live?wall=1', as: 'owner' },
  { name: 'explore', path: 'explore?range=7d&by=campaign,device&compare=previous_period', as: 'owner' },
  { name: 'explore-lines', path: 'explore?range=7d&split=1', as: 'owner' },
  { name: 'explore-table', path: 'explore?range=7d&view=table', as: 'owner' },
  {
    name: 'explore-range',
    path: 'explore',
    as: 'owner',
    act: (page) => page.getByRole('button', { name: /^Range:/ }).click(),
  },
  {
    name: 'explore-export',
    path: 'explore',
    as: 'owner',
    act: (page) => page.getByRole('button', { name: 'Export', exact: true }).click(),
  },
  {
    name: 'explore-request',
    path: 'explore',
    as: 'owner',
    act: (page) => page.getByRole('button', { name: 'Copy as request' }).click(),
  },
  { name: 'campaigns', path: 'campaigns?compare=previous_period', as: 'owner' },
  { name: 'campaign', path: 'campaigns/alpine-winter', as: 'owner' },
  { name: 'funnels', path: 'funnels', as: 'owner' },
  { name: 'retention', path: 'retention', as: 'owner' },
  { name: 'sessions', path: 'sessions', as: 'owner' },
  { name: 'files', path: 'files', as: 'owner' },
  { name: 'sending', path: 'sending', as: 'owner' },
  { name: 'rejects', path: 'rejects', as: 'owner' },
  {
    name: 'rejects-mend',
    path: 'rejects',
    as: 'owner',
    act: (page) => page.getByRole('button', { name: 'Look and mend' }).first().click(),
  },
  { name: 'parked', path: 'parked', as: 'parker' },
  {
    name: 'parked-release',
    path: 'parked',
    as: 'parker',
    act: (page) => page.getByRole('button', { name: 'Release all' }).click(),
  },
  { name: 'keys', path: 'keys', as: 'owner' },
  { name: 'users', path: 'users', as: 'owner' },
  { name: 'advertisers', path: 'advertisers', as: 'owner' },
  { name: 'usage', path: 'usage', as: 'owner' },
  { name: 'audit', path: 'audit', as: 'owner' },
  { name: 'account', path: 'account', as: 'owner' },
  { name: 'missing', path: 'nowhere', as: 'owner' },
  { name: 'advertiser-live', path: 'live', as: 'advertiser' },
  { name: 'admin-tenants', path: 'admin/tenants', as: 'admin' },
  { name: 'admin-tenant', path: 'admin/tenants/northwind', as: 'admin' },
  {
    name: 'admin-move',
    path: `admin/tenants/${WANDERER}`,
    as: 'admin',
    act: (page) =>
      page.getByRole('region', { name: 'Move', exact: true }).evaluate((section) => section.scrollIntoView()),
  },
  {
    name: 'admin-move-begin',
    path: 'admin/tenants/northwind',
    as: 'admin',
    act: (page) => page.getByRole('button', { name: 'Move to another place' }).click(),
  },
  { name: 'admin-onboard', path: 'admin/onboard', as: 'admin' },
  { name: 'admin-clusters', path: 'admin/clusters', as: 'admin' },
  { name: 'admin-audit', path: 'admin/audit', as: 'admin' },
];

/** Returns who looks at a screen, as `visit` takes it. */
export function viewer({ as }: Screen, { admin }: World): { as?: string; password?: string } {
  if (as === undefined) return {};
  if (as === 'admin') return { as: admin.email, password: admin.password };
  return { as: as === 'parker' ? KIOSK_OWNER : NORTHWIND[as] };
}
