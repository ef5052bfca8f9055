import { enter } from '../console/login';
import { faultsOf, paintedOf, watchTile } from '../console/painted';
import { numberOf, settled, table, tile } from '../console/read';
import { expect, type Page, type Request, test } from '../console/test';
import { killRedis, Network, restartApi, startRedis } from '../platform/faults';
import { countsClicks, send } from '../platform/rest';
import { FOREIGN_CAMPAIGN, QUAY_OWNER } from '../platform/world';

const click = { type: 'ad_click', campaign_id: FOREIGN_CAMPAIGN, cost: '0.25' };
const clicks = (count: number) => Array.from({ length: count }, () => click);

/** Returns the clicks on screen. */
const shown = async (page: Page) => numberOf((await tile(page, 'Clicks').textContent()) ?? '');

test('a login, then an event: the number moves without a reload, and REST says the same', async ({
  visit,
  world,
}) => {
  const page = await visit();
  await enter(page, QUAY_OWNER);

  await expect(page.getByRole('heading', { name: 'Live', level: 1 })).toBeVisible();
  await expect(page.getByText(/^live ·/)).toBeVisible();
  await settled(page);
  const before = await shown(page);
  expect(before).toBeGreaterThan(0);
  let loads = 0;
  page.on('load', () => {
    loads += 1;
  });

  await send(world.quay.collect, clicks(3));
  await expect(tile(page, 'Clicks')).toHaveText(String(before + 3), { timeout: 5_000 });
  const row = table(page, 'Campaigns').getByRole('row', { name: 'Lanterns of the quay' });
  await expect(row.locator('td[data-label="Clicks"]')).toContainText(String(before + 3));
  await countsClicks(world.quay, before + 3);
  expect(loads).toBe(0);
});

test('a wrong password is reported beside its field, and nothing is shown', async ({ visit }) => {
  const page = await visit();
  await enter(page, QUAY_OWNER, 'not the password');
  await expect(page.getByRole('alert')).toHaveText('The address or the password is wrong.');
  await expect(page.getByRole('navigation')).toHaveCount(0);
});

test('nine tabs share one stream, the ninth loads, and another tab takes over from one that is closed', async ({
  visit,
  world,
}) => {
  const first = await visit({ as: QUAY_OWNER });
  const context = first.context();
  const streams = new Set<Request>();
  context.on('request', (request) => {
    if (new URL(request.url()).pathname === '/v1/live') streams.add(request);
  });
  context.on('requestfailed', (request) => streams.delete(request));
  context.on('requestfinished', (request) => streams.delete(request));
  const open = () => [...streams].filter((request) => !request.frame().page().isClosed()).length;
  await first.reload();
  const tabs = [first];
  await settled(first);
  while (tabs.length < 9) {
    const tab = await context.newPage();
    await tab.goto('/console/live');
    tabs.push(tab);
  }
  for (const tab of tabs) {
    await settled(tab);
    await expect(tab.getByText(/^live ·/)).toBeVisible();
  }
  const before = await shown(first);

  await send(world.quay.collect, clicks(1));
  for (const tab of tabs) await expect(tile(tab, 'Clicks')).toHaveText(String(before + 1));
  expect(open(), 'open streams').toBe(1);

  await first.close();
  await send(world.quay.collect, clicks(1));
  for (const tab of tabs.slice(1)) await expect(tile(tab, 'Clicks')).toHaveText(String(before + 2));
  expect(open(), 'open streams').toBe(1);
});

/** Hides or shows a tab, as the browser reports it to the page: this one has no window to hide. */
const show = (page: Page, state: DocumentVisibilityState) =>
  page.evaluate((visibility) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => visibility });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);

test('a hidden tab closes its stream, and has missed nothing when it is shown again', async ({
  visit,
  world,
}) => {
  const page = await visit({ as: QUAY_OWNER });
  const streams: Request[] = [];
  const closed: Request[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/v1/live') streams.push(request);
  });
  page.on('requestfailed', (request) => closed.push(request));
  page.on('requestfinished', (request) => closed.push(request));
  await page.clock.install();
  await page.reload();
  await expect(page.getByText(/^live ·/)).toBeVisible();
  await settled(page);
  const before = await shown(page);
  await send(world.quay.collect, clicks(1));
  await expect(tile(page, 'Clicks')).toHaveText(String(before + 1));

  const open = streams.splice(0).at(-1) as Request;
  expect(closed).not.toContain(open);
  await show(page, 'hidden');
  await page.clock.fastForward('00:31');
  await expect(page.getByText('paused (tab hidden)')).toBeAttached();
  await expect.poll(() => closed.includes(open), 'the stream is closed').toBe(true);
  await send(world.quay.collect, clicks(2));
  await countsClicks(world.quay, before + 3);
  expect(streams, 'no stream is open').toEqual([]);

  await watchTile(page, 'Clicks');
  await show(page, 'visible');
  await expect(tile(page, 'Clicks')).toHaveText(String(before + 3));
  await expect.poll(() => streams.length, 'the stream is open again').toBe(1);
  const resumed = await streams[0]?.allHeaders();
  expect(resumed?.['last-event-id'], 'where the former one stopped').toBeTruthy();
  const sends = [{ at: 0, total: 2 }];
  expect(faultsOf(await paintedOf(page), before + 1, sends)).toEqual([]);
});

test('in wall mode the numbers are alone on the screen, and go on', async ({ visit, world }) => {
  const page = await visit({ as: QUAY_OWNER });
  await settled(page);
  await page.getByRole('button', { name: 'Wall mode' }).click();
  await expect(page).toHaveURL(/wall=1/);
  await expect(page.getByRole('navigation')).toBeHidden();
  const before = await shown(page);
  await send(world.quay.collect, clicks(1));
  await expect(tile(page, 'Clicks')).toHaveText(String(before + 1));
  await page.getByRole('button', { name: 'Leave wall mode' }).click();
  await expect(page.getByRole('navigation')).toBeVisible();
});

test('no number is lost, doubled or steps back while network, Redis and api break', async ({
  visit,
  world,
}) => {
  const network = await Network.open();
  const page = await visit({ as: QUAY_OWNER, origin: network.origin });
  await settled(page);
  await expect(page.getByText(/^live ·/)).toBeVisible();
  const before = await shown(page);
  let sent = 0;
  const sends = [{ at: 0, total: 0 }];
  const add = async (count: number) => {
    sent += count;
    sends.push({ at: Date.now(), total: sent });
    await send(world.quay.collect, clicks(count));
  };
  const arrives = () => expect(tile(page, 'Clicks')).toHaveText(String(before + sent), { timeout: 30_000 });
  const badge = page.getByText(/^(live ·|reconnecting|catching up)/);
  await watchTile(page, 'Clicks');

  await add(2);
  await arrives();

  network.cut();
  await expect(badge).toHaveText('reconnecting');
  await add(3);
  await page.waitForTimeout(1_000);
  expect(await shown(page), 'the last numbers stay while there are no new ones').toBe(before + 2);
  network.heal();
  await arrives();
  await expect(badge).toHaveText(/^live ·/);

  await killRedis();
  await add(2);
  await startRedis();
  await arrives();
  await expect(badge).toHaveText(/^live ·/);

  await restartApi();
  await add(2);
  await arrives();
  await expect(badge).toHaveText(/^live ·/);
  await add(1);
  await arrives();

  await countsClicks(world.quay, before + sent);
  expect(faultsOf(await paintedOf(page), before, sends)).toEqual([]);
  network.close();
});
