// Times of a zone. Every label comes from `Intl` with an explicit zone, so the viewer's own zone plays no part.

export interface LocalTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Returns a formatter, made once: making one takes longer than using it. */
export function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(locale, options);
    formats.set(key, format);
  }
  return format;
}

/** Returns what the clock of `zone` shows at `instant`, in milliseconds since 1970. */
export function localTime(instant: number, zone: string): LocalTime {
  const format = formatter('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const found: Record<string, number> = {};
  for (const part of format.formatToParts(instant)) found[part.type] = Number(part.value);
  return {
    year: found.year ?? 0,
    month: found.month ?? 0,
    day: found.day ?? 0,
    hour: found.hour ?? 0,
    minute: found.minute ?? 0,
  };
}

/** Returns how far the clock of `zone` is ahead of UTC at `instant`, in minutes. */
export function offsetMinutes(instant: number, zone: string): number {
  const local = localTime(instant, zone);
  const shown = Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute);
  return Math.round((shown - Math.floor(instant / 60_000) * 60_000) / 60_000);
}

/** Returns an offset as `UTC+05:30`. */
export function offsetLabel(instant: number, zone: string): string {
  const minutes = offsetMinutes(instant, zone);
  const size = Math.abs(minutes);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `UTC${minutes < 0 ? '−' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

/** Whether `zone` is one that this browser knows. */
export function isZone(zone: string): boolean {
  try {
    return formatter('en-US', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Whether two zones show the same times. Browsers give links other names (`Asia/Calcutta` for
 * `Asia/Kolkata`), so zones are compared by their clocks, in each month of two years around `near`.
 */
export function sameClock(one: string, other: string, near: number): boolean {
  if (one === other) return true;
  const month = 30.4375 * 86_400_000;
  for (let step = -12; step <= 12; step += 1) {
    const instant = near + step * month;
    if (offsetMinutes(instant, one) !== offsetMinutes(instant, other)) return false;
  }
  return true;
}

/** The zone of the viewer. */
export function viewerZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** A date of the calendar, as `2026-11-16`. */
export type PlainDate = string;

const PLAIN = /^\d{4}-\d{2}-\d{2}$/;

/** Whether a text is a date that exists. */
export function isPlainDate(text: string): boolean {
  if (!PLAIN.test(text)) return false;
  const parsed = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text);
}

/** Returns the date that `zone` has at `instant`. */
export function dateIn(instant: number, zone: string): PlainDate {
  const { year, month, day } = localTime(instant, zone);
  return fromParts(year, month, day);
}

/** Returns a date from parts that may lie outside of their ranges: month 13 is the next January. */
export function fromParts(year: number, month: number, day: number): PlainDate {
  return new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);
}

function partsOf(date: PlainDate): [number, number, number] {
  const [year, month, day] = date.split('-').map(Number);
  return [year ?? 0, month ?? 1, day ?? 1];
}

/** Returns the date `days` later. */
export function addDays(date: PlainDate, days: number): PlainDate {
  const [year, month, day] = partsOf(date);
  return fromParts(year, month, day + days);
}

/** Returns the first day of the month that lies `months` later. */
export function monthStart(date: PlainDate, months = 0): PlainDate {
  const [year, month] = partsOf(date);
  return fromParts(year, month + months, 1);
}

/** Returns how many days lie between two dates. */
export function daysBetween(from: PlainDate, to: PlainDate): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

/** Returns a date for people, such as `16 Nov 2026`. A date has no zone: it is read as UTC. */
export function showDate(date: PlainDate, locale: string, withYear = true): string {
  const options: Intl.DateTimeFormatOptions = { timeZone: 'UTC', day: 'numeric', month: 'short' };
  if (withYear) options.year = 'numeric';
  return formatter(locale, options).format(Date.parse(`${date}T00:00:00Z`));
}

/** Returns the range of dates for people; `until` is excluded. */
export function showDates(from: PlainDate, until: PlainDate, locale: string): string {
  const last = addDays(until, -1);
  if (last <= from) return showDate(from, locale);
  const format = formatter(locale, { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' });
  return format.formatRange(Date.parse(`${from}T00:00:00Z`), Date.parse(`${last}T00:00:00Z`));
}

/** Returns a moment for people, with its seconds if asked. */
export function showMoment(instant: number, zone: string, locale: string, seconds = false): string {
  const options: Intl.DateTimeFormatOptions = {
    timeZone: zone,
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  };
  if (seconds) options.second = '2-digit';
  return formatter(locale, options).format(instant);
}

/** Returns the time of day, such as `14:30`. */
export function showClock(instant: number, zone: string, locale: string): string {
  return formatter(locale, { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(
    instant,
  );
}
