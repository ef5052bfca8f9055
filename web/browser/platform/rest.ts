// Requests to api and collector as programs send them: no browser, no code of the console.

import { setTimeout as pause } from 'node:timers/promises';
import type { components } from '../../src/api/schema';
import { API, COLLECTOR } from './addresses';
import type { Tenant } from './world';

type Schemas = components['schemas'];
export type Query = Schemas['QueryBody'];
export type Answer = Schemas['QueryAnswer'];
export type Event = Record<string, unknown>;

interface Receipt {
  counts: { accepted: number; parked: number; rejected: number };
}

/** Sends JSON and reads JSON; fails unless the answer is a success. */
export async function rest<T>(method: string, path: string, token: string, content?: unknown): Promise<T> {
  const response = await fetch(new URL(path, API), {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** Logs in as a program does, and returns the access token. */
export async function tokenOf(email: string, password: string): Promise<string> {
  const pair = await rest<Schemas['LoggedIn']>('POST', '/v1/auth/login', '', { email, password });
  return pair.access_token;
}

/** Sends events, and returns when the collector has answered 202. It must accept all of them. */
export async function send(key: string, events: readonly Event[]): Promise<void> {
  const { status, receipt } = await offer(key, events);
  if (status !== 202 || receipt.counts.accepted !== events.length) {
    throw new Error(`the collector answered ${status}: ${JSON.stringify(receipt)}`);
  }
}

/** Sends events that are over a quota: all of them must be parked. */
export async function park(key: string, events: readonly Event[]): Promise<void> {
  const { status, receipt } = await offer(key, events);
  if (status !== 202 || receipt.counts.parked !== events.length) {
    throw new Error(`the collector answered ${status}: ${JSON.stringify(receipt)}`);
  }
}

/** Sends events, and returns what the collector answers. */
export async function offer(
  key: string,
  events: readonly Event[],
): Promise<{ status: number; receipt: Receipt }> {
  const response = await fetch(new URL('/v1/events', COLLECTOR), {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(events),
  });
  return { status: response.status, receipt: (await response.json()) as Receipt };
}

export function query(key: string, asked: Query): Promise<Answer> {
  return rest<Answer>('POST', '/v1/query', key, asked);
}

/** Waits until REST counts so many clicks today. It never may count more. */
export async function countsClicks({ read, zone: tz }: Tenant, expected: number): Promise<void> {
  const found = await eventually(`REST counts ${expected} clicks`, async () => {
    const from = new Intl.DateTimeFormat('sv-SE', { timeZone: tz }).format();
    const { totals } = await query(read, { metrics: ['clicks'], time: { from, tz } });
    const clicks = Number(totals.values.clicks);
    return clicks >= expected ? clicks : undefined;
  });
  if (found !== expected) throw new Error(`REST counts ${found} clicks, of which ${expected} were sent`);
}

/** Asks a question as a file, and returns its text. */
export async function csv(key: string, asked: Query): Promise<string> {
  const response = await fetch(new URL('/v1/query', API), {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...asked, format: 'csv' }),
  });
  if (!response.ok) throw new Error(`the query answered ${response.status}: ${await response.text()}`);
  return response.text();
}

/** Tries until `attempt` returns something; fails after `seconds`. */
export async function eventually<T>(
  what: string,
  attempt: () => Promise<T | undefined>,
  seconds = 60,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown = 'nothing yet';
  while (Date.now() < deadline) {
    try {
      const found = await attempt();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await pause(200);
  }
  throw new Error(`${what}: not within ${seconds} s (${last})`);
}
