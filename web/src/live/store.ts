// What live frames say, as one value for React. Quarter hours are absolute: a frame replaces what earlier ones
// said of the same quarter hour, so a frame that arrives twice changes nothing.

import { decimal, millionths } from '../format/money';
import { dateIn } from '../format/zone';
import { type BucketValues, type CampaignFrame, type Frame, placeAfter } from './frames';
import type { StreamStatus } from './reader';

export type LiveStatus = StreamStatus | 'paused';

export interface LiveState {
  status: LiveStatus;
  /** Everything received before this moment is counted; milliseconds since 1970. */
  asOf: number | null;
  /** When the last frame arrived. */
  frameAt: number | null;
  campaigns: ReadonlyMap<string, LiveCampaign>;
  lastId: string | null;
}

export interface LiveCampaign {
  currency: string;
  otherCurrencies: readonly string[];
  /** Everything of it that was received before this moment is counted; milliseconds since 1970. */
  asOf: number;
  /** By start, in milliseconds since 1970. */
  buckets: ReadonlyMap<number, BucketValues>;
}

export const EMPTY: LiveState = {
  status: 'connecting',
  asOf: null,
  frameAt: null,
  campaigns: new Map(),
  lastId: null,
};

/** Returns the state after a frame. */
export function applied(state: LiveState, frame: Frame, now: number): LiveState {
  switch (frame.kind) {
    case 'end':
      return state;
    case 'reset':
      // The old numbers stay on screen until the snapshot that follows replaces them.
      return { ...state, lastId: null };
    case 'snapshot':
    case 'update': {
      // A snapshot has every campaign: one that it lacks is no longer visible.
      const campaigns = new Map(frame.kind === 'update' ? state.campaigns : []);
      for (const data of frame.data) campaigns.set(data.campaign, merged(state.campaigns, data, frame.kind));
      const asOf = Math.max(state.asOf ?? 0, ...frame.data.map(({ asOf: at }) => (at ? Date.parse(at) : 0)));
      return {
        ...state,
        campaigns,
        asOf: asOf === 0 ? null : asOf,
        frameAt: now,
        lastId: placeAfter(state.lastId, frame),
      };
    }
  }
}

/** Returns a campaign after a frame: a snapshot has all of its quarter hours, an update those that changed. */
function merged(
  campaigns: ReadonlyMap<string, LiveCampaign>,
  data: CampaignFrame,
  kind: 'snapshot' | 'update',
): LiveCampaign {
  const before = campaigns.get(data.campaign);
  const buckets = new Map(kind === 'update' ? before?.buckets : []);
  for (const { start, values } of data.buckets) buckets.set(Date.parse(start), values);
  return {
    currency: data.currency,
    otherCurrencies: data.otherCurrencies,
    asOf: Math.max(before?.asOf ?? 0, data.asOf ? Date.parse(data.asOf) : 0),
    buckets,
  };
}

/** Returns the sum of quarter hours, money exactly. */
export function sum(buckets: Iterable<BucketValues>): BucketValues {
  const counts: Record<string, number> = {};
  const money: Record<string, bigint> = {};
  for (const values of buckets) {
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === 'number') counts[name] = (counts[name] ?? 0) + value;
      else money[name] = (money[name] ?? 0n) + millionths(value);
    }
  }
  const result: BucketValues = counts;
  for (const [name, amount] of Object.entries(money)) result[name] = decimal(amount);
  return result;
}

/** Returns today's quarter hours of a campaign, by the clock of `zone`. */
export function todayOf(campaign: LiveCampaign, now: number, zone: string): BucketValues[] {
  const today = dateIn(now, zone);
  const found: BucketValues[] = [];
  for (const [start, values] of campaign.buckets) {
    // A day is never longer than 25 hours: older quarter hours need no calendar.
    if (now - start < 26 * 3_600_000 && dateIn(start, zone) === today) found.push(values);
  }
  return found;
}

/** Ratios that are computed from live sums, as the catalogue defines them. */
const RATIOS: Record<string, [numerator: string, denominator: string]> = {
  ctr: ['clicks', 'impressions'],
  conversion_rate: ['orders', 'clicks'],
  roas: ['sales', 'spend'],
};

/** Returns a metric of sums: `null` for a zero denominator, `undefined` if the sums lack it. */
export function metricOf(sums: BucketValues | undefined, metric: string): number | string | null | undefined {
  const ratio = RATIOS[metric];
  if (!ratio || !sums) return sums?.[metric];
  const [above, below] = ratio.map((name) => sums[name]);
  if (above === undefined || below === undefined) return undefined;
  return Number(below) === 0 ? null : Number(above) / Number(below);
}
