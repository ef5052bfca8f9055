import { expect, test } from 'vitest';
import type { Frame } from './frames';
import { applied, EMPTY, metricOf, sum, todayOf } from './store';

const frame = (
  kind: 'snapshot' | 'update',
  start: string,
  values: Record<string, number | string>,
): Frame => ({
  kind,
  id: start,
  data: [
    {
      campaign: 'a',
      tz: 'Europe/Berlin',
      asOf: start,
      currency: 'EUR',
      otherCurrencies: [],
      buckets: [{ start, values }],
    },
  ],
});

test('a frame that arrives twice changes nothing', () => {
  const once = applied(EMPTY, frame('update', '2026-03-29T00:15:00Z', { clicks: 4 }), 1);
  const twice = applied(once, frame('update', '2026-03-29T00:15:00Z', { clicks: 4 }), 2);
  expect(sum(twice.campaigns.get('a')?.buckets.values() ?? [])).toEqual({ clicks: 4 });
});

test('a snapshot replaces what was known of its campaign', () => {
  const before = applied(EMPTY, frame('update', '2026-03-29T00:15:00Z', { clicks: 4 }), 1);
  const after = applied(before, frame('snapshot', '2026-03-29T00:30:00Z', { clicks: 1 }), 2);
  expect(sum(after.campaigns.get('a')?.buckets.values() ?? [])).toEqual({ clicks: 1 });
});

test('a campaign that a snapshot lacks is gone', () => {
  const before = applied(EMPTY, frame('update', '2026-03-29T00:15:00Z', { clicks: 4 }), 1);
  const after = applied(before, { kind: 'snapshot', id: null, data: [] }, 2);
  expect(after.campaigns.size).toBe(0);
});

test('a snapshot does not step back behind what was counted', () => {
  const late = applied(EMPTY, frame('update', '2026-03-29T00:30:00Z', { clicks: 4 }), 1);
  const early = applied(late, frame('snapshot', '2026-03-29T00:15:00Z', { clicks: 4 }), 2);
  expect(early.campaigns.get('a')?.asOf).toBe(Date.parse('2026-03-29T00:30:00Z'));
});

test('a frame without an id keeps the place, and one with an empty id voids it', () => {
  const known = applied(EMPTY, frame('update', '2026-03-29T00:15:00Z', {}), 1);
  expect(applied(known, { kind: 'update', id: null, data: [] }, 2).lastId).toBe('2026-03-29T00:15:00Z');
  expect(applied(known, { kind: 'update', id: '', data: [] }, 2).lastId).toBeNull();
});

test('numbers stay on screen between a reset and its snapshot', () => {
  const before = applied(EMPTY, frame('update', '2026-03-29T00:15:00Z', { clicks: 4 }), 1);
  const reset = applied(before, { kind: 'reset' }, 2);
  expect(reset.campaigns.size).toBe(1);
  expect(reset.lastId).toBeNull();
});

test('as_of never steps back', () => {
  const late = applied(EMPTY, frame('update', '2026-03-29T00:30:00Z', {}), 1);
  const early = applied(late, frame('update', '2026-03-29T00:15:00Z', {}), 2);
  expect(early.asOf).toBe(Date.parse('2026-03-29T00:30:00Z'));
});

test('money adds up to the millionth', () => {
  expect(sum([{ sales: '0.1' }, { sales: '0.2' }, { sales: '9007199254740993.000001' }])).toEqual({
    sales: '9007199254740993.300001',
  });
});

test('today is the day of the zone, also on the day of 23 hours', () => {
  const state = ['2026-03-28T22:45:00Z', '2026-03-28T23:00:00Z', '2026-03-29T21:45:00Z'].reduce(
    (known, start) => applied(known, frame('update', start, { clicks: 1 }), 1),
    EMPTY,
  );
  const campaign = state.campaigns.get('a');
  expect(campaign && todayOf(campaign, Date.parse('2026-03-29T21:50:00Z'), 'Europe/Berlin')).toHaveLength(2);
});

test('a ratio is null without a denominator, and unknown without its sums', () => {
  expect(metricOf({ clicks: 1, impressions: 0 }, 'ctr')).toBeNull();
  expect(metricOf({ clicks: 1 }, 'ctr')).toBeUndefined();
  expect(metricOf({ clicks: 1, impressions: 4 }, 'ctr')).toBe(0.25);
});
