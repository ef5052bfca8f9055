import { settled } from '../console/read';
import { expect, test } from '../console/test';
import { eventually, offer, query } from '../platform/rest';
import { QUAY_OWNER } from '../platform/world';

test('a refused event is mended, checked and resubmitted, and counts once', async ({ visit, world }) => {
  const orders = async () =>
    (await query(world.quay.read, { metrics: ['orders', 'sales'] })).totals.values as Record<string, unknown>;
  const before = await orders();
  const page = await visit({ as: QUAY_OWNER });
  const listed = async () => {
    await page.goto('/console/rejects?range=today');
    await settled(page);
    return page.getByRole('button', { name: 'Look and mend' }).count();
  };
  // Earlier ones are listed below the new one.
  const earlier = await listed();
  const order = `order-${Date.now()}`;
  const { status } = await offer(world.quay.collect, [
    { type: 'purchase', order_id: order, revenue: 'much' },
  ]);
  expect(status).toBe(422);
  await eventually('the reject is listed', async () => ((await listed()) > earlier ? true : undefined));
  const item = page.getByRole('listitem').filter({ hasText: '/revenue' }).first();
  await item.getByRole('button', { name: 'Look and mend' }).click();
  const dialog = page.getByRole('dialog');
  const mended = dialog.getByRole('textbox', { name: 'Mended' });
  await expect(dialog.getByRole('region', { name: 'As it was sent' })).toContainText(order);
  await expect(dialog).toContainText('Nothing is changed yet.');
  await expect(dialog.getByRole('button', { name: 'Resubmit' })).toBeDisabled();

  const text = await mended.inputValue();
  await mended.fill(text.replace('"much"', '"12.50'));
  await expect(dialog).toContainText('This is not JSON yet');
  await expect(dialog.getByRole('button', { name: 'Resubmit' })).toBeDisabled();
  await mended.fill(text.replace('"much"', '"-12.50"'));
  await dialog.getByRole('button', { name: 'Resubmit' }).click();
  await expect(dialog.getByRole('status')).toContainText('Refused again:');
  await mended.fill(text.replace('"much"', '"12.50"'));
  await dialog.getByRole('button', { name: 'Resubmit' }).click();
  await expect(dialog.getByRole('status')).toHaveText('Accepted. It counts once.');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect(item.getByText('resubmitted', { exact: true })).toBeVisible();

  await eventually('the order counts', async () => {
    const after = await orders();
    return after.orders === Number(before.orders) + 1 ? true : undefined;
  });
  expect(Number((await orders()).sales)).toBeCloseTo(Number(before.sales) + 12.5, 6);
});
