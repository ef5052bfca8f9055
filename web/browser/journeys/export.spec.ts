import { readFile } from 'node:fs/promises';
import { count, dollars, rowsOf, settled, share, table } from '../console/read';
import { expect, type Page, test } from '../console/test';
import { NORTHWIND } from '../platform/world';

const METRICS = ['sales', 'orders', 'clicks', 'ctr'] as const;

const SCREEN = `explore?range=28d&by=campaign,device&metrics=${METRICS.join(',')}&top=5&order=-clicks`;

async function exported(page: Page, format: string): Promise<Buffer> {
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Export', { exact: true }).selectOption(format);
  const download = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  const bytes = await readFile(await (await download).path());
  await expect(dialog).toHaveCount(0);
  return bytes;
}

/** Returns a value of a file as the screen writes it. */
function shown(metric: string, value: unknown): string {
  // The reason is for screen readers, and a tooltip.
  if (value === null || value === '') return '–Not defined: no impressions';
  const number = Number(value);
  if (metric === 'sales') return dollars(number);
  return metric === 'ctr' ? share(number) : count(number);
}

const CAMPAIGNS: Record<string, string> = {
  '': 'Without a campaign',
  'alpine-winter': 'Alpine winter collection',
  'alpine-boots': 'Alpine boots',
  'lumen-home': 'Lumen for the home',
};

type Row = Record<string, unknown> & { row?: string };

/** Returns the row of a file as a row of the table. */
function asShown(row: Row, values: Row = row): string[] {
  const kind = row.row ?? 'segment';
  const names =
    kind === 'segment'
      ? [CAMPAIGNS[String(row.campaign)] ?? '?', String(row.device)]
      : [kind.startsWith('other') ? 'All others' : 'Total', ''];
  return [...names, ...METRICS.map((metric) => shown(metric, values[metric]))];
}

test('an exported file has what the table shows', async ({ visit }) => {
  const page = await visit({ as: NORTHWIND.owner, path: SCREEN });
  await settled(page);
  const rows = await rowsOf(table(page, 'Explore'));
  expect(rows.length).toBe(7);

  const [head = '', ...lines] = (await exported(page, 'csv')).toString().trim().split(/\r?\n/);
  const names = head.split(',');
  const records = lines.map((line): Row => {
    const values = line.split(',');
    return Object.fromEntries(names.map((name, index) => [name, values[index]]));
  });
  expect(
    records.map((record) => asShown(record)),
    'CSV',
  ).toEqual(rows);

  const json = JSON.parse((await exported(page, 'json')).toString());
  const sides = [
    ...json.rows,
    { row: 'others', values: json.others.values },
    { row: 'totals', values: json.totals.values },
  ];
  expect(
    sides.map((side: Row) => asShown(side, side.values as Row)),
    'JSON',
  ).toEqual(rows);

  const objects = (await exported(page, 'ndjson')).toString().trim().split('\n');
  expect(
    objects.map((line) => asNdjson(JSON.parse(line))),
    'NDJSON',
  ).toEqual(rows);

  // Readers of these two are no part of the console: tests/e2e reads them.
  expect((await exported(page, 'parquet')).subarray(0, 4).toString()).toBe('PAR1');
  expect((await exported(page, 'arrow')).subarray(0, 6).toString()).toBe('ARROW1');
});

const asNdjson = (object: Row) => asShown(object, (object.values as Row | undefined) ?? object);
