import { rowsOf, settled, table } from '../console/read';
import { expect, type Page, test } from '../console/test';
import { NORTHWIND } from '../platform/world';

const stamp = Date.now().toString(36);
const SHARED = `Devices ${stamp}`;
const PRIVATE = `Countries ${stamp}`;

async function explore(page: Page, question = ''): Promise<string[][]> {
  await page.goto(`/console/explore?${question}`);
  await settled(page);
  return rowsOf(table(page, 'Explore'));
}

async function save(page: Page, name: string, shared: boolean): Promise<void> {
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  if (shared) await dialog.getByRole('checkbox', { name: 'For everybody of the shop' }).check();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
}

/** Opens the list of saved reports, which names those that the user may see. */
async function saved(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Saved reports' }).click();
  await expect(page.getByRole('button', { name: /^Open / }).first()).toBeVisible();
}

test('a saved report shows what it was saved with, to those whom it is for', async ({ visit }) => {
  const owner = await visit({ as: NORTHWIND.owner });
  await explore(owner, 'range=yesterday&by=country');
  await save(owner, PRIVATE, false);
  const asked = await explore(owner, 'range=yesterday&by=device&metrics=clicks,ctr&compare=previous_week');
  await save(owner, SHARED, true);
  expect(await explore(owner)).not.toEqual(asked);

  const analyst = await visit({ as: NORTHWIND.analyst });
  await explore(analyst);
  for (const page of [owner, analyst]) {
    await saved(page);
    await page.getByRole('button', { name: `Open ${SHARED}` }).click();
    await expect(page).toHaveURL(/by=device/);
    await settled(page);
    expect(await rowsOf(table(page, 'Explore'))).toEqual(asked);
  }

  await saved(analyst);
  await expect(analyst.getByRole('button', { name: `Open ${PRIVATE}` })).toHaveCount(0);
  await expect(analyst.getByRole('button', { name: `Remove: ${SHARED}` })).toHaveCount(0);
  await saved(owner);
  for (const name of [SHARED, PRIVATE]) {
    await owner.getByRole('button', { name: `Remove: ${name}` }).click();
    await expect(owner.getByRole('button', { name: `Open ${name}` })).toHaveCount(0);
  }
});

test('a note on the time axis survives a reload, and one for everybody is seen by others', async ({
  visit,
}) => {
  const owner = await visit({ as: NORTHWIND.owner });
  await explore(owner);
  const write = async (note: string, tenantWide: boolean) => {
    await owner.getByRole('button', { name: 'Add a note' }).click();
    const dialog = owner.getByRole('dialog');
    await dialog.getByLabel('What happened').fill(note);
    if (tenantWide) await dialog.getByRole('checkbox', { name: 'For everybody of the shop' }).check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog).toHaveCount(0);
  };
  const own = `A thought ${stamp}`;
  const common = `A sale ${stamp}`;
  await write(own, false);
  await write(common, true);

  const notes = async (page: Page) => {
    await explore(page);
    await page.getByText(/^Notes \(\d+\)$/).click();
    return page.locator('main details').getByRole('listitem');
  };
  const seen = await notes(owner);
  await expect(seen.filter({ hasText: own })).toContainText('only you');
  await expect(seen.filter({ hasText: common })).toContainText('everybody');
  const analyst = await visit({ as: NORTHWIND.analyst });
  const others = await notes(analyst);
  await expect(others.filter({ hasText: common })).toHaveCount(1);
  await expect(others.filter({ hasText: own })).toHaveCount(0);
  await expect(analyst.getByRole('button', { name: `Remove the note: ${common}` })).toHaveCount(0);

  for (const note of [own, common]) {
    await owner.getByRole('button', { name: `Remove the note: ${note}` }).click();
    await expect(seen.filter({ hasText: note })).toHaveCount(0);
  }
});
