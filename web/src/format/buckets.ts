// Labels of buckets and of the time axis. The starts of buckets come from the API: a day may have 23, 24,
// 24.5 or 25 hours, and an hour may occur twice, so no start is ever computed here.

import { formatter, localTime, offsetLabel, showClock } from './zone';

export type Granularity = '15m' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year' | 'total';

/** Returns the name of a bucket, for tables and readouts. */
export function bucketLabel(start: number, granularity: Granularity, zone: string, locale: string): string {
  const day: Intl.DateTimeFormatOptions = { timeZone: zone, day: 'numeric', month: 'short', year: 'numeric' };
  switch (granularity) {
    case '15m':
    case 'hour': {
      const { year: _, ...short } = day;
      return `${formatter(locale, short).format(start)}, ${showClock(start, zone, locale)}`;
    }
    case 'day':
    case 'total':
      return formatter(locale, { ...day, weekday: 'short' }).format(start);
    case 'week':
      return formatter(locale, day).format(start);
    case 'month':
      return formatter(locale, { timeZone: zone, month: 'long', year: 'numeric' }).format(start);
    case 'quarter': {
      const local = localTime(start, zone);
      return `Q${Math.floor((local.month - 1) / 3) + 1} ${local.year}`;
    }
    case 'year':
      return String(localTime(start, zone).year);
  }
}

/**
 * Returns the names of all buckets. Where a clock goes back, two buckets have the same name: these get
 * their offset.
 */
export function bucketLabels(
  starts: readonly number[],
  granularity: Granularity,
  zone: string,
  locale: string,
): string[] {
  const labels = starts.map((start) => bucketLabel(start, granularity, zone, locale));
  const seen = new Map<string, number>();
  for (const label of labels) seen.set(label, (seen.get(label) ?? 0) + 1);
  return labels.map((label, index) => {
    const start = starts[index] ?? 0;
    return (seen.get(label) ?? 0) > 1 ? `${label} ${offsetLabel(start, zone)}` : label;
  });
}

export interface Tick {
  /** Milliseconds since 1970. */
  at: number;
  label: string;
}

/** Returns at most `most` ticks of a time axis, each at the start of a bucket. */
export function axisTicks(
  starts: readonly number[],
  granularity: Granularity,
  zone: string,
  locale: string,
  most: number,
): Tick[] {
  const limit = Math.max(2, most);
  if (granularity === '15m' || granularity === 'hour') return clockTicks(starts, zone, locale, limit);
  const every = Math.max(1, Math.ceil(starts.length / limit));
  return starts
    .filter((_, index) => index % every === 0)
    .map((at) => ({ at, label: shortLabel(at, granularity, zone, locale) }));
}

function clockTicks(starts: readonly number[], zone: string, locale: string, most: number): Tick[] {
  const places = starts.map((at) => ({ at, local: localTime(at, zone) }));
  const whole = places.filter(({ local }) => local.minute === 0);
  for (const hours of [1, 2, 3, 4, 6, 12, 24]) {
    const chosen = whole.filter(({ local }) => local.hour % hours === 0);
    if (chosen.length <= most && chosen.length > 0) {
      return chosen.map(({ at, local }) => ({
        at,
        label: local.hour === 0 ? shortLabel(at, 'day', zone, locale) : showClock(at, zone, locale),
      }));
    }
  }
  const midnights = whole.filter(({ local }) => local.hour === 0);
  const candidates = midnights.length > 0 ? midnights : places;
  const every = Math.ceil(candidates.length / most);
  return candidates
    .filter((_, index) => index % every === 0)
    .map(({ at }) => ({ at, label: shortLabel(at, 'day', zone, locale) }));
}

function shortLabel(start: number, granularity: Granularity, zone: string, locale: string): string {
  switch (granularity) {
    case 'month':
      return formatter(locale, { timeZone: zone, month: 'short', year: '2-digit' }).format(start);
    case 'quarter':
    case 'year':
      return bucketLabel(start, granularity, zone, locale);
    default:
      return formatter(locale, { timeZone: zone, day: 'numeric', month: 'short' }).format(start);
  }
}

/** The longest range of each granularity, in days, as the API limits it. */
const LONGEST: Record<Granularity, number> = {
  '15m': 31,
  hour: 366,
  day: 1830,
  week: 1830,
  month: 1830,
  quarter: 1830,
  year: 1830,
  total: 1830,
};

const SHORTEST: Record<Granularity, number> = {
  '15m': 0,
  hour: 0,
  day: 2,
  week: 14,
  month: 45,
  quarter: 180,
  year: 700,
  total: 0,
};

/** The most buckets that a chart still shows as separate points. */
const DRAWABLE = 800;

const PER_DAY: Record<Granularity, number> = {
  '15m': 96,
  hour: 24,
  day: 1,
  week: 1 / 7,
  month: 1 / 30,
  quarter: 1 / 91,
  year: 1 / 365,
  total: 0,
};

/** Returns the granularities that fit a range of so many days. */
export function fitting(days: number): Granularity[] {
  const all = Object.keys(LONGEST) as Granularity[];
  return all.filter(
    (granularity) =>
      days <= LONGEST[granularity] &&
      days >= SHORTEST[granularity] &&
      days * PER_DAY[granularity] <= DRAWABLE,
  );
}

/** Returns the granularity with which a range is shown unless the user chooses one. */
export function preferred(days: number): Granularity {
  if (days <= 1.1) return '15m';
  if (days <= 4) return 'hour';
  if (days <= 100) return 'day';
  if (days <= 400) return 'week';
  return 'month';
}
