// Creates the tenants of the journeys as an operator and its customers do: by the admin's API, by invitations, by
// events sent to the collector.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { COLLECTOR, PROGRAM, WORK } from './addresses';
import { changeOfClocks, farFromMidnight, halfHours } from './calendar';
import { keys, type Order, onboard } from './onboard';
import { eventually, offer, park, query, rest, send, tokenOf } from './rest';
import {
  ALMANAC_OWNER,
  FOREIGN_CAMPAIGN,
  KIOSK_OWNER,
  NORTHWIND,
  PASSWORD,
  QUAY_OWNER,
  type Tenant,
  WANDERER,
  type World,
  writeWorld,
} from './world';

const run = promisify(execFile);
const DAY = 86_400_000;
const SHOP = new URL('../../../services/footfall/shops/northwind.toml', import.meta.url).pathname;

/** The simulated days before today, and their events a second: some 50,000 events. Pictures show a busier shop. */
const DAYS = 14;
const RATE = process.env.FOOTFALL_TEST_ONLY === 'pictures' ? '0.3' : '0.04';

export default async function setup(): Promise<void> {
  const admin = { email: secret('FOOTFALL_ADMIN_EMAIL'), password: secret('FOOTFALL_ADMIN_PASSWORD') };
  const token = await tokenOf(admin.email, admin.password);
  const world: World = {
    admin,
    northwind: await onboard(token, northwind),
    quay: await onboard(token, quay()),
    almanac: await onboard(token, almanac),
    kiosk: await onboard(token, kiosk),
  };
  await rest('POST', '/v1/admin/tenants', token, wanderer);
  await rest('POST', `/v1/admin/tenants/${WANDERER}/move`, token, { isolation: 'schema', cluster: 'shared' });
  await Promise.all([
    fillNorthwind(world.northwind),
    fillQuay(world.quay),
    fillAlmanac(world.almanac),
    fillKiosk(world.kiosk),
  ]);
  writeWorld(world);
}

function secret(name: string): string {
  const line = new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync(join(WORK, 'secrets.env'), 'utf8'));
  if (!line?.[1]) throw new Error(`the secrets file has no ${name}`);
  return line[1].replace(/^'(.*)'$/, '$1');
}

const northwind: Order = {
  id: 'northwind',
  name: 'Northwind Stores',
  isolation: 'shared',
  cluster: 'shared',
  time_zone: 'America/New_York',
  currency: 'USD',
  limits: { events_per_second: 100_000, concurrent_queries: 200, live_streams: 200 },
  advertisers: [
    { id: 'alpine', name: 'Alpine Outdoor' },
    { id: 'lumen', name: 'Lumen Lighting' },
  ],
  campaigns: [
    { id: 'alpine-winter', name: 'Alpine winter collection', advertiser: 'alpine' },
    { id: 'alpine-boots', name: 'Alpine boots', advertiser: 'alpine' },
    { id: 'lumen-home', name: 'Lumen for the home', advertiser: 'lumen' },
  ],
  users: [
    { email: NORTHWIND.owner, role: 'owner' },
    { email: NORTHWIND.analyst, role: 'analyst' },
    { email: NORTHWIND.advertiser, role: 'advertiser', advertiser: 'alpine' },
  ],
  keys,
};

const quay = (): Order => ({
  id: 'quay',
  name: 'The Quay',
  isolation: 'shared',
  cluster: 'shared',
  time_zone: farFromMidnight(),
  currency: 'EUR',
  limits: { concurrent_queries: 200, live_streams: 200 },
  campaigns: [{ id: FOREIGN_CAMPAIGN, name: 'Lanterns of the quay' }],
  users: [{ email: QUAY_OWNER, role: 'owner' }],
  keys,
});

const almanac: Order = {
  id: 'almanac',
  name: 'The Almanac',
  isolation: 'schema',
  cluster: 'shared',
  time_zone: 'UTC',
  currency: 'EUR',
  users: [{ email: ALMANAC_OWNER, role: 'owner' }],
  keys,
};

const kiosk: Order = {
  id: 'kiosk',
  name: 'The Kiosk',
  isolation: 'shared',
  cluster: 'shared',
  time_zone: 'UTC',
  currency: 'EUR',
  // The platform lives for less than the hour after which this quota is there again.
  limits: { quotas: { events_per_hour: 2, over_quota: 'park' } },
  users: [{ email: KIOSK_OWNER, role: 'owner' }],
  keys,
};

/** Nobody uses it: its move is looked at. */
const wanderer: Order = {
  id: WANDERER,
  name: 'The Wanderer',
  isolation: 'shared',
  cluster: 'shared',
  time_zone: 'UTC',
  currency: 'EUR',
};

async function fillNorthwind(tenant: Tenant): Promise<void> {
  const to = new Date();
  const from = new Date(to.getTime() - DAYS * DAY);
  await run(
    PROGRAM,
    ['simulate', '--rate', RATE, '--shop', SHOP, '--from', from.toISOString(), '--to', to.toISOString()],
    { env: { ...process.env, FOOTFALL_KEY: tenant.import, FOOTFALL_COLLECTOR: COLLECTOR } },
  );
  // Two refused events, for the screen of rejects.
  await offer(tenant.collect, [
    { type: 'ad_click', cost: '-1' },
    { type: 'purchase', revenue: 'much' },
  ]);
  await counted(tenant);
  const owner = await tokenOf(NORTHWIND.owner, PASSWORD);
  await rest('POST', '/v1/annotations', owner, {
    at: new Date(to.getTime() - 3 * DAY).toISOString(),
    text: 'Winter collection in all windows',
    scope: 'tenant',
  });
  const request = {
    metrics: ['sales', 'orders'],
    dimensions: ['campaign'],
    time: { from: date(from), to: date(to) },
  };
  await rest('POST', '/v1/saved-reports', owner, {
    name: 'Campaigns of the fortnight',
    kind: 'query',
    visibility: 'shared',
    request,
  });
  await rest('POST', '/v1/reports', owner, { kind: 'query', request: { ...request, format: 'csv' } });
}

const date = (moment: Date) => moment.toISOString().slice(0, 10);

async function fillQuay(tenant: Tenant): Promise<void> {
  await send(tenant.collect, [
    { type: 'ad_impression', campaign_id: FOREIGN_CAMPAIGN },
    { type: 'ad_click', campaign_id: FOREIGN_CAMPAIGN, cost: '0.25' },
  ]);
  await counted(tenant);
}

/** An event every half hour, around the days on which clocks change. */
async function fillAlmanac(tenant: Tenant): Promise<void> {
  const { newYork, lordHowe } = changeOfClocks();
  const moments = [...halfHours(newYork), ...halfHours(lordHowe)];
  await send(
    tenant.import,
    moments.map((moment) => ({ type: 'page_view', event_time: new Date(moment).toISOString() })),
  );
  await counted(tenant);
}

/** Two events use its quota up, so that those of later requests are parked. */
async function fillKiosk(tenant: Tenant): Promise<void> {
  const view = { type: 'page_view' };
  await send(tenant.collect, [view, view]);
  await park(tenant.collect, [view, view, view]);
  await counted(tenant);
}

/** Waits until everything that was sent so far is counted. */
async function counted(tenant: Tenant): Promise<void> {
  const sent = Date.now();
  await eventually(
    `the events of ${tenant.id}`,
    async () => {
      const { as_of: asOf } = await query(tenant.read, { metrics: ['events'] });
      return asOf && Date.parse(asOf) > sent ? true : undefined;
    },
    180,
  );
}
