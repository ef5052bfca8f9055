// The state of the explorer, and the request that it is.

import type { components } from '../api/schema';
import type { Granularity } from '../format/buckets';
import { fitting, preferred } from '../format/buckets';
import { isPlainDate, isZone } from '../format/zone';
import { each, type Fields, flag, names, oneOf, parsed, readState, text, whole, writeState } from './codec';
import {
  conditionOf,
  type DimensionName,
  type Filter,
  type MetricName,
  NUMBER_TESTS,
  readFilter,
  TEXT_TESTS,
  writeFilter,
} from './filter';
import { type Dates, datesOf, lengthInDays, type Range, readRange, timeOf, writeRange } from './range';

export type QueryBody = components['schemas']['QueryBody'];

export const COMPARISONS = ['none', 'previous_period', 'previous_week', 'previous_year', 'custom'] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** What every screen with a range has in its URL. */
export interface Period {
  range: Range;
  /** The zone; empty for the tenant's own. */
  tz: string;
  compare: Comparison;
  /** The first and the last day of a custom comparison; the last one is excluded. */
  with: string;
  match: 'date' | 'weekday';
}

export interface Report extends Period {
  metrics: string[];
  by: string[];
  f: Filter[];
  /** Empty: the one that fits. */
  grain: Granularity | '';
  /** How many segments are shown; the rest is `others`. */
  top: number;
  order: string;
  view: 'chart' | 'table';
  split: boolean;
}

const GRAINS = ['', '15m', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'total'] as const;

export const periodFields: Fields<Period> = {
  range: parsed<Range>('7d', readRange, writeRange),
  tz: parsed(
    '',
    (zone) => (isZone(zone) ? zone : undefined),
    (zone) => zone,
  ),
  compare: oneOf(COMPARISONS, 'none'),
  with: parsed('', readCustom, (dates) => dates),
  match: oneOf(['date', 'weekday'], 'date'),
};

export const reportFields: Fields<Report> = {
  ...periodFields,
  metrics: names(['sales', 'orders']),
  by: names(['campaign']),
  f: each(readFilter, writeFilter),
  grain: oneOf(GRAINS, ''),
  top: whole(10, 1, 100),
  order: text('-'),
  view: oneOf(['chart', 'table'], 'chart'),
  split: flag(false),
};

function readCustom(dates: string): string | undefined {
  const [from = '', until = ''] = dates.split('..');
  return isPlainDate(from) && isPlainDate(until) && from < until ? dates : undefined;
}

export const readReport = (search: string): Report => readState(reportFields, search);
export const writeReport = (report: Report): string => writeState(reportFields, report);

/** Returns the granularity that is shown: the chosen one if it fits the range. */
export function grainOf(grain: Granularity | '', dates: Dates): Granularity {
  const days = lengthInDays(dates);
  return grain !== '' && fitting(days).includes(grain) ? grain : preferred(days);
}

export function compareOf(period: Period): QueryBody['compare'] {
  switch (period.compare) {
    case 'none':
      return undefined;
    case 'custom': {
      const [from, until] = period.with.split('..');
      return from && until ? { to: 'custom', from, until } : undefined;
    }
    case 'previous_week':
      return { to: 'previous_week' };
    default:
      return { to: period.compare, match: period.match };
  }
}

/** The order: a metric or a dimension, descending with a `-` before it. Only `-`: by the first metric. */
export function orderOf(report: Report): string[][] | undefined {
  const descending = report.order.startsWith('-');
  const name = descending ? report.order.slice(1) : report.order;
  if (![...report.metrics, ...report.by].includes(name)) return undefined;
  return [[name, descending ? 'desc' : 'asc']];
}

function base(report: Report, zone: string, dates: Dates): QueryBody {
  const body: QueryBody = { metrics: report.metrics as MetricName[], time: timeOf(dates, zone) };
  const filters = conditionOf(report.f);
  const compare = compareOf(report);
  if (filters) body.filters = filters;
  if (compare) body.compare = compare;
  return body;
}

/** Returns the request of the table: segments in the whole range, their rest, and totals. */
export function tableRequest(report: Report, zone: string, now: number): QueryBody {
  const body = base(report, zone, datesOf(report.range, now, zone));
  body.time = { ...body.time, granularity: 'total' };
  if (report.by.length > 0) {
    const [by] = report.metrics as MetricName[];
    body.dimensions = report.by as DimensionName[];
    if (by) body.top = { n: report.top, by, others: true };
    const order = orderOf(report);
    if (order) body.order = order;
  }
  return body;
}

/** The most segments that are drawn as lines of their own. */
const LINES = 6;

/** Returns the request of the chart: the first metric over time, of all or of the largest segments. */
export function chartRequest(report: Report, zone: string, now: number): QueryBody {
  const dates = datesOf(report.range, now, zone);
  const body = base(report, zone, dates);
  body.time = { ...body.time, granularity: grainOf(report.grain, dates) };
  const [by] = report.metrics as MetricName[];
  if (report.split && report.by.length > 0 && by) {
    body.metrics = [by];
    body.dimensions = report.by as DimensionName[];
    body.top = { n: Math.min(LINES, report.top), by, others: false };
    delete body.compare;
  }
  return body;
}

/** Returns the request that makes a file of exactly what the table shows. */
export function exportRequest(report: Report, zone: string, now: number, format: string): QueryBody {
  return { ...tableRequest(report, zone, now), format };
}

/** Returns the state that a saved request is; what the screen cannot show keeps its default. */
export function reportOf(request: unknown): Report {
  const report = readReport('');
  const body = (request ?? {}) as QueryBody;
  if (Array.isArray(body.metrics) && body.metrics.length > 0) report.metrics = [...body.metrics];
  report.by = [...(body.dimensions ?? [])];
  report.f = filtersOf(body.filters);
  const granularity = body.time?.granularity;
  if (granularity && granularity !== 'total') report.grain = granularity;
  Object.assign(report, periodOf(body.time));
  const compare = COMPARISONS.find((name) => name === body.compare?.to);
  if (compare) report.compare = compare;
  if (body.compare?.from && body.compare.until) report.with = `${body.compare.from}..${body.compare.until}`;
  if (body.compare?.match === 'weekday') report.match = 'weekday';
  if (body.top) report.top = Math.max(1, Math.min(100, body.top.n));
  const [first] = body.order ?? [];
  if (first?.[0]) report.order = first[1] === 'asc' ? first[0] : `-${first[0]}`;
  return report;
}

/** Returns the range and the zone of a request, as far as a screen can show them. */
export function periodOf(time: QueryBody['time']): Partial<Period> {
  const { from, to, tz } = time ?? {};
  const period: Partial<Period> = {};
  if (tz && isZone(tz)) period.tz = tz;
  if (from && isPlainDate(from) && to && isPlainDate(to) && from < to) period.range = { from, until: to };
  return period;
}

/** Returns the filters of a request's condition. */
export function filtersOf(condition: QueryBody['filters']): Filter[] {
  const tests = condition?.and ?? (condition ? [condition] : []);
  return tests.flatMap((test): Filter[] => {
    for (const name of TEXT_TESTS) {
      const values = test[name];
      if (test.dimension && values) return [{ dimension: test.dimension, test: name, values: [...values] }];
    }
    for (const name of NUMBER_TESTS) {
      const bound = test[name];
      if (test.metric && typeof bound === 'number') return [{ metric: test.metric, test: name, bound }];
    }
    return [];
  });
}
