import { expect, test } from 'vitest';
import { axisTicks, bucketLabels, fitting, preferred } from './buckets';
import { decimal, millionths } from './money';
import { formatChange, formatSeconds, formatValue } from './values';
import { addDays, dateIn, isPlainDate, monthStart, offsetLabel, sameClock } from './zone';

const HOUR = 3_600_000;
const hours = (from: string, count: number, step = HOUR) =>
  Array.from({ length: count }, (_, index) => Date.parse(from) + index * step);

test('an hour that occurs twice has two labels', () => {
  const labels = bucketLabels(hours('2026-10-24T22:00:00Z', 25), 'hour', 'Europe/Berlin', 'en-GB');
  expect(labels[2]).toBe('25 Oct, 02:00 UTC+02:00');
  expect(labels[3]).toBe('25 Oct, 02:00 UTC+01:00');
  expect(new Set(labels).size).toBe(25);
});

test('an hour that the clock skips has no label', () => {
  const labels = bucketLabels(hours('2026-03-28T23:00:00Z', 23), 'hour', 'Europe/Berlin', 'en-GB');
  expect(labels.map((label) => label.slice(-5)).slice(0, 4)).toEqual(['00:00', '01:00', '03:00', '04:00']);
});

test('labels of a zone with half hours are on its own hours', () => {
  const labels = bucketLabels(hours('2026-03-01T18:30:00Z', 3), 'hour', 'Asia/Kolkata', 'en-GB');
  expect(labels).toEqual(['2 Mar, 00:00', '2 Mar, 01:00', '2 Mar, 02:00']);
});

test('the longer bucket of Lord Howe Island keeps the labels behind it right', () => {
  const starts = [Date.parse('2026-04-04T13:00:00Z'), ...hours('2026-04-04T15:30:00Z', 3)];
  const labels = bucketLabels(starts, 'hour', 'Australia/Lord_Howe', 'en-GB');
  expect(labels).toEqual(['5 Apr, 00:00', '5 Apr, 02:00', '5 Apr, 03:00', '5 Apr, 04:00']);
});

test('axis ticks are at starts of buckets and say what the clock shows, whatever the viewer has', () => {
  const starts = hours('2026-03-28T23:00:00Z', 92, HOUR / 4);
  const ticks = axisTicks(starts, '15m', 'Europe/Berlin', 'en-GB', 9);
  expect(ticks.map(({ label }) => label)).toEqual([
    '29 Mar',
    '03:00',
    '06:00',
    '09:00',
    '12:00',
    '15:00',
    '18:00',
    '21:00',
  ]);
  for (const { at } of ticks) expect(starts).toContain(at);
});

test('the axis of a day of 25 hours in New York has each label at its time', () => {
  const starts = hours('2026-11-01T04:00:00Z', 25);
  const ticks = axisTicks(starts, 'hour', 'America/New_York', 'en-GB', 30);
  expect(ticks.filter(({ label }) => label === '01:00').map(({ at }) => new Date(at).toISOString())).toEqual([
    '2026-11-01T05:00:00.000Z',
    '2026-11-01T06:00:00.000Z',
  ]);
});

test('there are never more ticks than asked', () => {
  for (const most of [3, 5, 8, 12]) {
    for (const [count, grain] of [
      [96, '15m'],
      [744, 'hour'],
      [366, 'day'],
      [60, 'month'],
    ] as const) {
      const step =
        grain === '15m' ? HOUR / 4 : grain === 'hour' ? HOUR : grain === 'day' ? 24 * HOUR : 730 * HOUR;
      expect(
        axisTicks(hours('2026-01-01T00:00:00Z', count, step), grain, 'UTC', 'en-GB', most).length,
      ).toBeLessThanOrEqual(most);
    }
  }
});

test('granularities fit their range', () => {
  expect(fitting(1)).toEqual(['15m', 'hour', 'total']);
  expect(fitting(28)).toContain('day');
  expect(fitting(28)).not.toContain('15m');
  expect(fitting(400)).not.toContain('hour');
  for (const days of [1, 3, 7, 28, 90, 365, 1800]) expect(fitting(days)).toContain(preferred(days));
});

test('null, zero and not loaded look different', () => {
  const look = { unit: 'money', currency: 'EUR', locale: 'en-GB' } as const;
  expect(formatValue(null, look)).toBe('–');
  expect(formatValue('0', look)).toBe('€0.00');
  expect(formatValue(undefined, look)).toBe('');
});

test('money keeps digits that a double would lose, and has the places of its currency', () => {
  expect(formatValue('9007199254740993.25', { unit: 'money', currency: 'EUR', locale: 'en-GB' })).toBe(
    '€9,007,199,254,740,993.25',
  );
  expect(formatValue('1234', { unit: 'money', currency: 'JPY', locale: 'en-GB' })).toBe('¥1,234');
});

test('small shares keep their digits, multiples have a sign', () => {
  expect(formatValue(0.002983, { unit: 'ratio', locale: 'en-GB' })).toBe('0.3%');
  expect(formatValue(0.0298, { unit: 'ratio', locale: 'en-GB' })).toBe('2.98%');
  expect(formatValue(5.128, { unit: 'ratio', factor: true, locale: 'en-GB' })).toBe('5.13×');
});

test('changes have a sign, and none without a base', () => {
  expect(formatChange(0.1481, 'en-GB')).toBe('+14.8%');
  expect(formatChange(-0.2694, 'en-GB')).toBe('-26.9%');
  expect(formatChange(0, 'en-GB')).toBe('0%');
  expect(formatChange(null, 'en-GB')).toBe('–');
});

test('lengths of time have at most two units', () => {
  expect(formatSeconds(0, 'en-GB')).toBe('0s');
  expect(formatSeconds(4200, 'en-GB')).toBe('1h 10m');
  expect(formatSeconds(90_061, 'en-GB')).toBe('1d 1h');
});

test('amounts are read and written exactly', () => {
  for (const text of ['0', '1', '-0.000001', '12.5', '9007199254740993.000001']) {
    expect(decimal(millionths(text))).toBe(text);
  }
});

test('dates are those of the zone', () => {
  const instant = Date.parse('2026-03-28T23:30:00Z');
  expect(dateIn(instant, 'UTC')).toBe('2026-03-28');
  expect(dateIn(instant, 'Europe/Berlin')).toBe('2026-03-29');
  expect(offsetLabel(instant, 'Asia/Kolkata')).toBe('UTC+05:30');
  expect(offsetLabel(instant, 'America/New_York')).toBe('UTC−04:00');
});

test('dates are counted by the calendar', () => {
  expect(addDays('2026-02-28', 1)).toBe('2026-03-01');
  expect(monthStart('2026-01-31', -1)).toBe('2025-12-01');
  expect(isPlainDate('2026-02-30')).toBe(false);
});

test('zones are compared by their clocks', () => {
  const now = Date.parse('2026-11-28T00:00:00Z');
  expect(sameClock('Asia/Kolkata', 'Asia/Calcutta', now)).toBe(true);
  expect(sameClock('Europe/London', 'Africa/Abidjan', now)).toBe(false);
});
