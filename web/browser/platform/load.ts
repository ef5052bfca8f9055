// Events that arrive while a journey goes on.

import { setTimeout as pause } from 'node:timers/promises';
import { type Event, send } from './rest';

/** Sends the same events again and again until it is stopped. */
export class Load {
  /** How many events were sent at least when a request was begun; the first is before all of them. */
  readonly sends = [{ at: 0, total: 0 }];
  readonly #key: string;
  readonly #events: readonly Event[];
  readonly #every: number;
  readonly #done: Promise<unknown>;
  #stopped = false;

  /** `every` is the time from one request to the next, in milliseconds. */
  constructor(key: string, events: readonly Event[], every: number) {
    this.#key = key;
    this.#events = events;
    this.#every = every;
    this.#done = this.#run().catch((error: unknown) => error);
  }

  get sent(): number {
    return this.sends.at(-1)?.total ?? 0;
  }

  /** Stops, and fails if a request did. Returns how many events were sent. */
  async stop(): Promise<number> {
    this.#stopped = true;
    const error = await this.#done;
    if (error) throw error;
    return this.sent;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const next = pause(this.#every);
      this.sends.push({ at: Date.now(), total: this.sent + this.#events.length });
      await send(this.#key, this.#events);
      await next;
    }
  }
}
