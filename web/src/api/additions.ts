// Routes that `openapi/api.json` does not describe yet, with the types that the console expects of them. Once
// the document has one, its function moves to where it is used, on the generated types.

import { type File, file, plain } from './client';

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

// Sending events.

/** Returns the collector's address for browsers, as `/docs` has it; empty if it is not configured. */
export async function collectorAddress(): Promise<string> {
  const documents = await plain<{ url: string; server: string }[]>('GET', '/docs/documents.json');
  return documents.find(({ url }) => url === '/docs/collector.json')?.server ?? '';
}
