import { expect, test } from 'vitest';
import { board, changeOf } from './board';
import { applied, EMPTY } from './store';

const NOW = Date.parse('2026-11-27T12:10:00Z');
const streamed = (asOf: string, clicks: number) =>
  applied(
    EMPTY,
    {
      kind: 'snapshot',
      id: '1-0',
      data: [
        {
          campaign: 'a',
          tz: 'UTC',
          asOf,
          currency: 'EUR',
          otherCurrencies: [],
          buckets: [
            { start: '2026-11-26T23:45:00Z', values: { clicks: 100 } },
            { start: '2026-11-27T12:00:00Z', values: { clicks } },
          ],
        },
      ],
    },
    NOW,
  );
const reported = (asOf: string, clicks: number) => ({
  asOf: Date.parse(asOf),
  rows: [
    { campaign: 'a', values: { clicks }, previous: { clicks: 2 } },
    { campaign: '', values: { clicks: 0 }, previous: {} },
  ],
});

test('the stream counts if it knows more, and yesterday is not today', () => {
  const rows = board(reported('2026-11-27T12:09:00Z', 5), streamed('2026-11-27T12:10:00Z', 7), NOW, 'UTC');
  expect(rows[0]).toEqual({ campaign: 'a', sums: { clicks: 7 }, previous: { clicks: 2 } });
  expect(rows[1]?.campaign).toBe('');
});

test('the report counts while the stream is behind it', () => {
  const rows = board(reported('2026-11-27T12:10:00Z', 9), streamed('2026-11-27T12:09:00Z', 7), NOW, 'UTC');
  expect(rows[0]?.sums).toEqual({ clicks: 9 });
});

test('a change has no value without a base', () => {
  expect(changeOf('3', '2')).toBe(0.5);
  expect(changeOf(3, 0)).toBeNull();
  expect(changeOf(undefined, 2)).toBeNull();
});
