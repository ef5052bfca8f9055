import { expect, test } from 'vitest';
import { expiresSoon, orderOf, type ParkedHour } from './parked-order';

const hour = (at: string, events: number): ParkedHour => ({
  hour: at,
  events,
  bytes: events * 100,
  expires_at: new Date(Date.parse(at) + 7 * 86_400_000).toISOString(),
});
const HOURS = [
  hour('2026-03-01T10:00:00Z', 2),
  hour('2026-03-01T11:00:00Z', 3),
  hour('2026-03-02T09:00:00Z', 7),
];

test('an order up to an hour is about that hour and all before it', () => {
  expect(orderOf('release', HOURS, HOURS[1])).toEqual({
    action: 'release',
    events: 5,
    before: '2026-03-01T12:00:00.000Z',
  });
});

test('an order about all has no bound, so it also covers what arrives meanwhile', () => {
  expect(orderOf('erase', HOURS)).toEqual({ action: 'erase', events: 12 });
});

test('events expire soon on their last day', () => {
  const [first] = HOURS as [ParkedHour];
  expect(expiresSoon(first, Date.parse('2026-03-07T10:00:00Z'))).toBe(false);
  expect(expiresSoon(first, Date.parse('2026-03-07T10:00:01Z'))).toBe(true);
});
