// Tenants, as a platform admin sees them.

import { useQuery } from '@tanstack/react-query';
import { api, body } from '../api/client';
import { asProblem } from '../api/problem';
import type { components } from '../api/schema';
import { paged, whole } from './lists';

type Schemas = components['schemas'];
export type Tenant = Schemas['TenantView'];
export type Cluster = Schemas['ClusterView'];
export type Offboarding = Schemas['OffboardingView'];
export type Move = Schemas['MoveView'];
export type TenantUsage = Schemas['TenantUsage'];
export type KnownUsage = Exclude<TenantUsage, { unavailable: boolean }>;

export const TENANTS = ['admin', 'tenants'];
export const CLUSTERS = ['admin', 'clusters'];

export function useTenants() {
  return useQuery({
    queryKey: TENANTS,
    queryFn: async () => (await body(api.GET('/v1/admin/tenants'))).data,
  });
}

/** Whether the cluster of the tenant answered. */
export function isKnown(usage: TenantUsage): usage is KnownUsage {
  return !('unavailable' in usage);
}

/** What all tenants used in the last 30 days. It is asked seldom: each answer reads every tenant's tables. */
export function useUsages() {
  return useQuery({
    queryKey: ['admin', 'usage'],
    queryFn: () => whole((cursor) => body(api.GET('/v1/admin/usage', { params: { query: paged(cursor) } }))),
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
}

/** What a tenant used in the last 30 days; `null` if it is being made or erased. */
export function useUsageOf(tenant: string) {
  return useQuery({
    queryKey: ['admin', 'usage', tenant],
    queryFn: async () =>
      (await body(api.GET('/v1/admin/usage', { params: { query: { tenant } } }))).data[0] ?? null,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
}

export function useClusters() {
  return useQuery({
    queryKey: CLUSTERS,
    queryFn: async () => (await body(api.GET('/v1/admin/clusters'))).data,
    refetchInterval: 30_000,
  });
}

/** How far the end of a tenant is. */
export function useOffboarding({ id, state }: Pick<Tenant, 'id' | 'state'>) {
  return useQuery({
    queryKey: ['admin', 'offboarding', id],
    queryFn: () => body(api.GET('/v1/admin/tenants/{id}/offboarding', { params: { path: { id } } })),
    enabled: state === 'offboarding' || state === 'erasing',
    refetchInterval: (query) => (query.state.data?.state === 'erasing' ? 5_000 : false),
  });
}

export const moveKey = (tenant: string) => ['admin', 'move', tenant];

/** The last move of a tenant, looked at each second until it ends; `null` if there was none. */
export function useMove(tenant: string) {
  return useQuery({
    queryKey: moveKey(tenant),
    queryFn: () => moveOf(tenant),
    refetchInterval: ({ state: { data } }) => (data && !data.ended_at ? 1_000 : 30_000),
  });
}

async function moveOf(id: string): Promise<Move | null> {
  try {
    return await body(api.GET('/v1/admin/tenants/{id}/move', { params: { path: { id } } }));
  } catch (failure) {
    if (asProblem(failure).status === 404) return null;
    throw failure;
  }
}
