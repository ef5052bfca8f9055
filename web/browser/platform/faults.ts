// What the journeys break: the network between browser and api, Redis, the api itself.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { API, WORK } from './addresses';
import { eventually } from './rest';

const run = promisify(execFile);
const STACK = new URL('../../../infra/local/stack.sh', import.meta.url).pathname;

/** A network between a browser and the api that can be cut. */
export class Network {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (near) => this.#join(near));
  }

  static async open(): Promise<Network> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Network(server);
  }

  get origin(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the network is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Resets all connections, and refuses new ones until it is healed. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  heal(): void {
    this.#cut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #join(near: Socket): void {
    if (this.#cut) {
      near.resetAndDestroy();
      return;
    }
    const { hostname, port } = new URL(API);
    const far = createConnection(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}

export async function killRedis(): Promise<void> {
  await run(STACK, ['kill', 'redis']);
}

export async function startRedis(): Promise<void> {
  await run(STACK, ['start', 'redis']);
}

/** Kills the api, which its supervisor starts again, and returns when it answers. */
export async function restartApi(): Promise<void> {
  process.kill(Number(readFileSync(join(WORK, 'api.pid'), 'utf8')), 'SIGKILL');
  await eventually('the api after its restart', async () => {
    const { ok } = await fetch(new URL('/readyz', API));
    return ok ? true : undefined;
  });
}
