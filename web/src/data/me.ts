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
  expiresAt: string | null;
}

/** What a platform admin may do; `/v1/me` answers the users of tenants only. */
const PLATFORM_PERMISSIONS = ['manage_clusters', 'manage_tenants'];

async function load(): Promise<Me> {
  try {
    const me = await body(api.GET('/v1/me'));
    const { id, time_zone: zone, currency } = me.tenant;
    return {
      subject: me.subject,
      role: me.role,
      permissions: me.permissions,
      tenant: { id, name: session.claims?.client_name ?? id, zone, currency },
      advertiser: me.advertiser ?? null,
      expiresAt: me.expires_at ?? null,
    };
  } catch (error) {
    const { claims } = session;
    const ofPlatform = claims !== null && claims.client_id === undefined;
    if (!(error instanceof ApiProblem) || error.status !== 403 || !ofPlatform) throw error;
    return {
      subject: claims.sub,
      role: claims.role,
      permissions: PLATFORM_PERMISSIONS,
      tenant: null,
      advertiser: null,
      expiresAt: new Date(claims.exp * 1000).toISOString(),
    };
  }
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
