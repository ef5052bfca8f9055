import type { components } from '../../src/api/schema';
import { count, dollars, rowsOf, settled, share, stepsOf, table, tile } from '../console/read';
import { expect, test } from '../console/test';
import { daysAgo } from '../platform/calendar';
import { query, rest } from '../platform/rest';
import { NORTHWIND } from '../platform/world';

const CAMPAIGN = 'alpine-winter';
const STEPS = {
  impressions: 'Impressions',
  viewable_impressions: 'Viewable impressions',
  clicks: 'Clicks',
  product_views: 'Product views',
  add_to_carts: 'Add to carts',
  orders: 'Orders',
} as const;

test('the page of a campaign has the numbers of REST, and the credit of two rules', async ({
  visit,
  world,
}) => {
  const { read, zone: tz } = world.northwind;
  const time = { from: daysAgo(10), to: daysAgo(3), tz };
  const answer = await query(read, {
    metrics: [...(Object.keys(STEPS) as (keyof typeof STEPS)[]), 'ctr', 'spend', 'sales'],
    time,
    filters: { dimension: 'campaign', in: [CAMPAIGN] },
  });
  const values = answer.totals.values as Record<string, number>;
  const { rules } = await rest<components['schemas']['AttributionAnswer']>('POST', '/v1/attribution', read, {
    time,
    rules: [{ preset: 'standard' }, { preset: 'ga4_last_click' }],
  });

  const page = await visit({
    as: NORTHWIND.analyst,
    path: `campaigns/${CAMPAIGN}?range=${time.from}..${time.to}&one=standard&other=ga4_last_click`,
  });
  await settled(page);
  await expect(tile(page, 'Clicks')).toHaveText(count(values.clicks ?? 0));
  await expect(tile(page, 'Click rate')).toHaveText(share(values.ctr));
  await expect(tile(page, 'Spend')).toHaveText(dollars(values.spend));
  await expect(tile(page, 'Sales')).toHaveText(dollars(values.sales));
  const steps = Object.entries(STEPS).map(([metric, name]) => [name, count(values[metric] ?? 0)]);
  expect((await stepsOf(page)).map((step) => step.slice(0, 2))).toEqual(steps);

  const credit = rules.map(({ rows }) => rows.find(({ campaign }) => campaign === CAMPAIGN));
  expect(credit[0]?.attributed_orders, 'it has credit').toBeGreaterThan(0);
  const credited = await rowsOf(table(page, 'Attribution'));
  expect(credited.slice(0, 3)).toEqual([
    ['Orders', ...credit.map((row) => count(row?.attributed_orders ?? 0))],
    ['Units', ...credit.map((row) => count(row?.attributed_units ?? 0))],
    ['Sales', ...credit.map((row) => dollars(row?.attributed_sales ?? 0))],
  ]);
});
