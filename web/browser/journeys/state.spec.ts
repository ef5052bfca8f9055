import { rowsOf, settled, table } from '../console/read';
import { expect, type Page, test } from '../console/test';
import { NORTHWIND } from '../platform/world';

const segments = async (page: Page) => {
  await settled(page);
  return rowsOf(table(page, 'Explore'));
};

test('back, refresh and a shared link keep what is on screen', async ({ visit }) => {
  const page = await visit({ as: NORTHWIND.owner, path: 'explore?range=yesterday' });
  const first = await segments(page);

  await page.getByRole('button', { name: 'Divide further' }).click();
  await page.getByRole('button', { name: 'Device', exact: true }).click();
  await expect(page).toHaveURL(/by=campaign%2Cdevice|by=campaign,device/);
  const divided = await segments(page);
  expect(divided).not.toEqual(first);

  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.getByRole('button', { name: 'A week earlier' }).click();
  await expect(page).toHaveURL(/compare=previous_week/);
  await page.getByRole('button', { name: 'Show as table' }).click();
  await expect(page).toHaveURL(/view=table/);
  const compared = await segments(page);
  expect(compared).not.toEqual(divided);

  await page.reload();
  expect(await segments(page), 'a refresh shows the same').toEqual(compared);

  const other = await visit({ as: NORTHWIND.analyst, timezoneId: 'Asia/Kolkata' });
  await other.goto(page.url());
  expect(await segments(other), 'a link shows the same to others').toEqual(compared);
  await expect(other.getByRole('button', { name: 'Show as chart' })).toBeVisible();

  await page.goBack();
  await expect(page).not.toHaveURL(/compare=/);
  expect(await segments(page), 'back leads to what was before').toEqual(divided);
  await page.goBack();
  expect(await segments(page)).toEqual(first);
  await page.goForward();
  await page.goForward();
  expect(await segments(page), 'forward, too').toEqual(compared);
});

test('a click on a value filters by it, and the filter can be removed', async ({ visit }) => {
  const page = await visit({ as: NORTHWIND.owner, path: 'explore?by=device' });
  await settled(page);
  await table(page, 'Explore').getByRole('button', { name: 'mobile', exact: true }).click();
  await expect(page).toHaveURL(/f=device/);
  await settled(page);
  const rows = await rowsOf(table(page, 'Explore'));
  expect(rows.map(([device]) => device)).toEqual(['mobile', 'Total']);
  expect(rows[0]?.slice(1)).toEqual(rows[1]?.slice(1));
  await page.getByRole('button', { name: 'Remove the filter: Device is one of mobile' }).click();
  await expect(page).not.toHaveURL(/f=device/);
});

test('a segment is looked at more closely, and its parts add up to it', async ({ visit }) => {
  const page = await visit({
    as: NORTHWIND.owner,
    path: 'explore?by=device&metrics=sales,orders,clicks&range=7d',
  });
  const devices = await segments(page);
  const mobile = devices.find(([device]) => device === 'mobile') ?? [];
  await table(page, 'Explore').getByRole('button', { name: 'Look closer at mobile' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Campaign', exact: true }).click();
  await expect(page).toHaveURL(/f=device/);
  await expect(page).not.toHaveURL(/by=device/);
  const campaigns = await segments(page);
  expect(campaigns.length).toBeGreaterThan(2);
  expect(campaigns.at(-1)).toEqual(['Total', ...mobile.slice(1)]);
  await page.goBack();
  expect(await segments(page), 'back leads to all segments').toEqual(devices);
});
