import { numberOf, settled, table, tile } from '../console/read';
import { expect, type Page, type Request, test } from '../console/test';
import { killRedis, Network, restartApi, startRedis } from '../platform/faults';
import { eventually, query, send } from '../platform/rest';
import { FOREIGN_CAMPAIGN, PASSWORD, QUAY_OWNER, type Tenant } from '../platform/world';

const click = { type: 'ad_click', campaign_id: FOREIGN_CAMPAIGN, cost: '0.25' };
const clicks = (count: number) => Array.from({ length: count }, () => click);

/** Returns what REST says of today's clicks once it is what is expected. */
async function restSays(tenant: Tenant, expected: number): Promise<number> {
  return eventually(`REST counts ${expected} clicks`, async () => {
    const from = new Intl.DateTimeFormat('sv-SE', { timeZone: tenant.zone }).format();
    const { totals } = await query(tenant.read, { metrics: ['clicks'], time: { from, tz: tenant.zone } });
    return totals.values.clicks === expected ? expected : undefined;
  });
}

/** Returns the clicks on screen. */
const shown = async (page: Page) => numberOf((await tile(page, 'Clicks').textContent()) ?? '');

test('a login, then an event: the number moves without a reload, and REST says the same', async ({
  visit,
  world,
}) => {
  const page = await visit();
  await page.getByLabel('E-mail address').fill(QUAY_OWNER);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();

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
  await expect(tile(page, 'Clicks')).toHaveText(String(before + 3), { timeout: 3_000 });
  const row = table(page, 'Campaigns').getByRole('row', { name: 'Lanterns of the quay' });
  await expect(row.locator('td[data-label="Clicks"]')).toContainText(String(before + 3));
  expect(await restSays(world.quay, before + 3)).toBe(before + 3);
  expect(loads).toBe(0);
});

test('a wrong password is reported beside its field, and nothing is shown', async ({ visit }) => {
  const page = await visit();
  await page.getByLabel('E-mail address').fill(QUAY_OWNER);
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Log in' }).click();
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
  const sends = [{ at: 0, total: before }];
  const add = async (count: number) => {
    sent += count;
    sends.push({ at: Date.now(), total: before + sent });
    await send(world.quay.collect, clicks(count));
  };
  const arrives = () => expect(tile(page, 'Clicks')).toHaveText(String(before + sent), { timeout: 30_000 });
  const badge = page.getByText(/^(live ·|reconnecting|catching up)/);
  await watchTile(page);

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

  expect(await restSays(world.quay, before + sent)).toBe(before + sent);
  let last = before;
  for (const { at, clicks } of await seen(page)) {
    expect(clicks, 'a number never steps back').toBeGreaterThanOrEqual(last);
    const most = sends.findLast((step) => step.at <= at)?.total ?? before;
    expect(clicks, 'a number never counts more than was sent').toBeLessThanOrEqual(most);
    last = clicks;
  }
  network.close();
});

interface Seen {
  at: number;
  clicks: number;
}

/** Notes each number of clicks that the page paints from now on. */
async function watchTile(page: Page): Promise<void> {
  await page.evaluate(() => {
    const noted: Seen[] = [];
    Object.assign(globalThis, { noted });
    const look = () => {
      const name = [...document.querySelectorAll('dl dt')].find(
        ({ textContent }) => textContent === 'Clicks',
      );
      const text = name?.nextElementSibling?.textContent;
      // A place holder is no number.
      if (text && noted.at(-1)?.clicks !== Number(text)) noted.push({ at: Date.now(), clicks: Number(text) });
      requestAnimationFrame(look);
    };
    look();
  });
}

const seen = (page: Page) => page.evaluate(() => (globalThis as unknown as { noted: Seen[] }).noted);
