// Ranges of time: relative ones stay relative in the URL, so that a shared "last 7 days" is the reader's own.

import {
  addDays,
  dateIn,
  daysBetween,
  isPlainDate,
  monthStart,
  type PlainDate,
  showDate,
  showDates,
} from '../format/zone';

export const PRESETS = [
  'today',
  'yesterday',
  '7d',
  '28d',
  '30d',
  '90d',
  'month',
  'last_month',
  '12m',
] as const;

export type Preset = (typeof PRESETS)[number];

/** A preset, or dates of which `until` is excluded. */
export type Range = Preset | { from: PlainDate; until: PlainDate };

/** What a range is on one day: dates of a zone. `until` is excluded. */
export interface Dates {
  from: PlainDate;
  until: PlainDate;
  /** Whether the range ends now: it grows until midnight. */
  open: boolean;
}

export function readRange(text: string): Range | undefined {
  const preset = PRESETS.find((name) => name === text);
  if (preset) return preset;
  const [from = '', until = ''] = text.split('..');
  if (!isPlainDate(from) || !isPlainDate(until) || from >= until) return undefined;
  return { from, until };
}

export function writeRange(range: Range): string {
  return typeof range === 'string' ? range : `${range.from}..${range.until}`;
}

/** Returns the dates of a range, at `now` by the clock of `zone`. */
export function datesOf(range: Range, now: number, zone: string): Dates {
  const today = dateIn(now, zone);
  const tomorrow = addDays(today, 1);
  const days = (count: number): Dates => ({ from: addDays(today, 1 - count), until: tomorrow, open: true });
  if (typeof range !== 'string') {
    return { ...range, open: range.from <= today && today < range.until };
  }
  switch (range) {
    case 'today':
      return days(1);
    case 'yesterday':
      return { from: addDays(today, -1), until: today, open: false };
    case '7d':
      return days(7);
    case '28d':
      return days(28);
    case '30d':
      return days(30);
    case '90d':
      return days(90);
    case 'month':
      return { from: monthStart(today), until: tomorrow, open: true };
    case 'last_month':
      return { from: monthStart(today, -1), until: monthStart(today), open: false };
    case '12m':
      return { from: monthStart(today, -11), until: tomorrow, open: true };
  }
}

export function lengthInDays(dates: Dates): number {
  return daysBetween(dates.from, dates.until);
}

/** Returns the period of the same length before or after. A period after today is `undefined`. */
export function shifted(dates: Dates, steps: number, today: PlainDate): Range | undefined {
  const wholeMonths = dates.from.endsWith('-01') && dates.until.endsWith('-01');
  const length = lengthInDays(dates) * steps;
  const months = wholeMonths ? monthsBetween(dates.from, dates.until) * steps : 0;
  const from = wholeMonths ? monthStart(dates.from, months) : addDays(dates.from, length);
  const until = wholeMonths ? monthStart(dates.until, months) : addDays(dates.until, length);
  return from > today ? undefined : { from, until };
}

function monthsBetween(from: PlainDate, until: PlainDate): number {
  const month = (date: PlainDate) => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7));
  return month(until) - month(from);
}

/** Returns the dates for people. */
export function showRange(dates: Dates, locale: string): string {
  return dates.until === addDays(dates.from, 1)
    ? showDate(dates.from, locale)
    : showDates(dates.from, dates.until, locale);
}

/**
 * Returns `time` of a request. A range that is still open has no `to`: the API ends it now, and compares
 * today so far with yesterday up to the same time.
 */
export function timeOf(dates: Dates, zone: string): { from: string; to?: string; tz: string } {
  return dates.open ? { from: dates.from, tz: zone } : { from: dates.from, to: dates.until, tz: zone };
}
