import { readFile } from 'node:fs/promises';
import { settled, table } from '../console/read';
import { expect, type Locator, type Page, test } from '../console/test';
import { daysAgo } from '../platform/calendar';
import { NORTHWIND } from '../platform/world';

/** Returns the text of the file that a click downloads. */
async function downloaded(page: Page, button: Locator): Promise<string> {
  const download = page.waitForEvent('download');
  await button.click();
  return readFile(await (await download).path(), 'utf8');
}

test('a file that is made in the background is the one that is exported at once', async ({ visit }) => {
  const page = await visit({
    as: NORTHWIND.analyst,
    path: `explore?range=${daysAgo(12)}..${daysAgo(1)}&by=campaign,device`,
  });
  await settled(page);
  const dialog = page.getByRole('dialog');
  const submit = dialog.getByRole('button', { name: 'Export', exact: true });
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const now = await downloaded(page, submit);
  expect(now.split('\n').length).toBeGreaterThan(5);

  await page.getByRole('button', { name: 'Export', exact: true }).click();
  await dialog.getByRole('checkbox', { name: 'In the background' }).check();
  await submit.click();
  await expect(dialog.getByRole('status')).toHaveText('The file is being made. It is listed under Files.');
  await dialog.getByRole('button', { name: 'Close' }).click();

  await page.getByRole('link', { name: 'Files and schedules' }).click();
  const newest = table(page, 'Files').getByRole('row').nth(1);
  await expect(newest).toContainText('ready', { timeout: 30_000 });
  expect(await downloaded(page, newest.getByRole('button', { name: 'Download' }))).toBe(now);
  await newest.getByRole('button', { name: 'Remove' }).click();
});

test('a saved report is made into a file every week, until the schedule is removed', async ({ visit }) => {
  const page = await visit({ as: NORTHWIND.owner, path: 'files' });
  await settled(page);
  const name = `Mondays ${Date.now().toString(36)}`;
  await page.getByRole('button', { name: 'Add a schedule' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('combobox', { name: 'Saved report' }).selectOption('Campaigns of the fortnight');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
  const row = table(page, 'Schedules').getByRole('row', { name });
  await expect(row).toContainText('Campaigns of the fortnight');
  await expect(row).toContainText('week, Monday, 07:30');
  await page.reload();
  await page.getByRole('button', { name: `Remove: ${name}` }).click();
  await expect(row).toHaveCount(0);
});
