// Tenants, as a platform admin sees them.

import { useQuery } from '@tanstack/react-query';
import { admin } from '../api/additions';
import { api, body } from '../api/client';
import type { components } from '../api/schema';

export type Tenant = components['schemas']['TenantView'];

export const TENANTS = ['admin', 'tenants'];

export function useTenants() {
  return useQuery({
    queryKey: TENANTS,
    queryFn: async () => (await body(api.GET('/v1/admin/tenants'))).data,
  });
}

export function useUsage(id: string) {
  return useQuery({
    queryKey: ['admin', 'usage', id],
    queryFn: () => admin.usage(id),
    refetchInterval: 10_000,
  });
}

export function useClusters() {
  return useQuery({
    queryKey: ['admin', 'clusters'],
    queryFn: async () => (await admin.clusters()).data,
    refetchInterval: 30_000,
  });
}
