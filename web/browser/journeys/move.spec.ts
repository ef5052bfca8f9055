import { faultsOf, paintedOf, watchTile } from '../console/painted';
import { rowsOf, settled, table, tile } from '../console/read';
import { expect, type Locator, type Page, test } from '../console/test';
import { farFromMidnight } from '../platform/calendar';
import { Load } from '../platform/load';
import { keys, onboard } from '../platform/onboard';
import { countsClicks, tokenOf } from '../platform/rest';

const clicks = Array.from({ length: 5 }, () => ({
  type: 'ad_click',
  campaign_id: 'spring',
  cost: '0.25',
  visitor_id: 'v-1',
}));

/** A move waits for its grace and for the reconciliation of each minute. */
const MOVED_WITHIN = 180_000;

const STEPS = [
  'The target gets its tables',
  'New rows go to both places',
  'Earlier rows are copied',
  'Rows that were on their way are copied',
  'Both places are compared',
  'Reports read the target',
  'Both places are compared again',
  'The source loses its rows',
];

/** Begins a move in the dialog. */
async function move(page: Page, section: Locator, tier: string): Promise<void> {
  await section.getByRole('button', { name: 'Move to another place' }).click();
  const dialog = page.getByRole('dialog');
  const begin = dialog.getByRole('button', { name: 'Move', exact: true });
  await expect(begin, 'it is there now').toBeDisabled();
  await dialog.getByRole('radio', { name: tier }).check();
  await begin.click();
  await expect(dialog).toHaveCount(0);
}

test('a move is watched to its end under load, and no number changes because of it', async ({
  visit,
  world,
}) => {
  test.setTimeout(2 * MOVED_WITHIN + 120_000);
  const id = `moved-${Date.now().toString(36)}`;
  const tenant = await onboard(await tokenOf(world.admin.email, world.admin.password), {
    id,
    name: 'The Removal',
    isolation: 'shared',
    cluster: 'shared',
    time_zone: farFromMidnight(),
    currency: 'EUR',
    users: [{ email: `owner@${id}.example`, role: 'owner' }],
    keys,
  });
  const load = new Load(tenant.collect, clicks, 100);
  const owner = await visit({ as: `owner@${id}.example` });
  await expect(owner.getByText(/^live ·/)).toBeVisible();
  await watchTile(owner, 'Clicks');

  const admin = await visit({
    as: world.admin.email,
    password: world.admin.password,
    path: `admin/tenants/${id}`,
  });
  const section = admin.getByRole('region', { name: 'Move', exact: true });
  await expect(section).toContainText('It was never moved.');
  await move(admin, section, 'Own database');
  await expect(section.getByRole('status')).toHaveText(/^Step \d of 8: /);
  await expect(section.getByRole('status')).toHaveText(/^Ended /, { timeout: MOVED_WITHIN });

  await expect(section.getByText('moved', { exact: true })).toBeVisible();
  await expect(section.getByRole('button', { name: 'Back out' })).toHaveCount(0);
  await expect(admin.locator('main dl').first()).toContainText('TierOwn database');
  const steps = await rowsOf(table(admin, 'Steps'));
  expect(steps.map(([name]) => name)).toEqual(STEPS);
  for (const [name, state, rows, match] of steps) {
    expect(state, name).toMatch(/^done /);
    if (!name?.startsWith('Both places')) continue;
    const [, compared, of] = /^([\d,]+) of ([\d,]+) compared$/.exec(rows ?? '') ?? [];
    expect(compared, `${name}: ${rows}`).toBe(of);
    expect(compared, name).not.toBe('0');
    expect(match, name).toBe('the same');
  }
  await section.locator('summary').click();
  const log = await rowsOf(table(admin, 'Log'));
  expect(log[0]?.[1]).toBe('The move has ended');
  expect(log.at(-1)?.[1]).toBe('The move was begun');

  const sent = await load.stop();
  await countsClicks(tenant, sent);
  await expect(tile(owner, 'Clicks')).toHaveText(sent.toLocaleString('en-GB'), { timeout: 60_000 });
  expect(faultsOf(await paintedOf(owner), 0, load.sends), 'what the owner saw meanwhile').toEqual([]);

  await move(admin, section, 'Shared tables');
  await section.getByRole('button', { name: 'Back out' }).click();
  const dialog = admin.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('It stays where it is');
  await dialog.getByRole('button', { name: 'Back out' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(section.getByText('taken back', { exact: true })).toBeVisible({ timeout: MOVED_WITHIN });
  await expect(section).toContainText('It stays where it is');
  await expect(admin.locator('main dl').first()).toContainText('TierOwn database');
  await countsClicks(tenant, sent);
  await owner.reload();
  await settled(owner);
  await expect(tile(owner, 'Clicks')).toHaveText(sent.toLocaleString('en-GB'));
});
