// The tenants of the journeys. `setup.ts` creates them, and leaves their keys in a file for the tests.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WORK } from './addresses';

const FILE = join(WORK, 'world.json');

/** Everybody's password, since nobody else reaches this platform. */
export const PASSWORD = 'a long password for everybody';

export interface Tenant {
  id: string;
  name: string;
  zone: string;
  collect: string;
  import: string;
  read: string;
}

export interface World {
  admin: { email: string; password: string };
  /** A department store with two weeks of simulated traffic, for reports. Nothing changes its numbers. */
  northwind: Tenant;
  /** A small shop whose numbers move; its day has just begun or is long from over. */
  quay: Tenant;
  /** A shop whose events lie on days on which clocks change. */
  almanac: Tenant;
  /** A small shop whose events are over its quota, and parked. */
  kiosk: Tenant;
}

export const NORTHWIND = {
  owner: 'owner@northwind.example',
  analyst: 'analyst@northwind.example',
  advertiser: 'advertiser@northwind.example',
};
export const QUAY_OWNER = 'owner@quay.example';
export const ALMANAC_OWNER = 'owner@almanac.example';
export const KIOSK_OWNER = 'owner@kiosk.example';
/** The id of a tenant without users, which is moved. */
export const WANDERER = 'wanderer';
/** A campaign of the quay, which nobody else may see. */
export const FOREIGN_CAMPAIGN = 'quay-lanterns';

export function writeWorld(world: World): void {
  writeFileSync(FILE, JSON.stringify(world), { mode: 0o600 });
}

export function readWorld(): World {
  return JSON.parse(readFileSync(FILE, 'utf8')) as World;
}
