// Requests of reports, as queries that keep the former answer on screen while the next one loads.

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, body } from '../api/client';
import type { components } from '../api/schema';
import type { QueryBody } from '../url/report';

type Schemas = components['schemas'];

export type QueryAnswer = Schemas['QueryAnswer'];
export type MetricValues = Schemas['MetricValues'];

/** A row of an answer: its values and, under their names, the values of its dimensions. */
export type QueryRow = Schemas['QueryRow'] & Record<string, unknown>;

/**
 * Returns the dimensions or the metrics of an answer. While the next answer loads, those of the request on screen
 * are already others.
 */
export function columnsOf({ columns }: QueryAnswer, kind: 'dimension' | 'metric'): string[] {
  return columns.filter((column) => column.kind === kind).map(({ name }) => name);
}

/** Returns the body of a report. Without `format` it is JSON: the other types of these routes are files and jobs. */
function answer<T>(response: Parameters<typeof body>[0]): Promise<T> {
  return body(response) as Promise<T>;
}

/** How long numbers are good enough before they are asked again, in milliseconds. */
const FRESH = 10_000;
const OPEN_EVERY = 60_000;

export function useReport(request: QueryBody | null, every?: number) {
  const open = request?.time?.to === undefined;
  return useQuery({
    queryKey: ['query', request],
    queryFn: ({ signal }) =>
      answer<QueryAnswer>(api.POST('/v1/query', { body: request as QueryBody, signal })),
    enabled: request !== null,
    placeholderData: keepPreviousData,
    staleTime: FRESH,
    refetchInterval: every ?? (open ? OPEN_EVERY : false),
  });
}

export function useFunnel(request: Schemas['FunnelBody'] | null) {
  return useQuery({
    queryKey: ['funnel', request],
    queryFn: ({ signal }) =>
      answer<Schemas['FunnelAnswer']>(
        api.POST('/v1/funnels', { body: request as Schemas['FunnelBody'], signal }),
      ),
    enabled: request !== null,
    placeholderData: keepPreviousData,
    staleTime: FRESH,
  });
}

export function useRetention(request: Schemas['RetentionBody']) {
  return useQuery({
    queryKey: ['retention', request],
    queryFn: ({ signal }) =>
      answer<Schemas['RetentionAnswer']>(api.POST('/v1/retention', { body: request, signal })),
    placeholderData: keepPreviousData,
    staleTime: FRESH,
  });
}

export function useSessions(request: Record<string, string>) {
  return useQuery({
    queryKey: ['sessions', request],
    queryFn: ({ signal }) =>
      answer<Schemas['SessionsAnswer']>(
        api.GET('/v1/sessions', { params: { query: request as never }, signal }),
      ),
    placeholderData: keepPreviousData,
    staleTime: FRESH,
  });
}

export function useAttribution(request: Schemas['AttributionBody']) {
  return useQuery({
    queryKey: ['attribution', request],
    queryFn: ({ signal }) =>
      answer<Schemas['AttributionAnswer']>(api.POST('/v1/attribution', { body: request, signal })),
    placeholderData: keepPreviousData,
    staleTime: FRESH,
  });
}
