import { enter } from '../console/login';
import { expect, test } from '../console/test';
import { keys, onboard } from '../platform/onboard';
import { eventually, offer, tokenOf } from '../platform/rest';

const REASON = 'An invoice has not been paid';

test('a suspended tenant is refused everywhere until it is resumed', async ({ visit, world }) => {
  const id = `paused-${Date.now().toString(36)}`;
  const owner = `owner@${id}.example`;
  const tenant = await onboard(await tokenOf(world.admin.email, world.admin.password), {
    id,
    name: 'The Pause',
    isolation: 'shared',
    cluster: 'shared',
    time_zone: 'UTC',
    currency: 'EUR',
    users: [{ email: owner, role: 'owner' }],
    keys,
  });
  const answers = (status: number) =>
    eventually(`the collector answers ${status}`, async () =>
      (await offer(tenant.collect, [{ type: 'page_view' }])).status === status ? true : undefined,
    );
  const page = await visit({ as: owner });
  await expect(page.getByText(/^live ·/)).toBeVisible();
  await answers(202);

  const admin = await visit({
    as: world.admin.email,
    password: world.admin.password,
    path: `admin/tenants/${id}`,
  });
  await admin.getByRole('button', { name: 'Suspend' }).click();
  const dialog = admin.getByRole('dialog');
  await expect(dialog.getByRole('heading')).toHaveText('Suspend The Pause?');
  const suspend = dialog.getByRole('button', { name: 'Suspend' });
  const typed = dialog.getByLabel(`Type ${id} to confirm`);
  await dialog.getByLabel('Reason').fill(REASON);
  await expect(suspend, 'its name is not typed yet').toBeDisabled();
  await typed.fill('northwind');
  await expect(suspend, 'that is another one').toBeDisabled();
  await typed.fill(id);
  await suspend.click();
  await expect(dialog).toHaveCount(0);
  await expect(admin.getByText('suspended', { exact: true })).toBeVisible();
  await expect(admin.locator('main dl').first()).toContainText(`Reason${REASON}`);

  await answers(403);
  const showsReason = async () => {
    await expect(page.getByRole('alert')).toContainText('The tenant is suspended', { timeout: 30_000 });
    await expect(page.getByRole('alert'), 'owners see the reason').toContainText(REASON);
  };
  await showsReason();
  await page.reload();
  await enter(page, owner);
  await showsReason();
  await expect(page.getByRole('navigation')).toHaveCount(0);

  await admin.getByRole('button', { name: 'Resume' }).click();
  await expect(admin.getByText('active', { exact: true }).first()).toBeVisible();
  await answers(202);
  await enter(page, owner);
  await expect(page.getByText(/^live ·/)).toBeVisible();
});
