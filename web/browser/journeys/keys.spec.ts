import { settled, table } from '../console/read';
import { expect, type Page, test } from '../console/test';
import { eventually, query } from '../platform/rest';
import { QUAY_OWNER } from '../platform/world';

/** Reads the secret that is shown once, and says that it is stored. */
async function secret(page: Page): Promise<string> {
  const dialog = page.getByRole('dialog');
  const key = (await dialog.locator('code').textContent()) ?? '';
  await expect(dialog.getByRole('button', { name: 'Close' }).last()).toBeDisabled();
  await dialog.getByRole('checkbox', { name: 'I stored it' }).check();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect(dialog).toHaveCount(0);
  return key;
}

const reads = (key: string) => query(key, { metrics: ['clicks'] });

/** Waits until a key is refused, which takes seconds. */
const refused = (key: string) =>
  eventually('the key is refused', () =>
    reads(key).then(
      () => undefined,
      (error) => (String(error).includes('answered 401') ? true : undefined),
    ),
  );

test('a key is created, gets another secret and is revoked', async ({ visit }) => {
  const page = await visit({ as: QUAY_OWNER });
  await page.getByRole('link', { name: 'API keys' }).click();
  await settled(page);
  const name = `Reports ${Date.now().toString(36)}`;
  await page.getByRole('button', { name: 'Create a key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('combobox', { name: 'Kind' }).selectOption('read: reads reports');
  await dialog.getByRole('button', { name: 'Create a key' }).click();
  const first = await secret(page);
  expect(first).toMatch(/^ff_read_/);
  await reads(first);

  await page.getByRole('button', { name: `Rotate: ${name}` }).click();
  await dialog.getByRole('combobox', { name: 'The former secret is valid' }).selectOption('no longer');
  await dialog.getByRole('button', { name: 'Rotate' }).click();
  const second = await secret(page);
  await reads(second);
  await refused(first);

  await page.getByRole('button', { name: `Revoke: ${name}` }).click();
  await dialog.getByRole('button', { name: 'Revoke' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(table(page, 'API keys').getByRole('row', { name })).toContainText('revoked');
  await refused(second);
});
