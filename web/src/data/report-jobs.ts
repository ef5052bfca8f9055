// Reports that are made in the background, and their schedules.

import { api, body, type File, file } from '../api/client';
import type { components } from '../api/schema';
import { paged, whole } from './lists';

type Schemas = components['schemas'];
export type ReportJob = Schemas['ReportJob'];
export type Schedule = Schemas['Schedule'];
export type ScheduleOrder = Schemas['ScheduleOrder'];

const named = (id: string) => ({ params: { path: { id } } });

export const reportJobs = {
  list: () => body(api.GET('/v1/reports')),
  create: (kind: Schemas['ReportJobKind'], request: object) =>
    body(
      api.POST('/v1/reports', { body: { kind, request: request as Schemas['ReportJobOrder']['request'] } }),
    ),
  cancel: (id: string) => body(api.DELETE('/v1/reports/{id}', named(id))),
  file: (id: string): Promise<File> => file('GET', `/v1/reports/${encodeURIComponent(id)}/download`),
};

export const schedules = {
  list: () => whole((cursor) => body(api.GET('/v1/schedules', { params: { query: paged(cursor) } }))),
  create: (order: ScheduleOrder) => body(api.POST('/v1/schedules', { body: order })),
  remove: (id: string) => body(api.DELETE('/v1/schedules/{id}', named(id))),
};
