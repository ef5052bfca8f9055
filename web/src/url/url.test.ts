import { expect, test } from 'vitest';
import { conditionOf, narrowed, readFilter, toggled, writeFilter } from './filter';
import { datesOf, readRange, shifted, timeOf, writeRange } from './range';
import {
  chartRequest,
  exportRequest,
  grainOf,
  type Report,
  readReport,
  reportOf,
  tableRequest,
  writeReport,
} from './report';

const NOW = Date.parse('2026-11-27T23:30:00Z');

test('a default state is an empty query string', () => {
  expect(writeReport(readReport(''))).toBe('');
});

test('each state survives the URL', () => {
  const report: Report = {
    range: { from: '2026-11-01', until: '2026-11-08' },
    tz: 'Asia/Kolkata',
    compare: 'custom',
    with: '2025-11-01..2025-11-08',
    match: 'weekday',
    metrics: ['ctr', 'clicks'],
    by: ['device', 'country'],
    f: [
      { dimension: 'campaign', test: 'in', values: ['a,b:c~d', '', 'plain & simple=1'] },
      { metric: 'clicks', test: 'gte', bound: 100 },
    ],
    grain: 'hour',
    top: 25,
    order: '-clicks',
    view: 'table',
    split: true,
  };
  expect(readReport(writeReport(report))).toEqual(report);
});

test('what a link has wrong is replaced by defaults, not by an error', () => {
  const broken = readReport('range=soon&tz=Mars/Base&compare=x&f=device&f=;&top=9999&grain=second&view=3d');
  expect(broken).toEqual(readReport(''));
});

test('a relative range stays relative in the URL', () => {
  expect(writeRange('7d')).toBe('7d');
  expect(readRange('2026-11-08..2026-11-01')).toBeUndefined();
});

test('a range has the dates of its zone', () => {
  expect(datesOf('today', NOW, 'UTC')).toEqual({ from: '2026-11-27', until: '2026-11-28', open: true });
  expect(datesOf('today', NOW, 'Asia/Kolkata').from).toBe('2026-11-28');
  expect(datesOf('last_month', NOW, 'UTC')).toEqual({ from: '2026-10-01', until: '2026-11-01', open: false });
  expect(datesOf('12m', NOW, 'UTC').from).toBe('2025-12-01');
});

test('an open range leaves its end to the API, which compares up to the same clock time', () => {
  expect(timeOf(datesOf('today', NOW, 'UTC'), 'UTC')).toEqual({ from: '2026-11-27', tz: 'UTC' });
  expect(timeOf(datesOf('yesterday', NOW, 'UTC'), 'UTC')).toEqual({
    from: '2026-11-26',
    to: '2026-11-27',
    tz: 'UTC',
  });
});

test('paging goes by months where the range is months', () => {
  const october = datesOf('last_month', NOW, 'UTC');
  expect(shifted(october, -1, '2026-11-27')).toEqual({ from: '2026-09-01', until: '2026-10-01' });
  expect(shifted(datesOf('7d', NOW, 'UTC'), 1, '2026-11-27')).toBeUndefined();
  expect(shifted(datesOf('7d', NOW, 'UTC'), -1, '2026-11-27')).toEqual({
    from: '2026-11-14',
    until: '2026-11-21',
  });
});

test('a granularity that does not fit gives way', () => {
  expect(grainOf('15m', datesOf('90d', NOW, 'UTC'))).toBe('day');
  expect(grainOf('week', datesOf('90d', NOW, 'UTC'))).toBe('week');
});

test('filters are one condition', () => {
  const device = readFilter('device:in:mobile,desktop');
  const clicks = readFilter('clicks:gte:100');
  expect(conditionOf([])).toBeUndefined();
  expect(device && conditionOf([device])).toEqual({ dimension: 'device', in: ['mobile', 'desktop'] });
  expect(device && clicks && conditionOf([device, clicks])).toEqual({
    and: [
      { dimension: 'device', in: ['mobile', 'desktop'] },
      { metric: 'clicks', gte: 100 },
    ],
  });
});

test('a click on a value adds it, a second click removes it', () => {
  const once = toggled([], 'device', 'mobile');
  const more = toggled(once, 'device', '');
  expect(more.map(writeFilter)).toEqual(['device:in:mobile,']);
  expect(toggled(toggled(more, 'device', ''), 'device', 'mobile')).toEqual([]);
});

test('the file asks what the table shows', () => {
  const report = readReport('range=yesterday&by=device&top=5&order=-orders&compare=previous_week');
  const { format, ...asked } = exportRequest(report, 'UTC', NOW, 'csv');
  expect(format).toBe('csv');
  expect(asked).toEqual(tableRequest(report, 'UTC', NOW));
  expect(asked.top).toEqual({ n: 5, by: 'sales', others: true });
  expect(asked.order).toEqual([['orders', 'desc']]);
});

test('a chart that is split by segments has one metric and no comparison', () => {
  const body = chartRequest(readReport('split=1&compare=previous_week'), 'UTC', NOW);
  expect(body.metrics).toEqual(['sales']);
  expect(body.dimensions).toEqual(['campaign']);
  expect(body.compare).toBeUndefined();
});

test('a saved request opens as the report that it was', () => {
  const report = readReport(
    'range=2026-11-01..2026-11-08&by=device,country&f=campaign:in:a,b&f=clicks:gte:5&top=7&order=-orders&compare=previous_year&match=weekday&tz=UTC',
  );
  expect(reportOf(tableRequest(report, 'UTC', NOW))).toEqual(report);
});

test('a saved request that the screen cannot show opens without what it lacks', () => {
  expect(reportOf({ metrics: ['sales'], filters: { or: [] } }).f).toEqual([]);
  expect(reportOf(null)).toEqual({ ...readReport(''), by: [] });
});

test('a segment replaces what was chosen of its dimensions, and leaves the other filters', () => {
  const filters = ['device:in:mobile,desktop', 'device:not_in:tv', 'country:in:DE', 'clicks:gte:5'];
  const read = filters.flatMap((filter) => readFilter(filter) ?? []);
  const segment = [
    ['device', 'mobile'],
    ['campaign', ''],
  ] as const;
  expect(narrowed(read, segment).map(writeFilter)).toEqual([
    'device:not_in:tv',
    'country:in:DE',
    'clicks:gte:5',
    'device:in:mobile',
    'campaign:in:',
  ]);
});
