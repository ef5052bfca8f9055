// The dashboard's numbers: for each campaign those of the stream or those of the last report, whichever count
// more of what was received. So a number is right while the stream is down, and never steps back.

import type { MetricValue } from '../format/values';
import type { BucketValues } from './frames';
import { type LiveState, sum, todayOf } from './store';

export interface BoardRow {
  campaign: string;
  sums: BucketValues;
  previous: Record<string, MetricValue>;
}

export interface ReportedRow {
  campaign: string;
  values: Record<string, MetricValue>;
  previous: Record<string, MetricValue>;
}

export interface Reported {
  asOf: number;
  rows: readonly ReportedRow[];
}

/** Returns a row for each campaign that the report or the stream has. */
export function board(reported: Reported, live: LiveState, now: number, zone: string): BoardRow[] {
  const rows = new Map<string, BoardRow>();
  for (const { campaign, values, previous } of reported.rows) {
    rows.set(campaign, { campaign, sums: numbersOf(values), previous });
  }
  for (const [campaign, streamed] of live.campaigns) {
    const row = rows.get(campaign);
    if (row && streamed.asOf < reported.asOf) continue;
    const today = todayOf(streamed, now, zone);
    if (!row && today.length === 0) continue;
    rows.set(campaign, { campaign, sums: { ...row?.sums, ...sum(today) }, previous: row?.previous ?? {} });
  }
  return [...rows.values()];
}

function numbersOf(values: Record<string, MetricValue>): BucketValues {
  const sums: BucketValues = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'number' || typeof value === 'string') sums[name] = value;
  }
  return sums;
}

/** Returns how a value changed, relative to the earlier one; `null` without a base. */
export function changeOf(value: MetricValue, earlier: MetricValue): number | null {
  if (value === null || value === undefined || earlier === null || earlier === undefined) return null;
  const base = Number(earlier);
  return base === 0 ? null : Number(value) / base - 1;
}
