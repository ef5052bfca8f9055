import { rowsOf, settled, table } from '../console/read';
import { expect, type Page, test } from '../console/test';
import { eventually, park, query, rest, tokenOf } from '../platform/rest';
import { KIOSK_OWNER, PASSWORD, type World } from '../platform/world';

const views = (count: number) => Array.from({ length: count }, () => ({ type: 'page_view' }));

/** Returns how many events the owner is told are parked. */
const parkedEvents = async (owner: string) =>
  (await rest<{ events: number }>('GET', '/v1/parked', owner)).events;

const counted = async ({ kiosk }: World) =>
  Number((await query(kiosk.read, { metrics: ['events'] })).totals.values.events);

/** Parks events, and returns when the page says how many wait. */
async function waiting(page: Page, world: World, events: number): Promise<number> {
  const owner = await tokenOf(KIOSK_OWNER, PASSWORD);
  const before = await parkedEvents(owner);
  await park(world.kiosk.collect, views(events));
  const all = await eventually('the events are parked', async () =>
    (await parkedEvents(owner)) === before + events ? before + events : undefined,
  );
  await page.reload();
  await settled(page);
  await expect(page.getByRole('region', { name: 'Waiting', exact: true })).toContainText(`Events${all}`);
  return all;
}

/** Gives an order about everything, and returns when it is carried out. */
async function order(page: Page, action: 'Release' | 'Erase', events: number): Promise<void> {
  await page.getByRole('button', { name: `${action} all` }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('heading')).toHaveText(`${action} ${events} parked events?`);
  const confirm = dialog.getByRole('button', { name: action, exact: true });
  await expect(confirm, 'the id of the tenant is not typed yet').toBeDisabled();
  await dialog.getByLabel('Type kiosk to confirm').fill('kiosk');
  await confirm.click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'Nothing is parked' })).toBeVisible({ timeout: 60_000 });
  await expect
    .poll(async () => (await rowsOf(table(page, 'Orders')))[0]?.[5], { timeout: 60_000 })
    .toMatch(/^done /);
  const [latest = []] = await rowsOf(table(page, 'Orders'));
  expect([latest[0], latest[4]], 'the order, and how many events it was about').toEqual([
    action,
    String(events),
  ]);
}

test('events over a quota wait for their owner, who releases them, and erases others', async ({
  visit,
  world,
}) => {
  const page = await visit({ as: KIOSK_OWNER });
  await page.getByRole('link', { name: 'Parked events' }).click();
  await expect(page.getByRole('heading', { name: 'Parked events', level: 1 })).toBeVisible();
  const before = await counted(world);

  const released = await waiting(page, world, 5);
  expect(await counted(world), 'what is parked does not count').toBe(before);
  await order(page, 'Release', released);
  await eventually('what was released counts', async () =>
    (await counted(world)) === before + released ? true : undefined,
  );

  const erased = await waiting(page, world, 2);
  await order(page, 'Erase', erased);
  const since = Date.now();
  await eventually('a later answer', async () => {
    const { as_of: asOf } = await query(world.kiosk.read, { metrics: ['events'] });
    return asOf && Date.parse(asOf) > since ? true : undefined;
  });
  expect(await counted(world), 'what was erased never counts').toBe(before + released);

  // Whoever looks at the screen next sees some.
  await waiting(page, world, 3);
});

test('an order up to an hour says how many events it is about, and nothing happens unless it is confirmed', async ({
  visit,
  world,
}) => {
  const page = await visit({ as: KIOSK_OWNER, path: 'parked' });
  const all = await waiting(page, world, 1);
  const [oldest = []] = await rowsOf(table(page, 'By hour of arrival'));
  await page
    .getByRole('button', { name: /^Release up to here/ })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('heading')).toHaveText(`Release ${oldest[1]} parked events?`);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toHaveCount(0);
  await page.reload();
  await settled(page);
  await expect(page.getByRole('region', { name: 'Waiting', exact: true })).toContainText(`Events${all}`);
});
