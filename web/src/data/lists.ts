// Lists of a tenant's things.

import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, body } from '../api/client';
import type { components } from '../api/schema';

type Schemas = components['schemas'];
export type Campaign = Schemas['Campaign'];
export type Annotation = Schemas['Annotation'];
export type SavedReport = Schemas['SavedReport'];
export type ApiKey = Schemas['ApiKey'];
export type User = Schemas['User'];
export type Advertiser = Schemas['Advertiser'];

interface Page<T> {
  data: T[];
  next_cursor?: string | null;
}

const PAGE = 500;
/** The console shows lists as a whole; this many pages are more than anybody reads. */
const MOST_PAGES = 20;

export async function whole<T>(page: (cursor?: string) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  for (let read = 0; read < MOST_PAGES; read += 1) {
    const { data, next_cursor: next } = await page(cursor);
    all.push(...data);
    if (!next) break;
    cursor = next;
  }
  return all;
}

export const paged = (cursor?: string) => ({ limit: PAGE, ...(cursor ? { cursor } : {}) });

export function useCampaigns() {
  return useQuery({
    queryKey: ['campaigns'],
    queryFn: () => whole((cursor) => body(api.GET('/v1/campaigns', { params: { query: paged(cursor) } }))),
    staleTime: 30_000,
  });
}

/** Returns the names of campaigns by their ids; empty until they are loaded. */
export function useCampaignNames(): ReadonlyMap<string, string> {
  const { data } = useCampaigns();
  return useMemo(() => new Map((data ?? []).map(({ id, name }) => [id, name])), [data]);
}

export function useCampaign(id: string): Campaign {
  return useSuspenseQuery({
    queryKey: ['campaign', id],
    queryFn: () => body(api.GET('/v1/campaigns/{id}', { params: { path: { id } } })),
    staleTime: 30_000,
  }).data;
}

export function useAdvertisers(enabled = true) {
  return useQuery({
    queryKey: ['advertisers'],
    queryFn: async () => (await body(api.GET('/v1/advertisers'))).data,
    enabled,
    staleTime: 30_000,
  });
}

export function useUsers() {
  return useQuery({ queryKey: ['users'], queryFn: async () => (await body(api.GET('/v1/users'))).data });
}

export function useKeys() {
  return useQuery({
    queryKey: ['api-keys'],
    queryFn: async () => (await body(api.GET('/v1/api-keys'))).data,
  });
}

export function useSavedReports() {
  return useQuery({
    queryKey: ['saved-reports'],
    queryFn: () =>
      whole((cursor) => body(api.GET('/v1/saved-reports', { params: { query: paged(cursor) } }))),
  });
}

export function useAnnotations(from: string | undefined, to: string | undefined) {
  return useQuery({
    queryKey: ['annotations', from, to],
    queryFn: () =>
      whole((cursor) =>
        body(
          api.GET('/v1/annotations', {
            params: { query: { ...paged(cursor), from: from as string, to: to as string } },
          }),
        ),
      ),
    enabled: from !== undefined && to !== undefined,
    placeholderData: (former) => former,
  });
}
