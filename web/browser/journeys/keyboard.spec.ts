import { rowsOf, settled, table } from '../console/read';
import { expect, type Locator, type Page, test } from '../console/test';
import { NORTHWIND } from '../platform/world';

const MOST_STEPS = 120;

/** Presses Tab until an element has the focus, and fails if any on the way shows no sign of it. */
async function tabTo(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  await target.first().waitFor();
  for (let step = 0; step < MOST_STEPS; step += 1) {
    if (await target.first().evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
    const [name, visible] = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      const marked = (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
      return [element.outerHTML.slice(0, 120), element === document.body || marked] as const;
    });
    expect(visible, `the focus is visible on ${name}`).toBe(true);
  }
  throw new Error(`${target} cannot be reached with ${key}`);
}

test('the explorer can be used with the keyboard alone', async ({ visit }) => {
  const page = await visit({ as: NORTHWIND.owner });
  const press = (key: string) => page.keyboard.press(key);
  const button = (name: string | RegExp) =>
    page.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });
  await settled(page);

  await press('g');
  await press('e');
  await expect(page.getByRole('heading', { name: 'Explore', level: 1 })).toBeVisible();
  await settled(page);

  await press('t');
  await tabTo(page, button('Yesterday'));
  await press('Enter');
  await expect(page).toHaveURL(/range=yesterday/);
  await expect(button(/^Range: Yesterday/)).toBeFocused();

  await tabTo(page, button('Choose metrics'));
  await press('Enter');
  await tabTo(page, page.getByRole('checkbox', { name: 'Clicks', exact: true }));
  await press('Space');
  await press('Escape');
  await expect(page).toHaveURL(/metrics=sales(,|%2C)orders(,|%2C)clicks/);
  await expect(button('Choose metrics')).toBeFocused();

  await tabTo(page, button('Divide further'));
  await press('Enter');
  await tabTo(page, button('Device'));
  await press('Enter');
  await expect(page).toHaveURL(/by=campaign(,|%2C)device/);
  await settled(page);

  await press('x');
  await expect(page).toHaveURL(/compare=previous_period/);
  await settled(page);

  await press('/');
  await page.keyboard.type('lumen');
  await expect
    .poll(async () => (await rowsOf(table(page, 'Explore'))).map(([name]) => name))
    .not.toContain('Alpine boots');
  await press('Escape');
  await expect(page.getByRole('searchbox')).toHaveValue('');

  const plot = page.getByRole('group', { name: /^Sales, \d+ buckets/ });
  await tabTo(page, plot, 'Shift+Tab');
  await press('End');
  await expect(page.locator('p[aria-live="polite"]')).toHaveText(/: .*\d/);

  await tabTo(page, table(page, 'Explore').getByRole('button', { name: 'mobile', exact: true }));
  await press('Enter');
  await expect(page).toHaveURL(/f=device/);
  await settled(page);

  await page.locator('main').focus();
  await press('e');
  const dialog = page.getByRole('dialog');
  await tabTo(page, dialog.getByRole('button', { name: 'Export' }));
  const download = page.waitForEvent('download');
  await press('Enter');
  expect((await download).suggestedFilename()).toMatch(/\.csv$/);
  await expect(dialog).toHaveCount(0);
});
