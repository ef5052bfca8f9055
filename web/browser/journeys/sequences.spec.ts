import type { components } from '../../src/api/schema';
import { count, rowsOf, settled, share, stepsOf, table, tile } from '../console/read';
import { expect, test } from '../console/test';
import { daysAgo } from '../platform/calendar';
import { rest } from '../platform/rest';
import { NORTHWIND, type World } from '../platform/world';

type Schemas = components['schemas'];
type Funnel = Schemas['FunnelAnswer'];
type Step = { count: number; rate?: number | null };

/** Days that are over, in which the shop was open. */
const from = daysAgo(10);
const to = daysAgo(3);
const range = `range=${from}..${to}`;

const NAMES: Record<string, string> = {
  product_view: 'Product view',
  add_to_cart: 'Add to cart',
  purchase: 'Purchase',
};

const time = ({ northwind }: World) => ({ from, to, tz: northwind.zone });

const shownSteps = (steps: Funnel['steps']) =>
  steps.map(({ event, count: keys, rate }, index) => {
    const shares = `${share(rate)} of the step before · ${share(keys / (steps[0]?.count ?? 0))} of the first step`;
    return [`${index + 1}. ${NAMES[event]}`, count(keys), ...(index === 0 ? [] : [shares])];
  });

test('a funnel has the counts of REST, also divided and within another time', async ({ visit, world }) => {
  const ask = (more: object) =>
    rest<Funnel>('POST', '/v1/funnels', world.northwind.read, {
      steps: Object.keys(NAMES).map((event) => ({ event })),
      time: time(world),
      ...more,
    });
  const divided = await ask({ window: '24h', breakdown: { dimension: 'device', top: 6 } });
  expect(divided.steps[2]?.count, 'somebody bought').toBeGreaterThan(0);
  const page = await visit({ as: NORTHWIND.analyst, path: `funnels?${range}&divided=device` });
  await settled(page);
  expect(await stepsOf(page)).toEqual(shownSteps(divided.steps));
  await expect(page.getByText(`From first to last step: ${share(divided.total_rate)}`)).toBeVisible();
  const rows = await rowsOf(table(page, 'Divided by'));
  const shown = ({ count: keys, rate }: Step, index: number) =>
    index === 0 ? count(keys) : `${count(keys)} · ${share(rate)}`;
  expect(rows.map((row) => row.slice(0, -1))).toEqual(
    divided.breakdown?.values.map(({ value, steps, total_rate: total }) => [
      value,
      ...steps.map(shown),
      share(total),
    ]),
  );

  const brief = await ask({ window: '1h', by: 'session' });
  await page.getByRole('combobox', { name: 'Within' }).selectOption('an hour');
  await page.getByRole('combobox', { name: 'Counted by' }).selectOption('Sessions');
  await page.getByRole('combobox', { name: 'Divided by' }).selectOption('Not divided');
  await expect(table(page, 'Divided by')).toHaveCount(0);
  await expect.poll(() => stepsOf(page)).toEqual(shownSteps(brief.steps));
});

test('retention has the cohorts of REST', async ({ visit, world }) => {
  const answer = await rest<Schemas['RetentionAnswer']>('POST', '/v1/retention', world.northwind.read, {
    cohort: { event: 'product_view' },
    return: { event: 'purchase' },
    time: time(world),
    period: 'day',
    periods: 6,
    first: 'ever',
  });
  const sizes = answer.cohorts.map(({ size }) => size);
  expect(Math.min(...sizes), 'somebody began on each day').toBeGreaterThan(0);
  const page = await visit({ as: NORTHWIND.analyst, path: `retention?${range}&period=day` });
  await settled(page);
  const day = (start: string) =>
    new Date(start).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
  const cell = ({ state, rate }: Schemas['RetentionCell']) => {
    if (state === 'future') return 'not begun';
    return state === 'partial' ? `${share(rate)} still running` : share(rate);
  };
  expect(await rowsOf(table(page, 'Retention'))).toEqual([
    [
      'All',
      count(sizes.reduce((sum, size) => sum + size, 0)),
      ...answer.averages.map(({ rate }) => share(rate)),
    ],
    ...answer.cohorts.map(({ start, size, cells }) => [day(start), count(size), ...cells.map(cell)]),
  ]);
});

test('sessions are those of REST, in all and by day', async ({ visit, world }) => {
  const asked = new URLSearchParams({ ...time(world), granularity: 'day', gap: '30m', by: 'visitor' });
  const answer = await rest<Schemas['SessionsAnswer']>('GET', `/v1/sessions?${asked}`, world.northwind.read);
  const { totals, series } = answer;
  expect(totals.sessions).toBeGreaterThan(0);
  const page = await visit({ as: NORTHWIND.analyst, path: `sessions?${range}&grain=day` });
  await settled(page);
  await expect(tile(page, 'Sessions')).toHaveText(count(totals.sessions));
  await expect(tile(page, 'Visitors')).toHaveText(count(totals.keys));
  await expect(tile(page, 'Events')).toHaveText(count(totals.events));
  await expect(tile(page, 'Bounces')).toHaveText(count(totals.bounces));
  await expect(tile(page, 'Bounce rate')).toHaveText(share(totals.bounce_rate));
  await page.getByRole('button', { name: 'Show as table' }).click();
  const rows = await rowsOf(table(page, 'Sessions over time'));
  expect(rows.map(([, sessions]) => sessions)).toEqual(series.map(({ sessions }) => count(sessions)));
});
