// Routes that `openapi/api.json` does not describe yet, with the types that the console expects of them. Once
// the document has one, its function moves to where it is used, on the generated types.

import { type File, file, plain } from './client';
import type { components } from './schema';

// Report jobs and schedules.

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'expired';

export interface ReportJob {
  id: string;
  state: JobState;
  kind: string;
  request: unknown;
  asked_by: string;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  expires_at: string | null;
  schedule: string | null;
  attempts: number;
  progress: { rows: number | null; bytes: number };
  manifest: { file: string; rows: number | null; bytes: number; sha256: string } | null;
  failure: { code: string; detail: string } | null;
}

export interface Listing<T> {
  data: T[];
  next_cursor?: string | null;
}

export type Weekday = 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday';

export interface ScheduleOrder {
  name: string;
  saved_report?: string;
  kind?: string;
  request?: unknown;
  range?: 'last_day' | 'last_week' | 'last_month';
  every: 'day' | 'week';
  weekday?: Weekday;
  at: string;
}

export interface Schedule extends ScheduleOrder {
  id: string;
  created_by: string;
  next_run_at: string | null;
  last_run_at: string | null;
}

export const reportJobs = {
  list: () => plain<Listing<ReportJob>>('GET', '/v1/reports'),
  create: (kind: string, request: unknown) => plain<ReportJob>('POST', '/v1/reports', { kind, request }),
  cancel: (id: string) => plain<void>('DELETE', `/v1/reports/${encodeURIComponent(id)}`),
  file: (id: string): Promise<File> => file('GET', `/v1/reports/${encodeURIComponent(id)}/download`),
};

export const schedules = {
  list: () => plain<Listing<Schedule>>('GET', '/v1/schedules'),
  create: (order: ScheduleOrder) => plain<Schedule>('POST', '/v1/schedules', order),
  remove: (id: string) => plain<void>('DELETE', `/v1/schedules/${encodeURIComponent(id)}`),
};

// Administration.

type TenantFile = components['schemas']['TenantFile'];

/** What onboarding would do. */
export interface TenantPlan {
  steps: { what: string; detail: string }[];
  errors: { pointer: string; reason: string }[];
}

export interface Cluster {
  id: string;
  /** Tenants by tier. */
  tenants: Record<string, number>;
  state: string;
  version: string | null;
  disk_bytes: number | null;
  disk_free_bytes: number | null;
}

export interface AuditEntry {
  id: string;
  at: string;
  actor: string;
  action: string;
  subject: string;
  tenant: string | null;
  detail: unknown;
}

export interface TenantUsage {
  events_today: number;
  events_month: number;
  rows: number;
  bytes: number;
  /** How far behind the store is, in seconds. */
  lag_seconds: number | null;
  live_streams: number;
  first_event_at: string | null;
  last_event_at: string | null;
}

export type MoveState = 'running' | 'waiting' | 'done' | 'failed' | 'backing_out' | 'backed_out';

export interface TenantMove {
  id: string;
  state: MoveState;
  from: { isolation: string; cluster: string };
  to: { isolation: string; cluster: string };
  started_at: string;
  finished_at: string | null;
  steps: {
    name: string;
    state: 'pending' | 'running' | 'done' | 'failed';
    progress: number | null;
    detail: string | null;
  }[];
  /** Rows by table: a move ends only if both sides agree. */
  counts: { table: string; source: number | null; target: number | null }[];
  log: { at: string; line: string }[];
  can_back_out: boolean;
}

const tenant = (id: string, rest = '') => `/v1/admin/tenants/${encodeURIComponent(id)}${rest}`;

export const admin = {
  plan: (order: TenantFile) => plain<TenantPlan>('POST', '/v1/admin/tenants/plan', order),
  clusters: () => plain<Listing<Cluster>>('GET', '/v1/admin/clusters'),
  audit: (cursor?: string) =>
    plain<Listing<AuditEntry>>(
      'GET',
      `/v1/admin/audit${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ''}`,
    ),
  usage: (id: string) => plain<TenantUsage>('GET', tenant(id, '/usage')),
  suspend: (id: string) => plain<void>('POST', tenant(id, '/suspend')),
  resume: (id: string) => plain<void>('POST', tenant(id, '/resume')),
  move: (id: string) => plain<TenantMove>('GET', tenant(id, '/move')),
  startMove: (id: string, to: { isolation: string; cluster: string }) =>
    plain<TenantMove>('POST', tenant(id, '/move'), to),
  backOut: (id: string) => plain<void>('DELETE', tenant(id, '/move')),
};

// Sending events.

/** Returns the collector's address for browsers, as `/docs` has it; empty if it is not configured. */
export async function collectorAddress(): Promise<string> {
  const documents = await plain<{ url: string; server: string }[]>('GET', '/docs/documents.json');
  return documents.find(({ url }) => url === '/docs/collector.json')?.server ?? '';
}
