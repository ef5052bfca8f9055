// Who uses the console, and what it may ask. Menus are built from it; the API decides.

import { useSuspenseQuery } from '@tanstack/react-query';
import { api, body } from '../api/client';
import { ApiProblem } from '../api/problem';
import { session } from '../session/session';

export interface Me {
  subject: string;
  role: string;
  permissions: readonly string[];
  tenant: { id: string; name: string; zone: string; currency: string } | null;
  advertiser: string | null;
}

/** What a platform admin may do; `/v1/me` answers the users of tenants only. */
const PLATFORM_PERMISSIONS = ['manage_clusters', 'manage_tenants'];

async function load(): Promise<Me> {
  const { claims } = session;
  if (claims && claims.client_id === undefined) {
    return {
      subject: claims.sub,
      role: claims.role,
      permissions: PLATFORM_PERMISSIONS,
      tenant: null,
      advertiser: null,
    };
  }
  const me = await body(api.GET('/v1/me'));
  const { id, time_zone: zone, currency } = me.tenant;
  return {
    subject: me.subject,
    role: me.role,
    permissions: me.permissions,
    tenant: { id, name: claims?.client_name ?? id, zone, currency },
    advertiser: me.advertiser ?? null,
  };
}

export const ME = ['me'] as const;

export function useMe(): Me {
  return useSuspenseQuery({ queryKey: ME, queryFn: load, staleTime: Number.POSITIVE_INFINITY }).data;
}

export function may(me: Me, permission: string): boolean {
  return me.permissions.includes(permission);
}

/** The tenant of the user. Screens that need one are not reachable without. */
export function useTenant(): NonNullable<Me['tenant']> {
  const { tenant } = useMe();
  if (!tenant) throw new ApiProblem(403, { code: 'permission_denied' });
  return tenant;
}

export const locale = typeof navigator === 'undefined' ? 'en-GB' : navigator.language;
