// WebSocket connections of programs, and what they cost the api.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { API, WORK } from './addresses';

/** How many connections are opened at once. */
const AT_ONCE = 50;

/** A program's constructor takes headers; a browser's does not, and the types are a browser's. */
const Socket = WebSocket as unknown as new (url: URL, how: { headers: Record<string, string> }) => WebSocket;

/** Opens connections that follow a campaign, and returns when each has its snapshot. */
export async function openSockets(key: string, campaign: string, count: number): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, () => open(key, campaign));
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}

function open(key: string, campaign: string): Promise<WebSocket> {
  const url = new URL(`/v1/ws?campaigns=${campaign}`, API.replace(/^http/, 'ws'));
  const socket = new Socket(url, { headers: { Authorization: `Bearer ${key}` } });
  return new Promise((resolve, reject) => {
    socket.addEventListener('message', () => resolve(socket), { once: true });
    socket.addEventListener('error', () => reject(new Error('a WebSocket connection was refused')));
    socket.addEventListener('close', () => reject(new Error('a WebSocket connection was closed')));
  });
}

/** Returns the resident memory of the api, in KiB. */
export function apiMemory(): number {
  const pid = readFileSync(join(WORK, 'api.pid'), 'utf8').trim();
  const [, resident] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(resident);
}
