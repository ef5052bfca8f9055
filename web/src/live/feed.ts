// One live stream per browser. A browser opens six connections to a host over HTTP/1.1, and a stream takes one
// for ever: so the tab that holds a lock reads the stream, and informs the others. A hidden tab gives the lock
// away, and a tab that takes over resumes where the former one stopped.

import { authorized } from '../api/client';
import type { paths } from '../api/schema';
import type { Frame } from './frames';
import { StreamReader, type StreamStatus } from './reader';
import { applied, EMPTY, type LiveState } from './store';

type Message =
  | { kind: 'hello' }
  | { kind: 'state'; state: LiveState }
  | { kind: 'frame'; frame: Frame }
  | { kind: 'status'; status: StreamStatus };

/** The stream of all campaigns that the credential may see. */
const PATH = '/v1/live' satisfies keyof paths;

/** How long a hidden tab goes on, so that a short look elsewhere costs no reconnect. */
const HIDDEN = 30_000;

export class LiveFeed {
  #state: LiveState = EMPTY;
  #shown: LiveState = EMPTY;
  #painting = false;
  #leading = false;
  #watching: AbortController | null = null;
  #hiding: ReturnType<typeof setTimeout> | undefined;
  readonly #watchers = new Set<() => void>();
  readonly #lock: string;
  readonly #channel: BroadcastChannel;

  /** `name` distinguishes the users that may have sessions in one browser. */
  constructor(name: string) {
    this.#lock = `footfall-live-${name}`;
    this.#channel = new BroadcastChannel(this.#lock);
    this.#channel.addEventListener('message', ({ data }: MessageEvent<Message>) => this.#hear(data));
  }

  readonly snapshot = (): LiveState => this.#shown;

  /** Watches the stream; the last one who leaves closes it. */
  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) {
      document.addEventListener('visibilitychange', this.#visibility);
      this.#start();
    }
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      document.removeEventListener('visibilitychange', this.#visibility);
      clearTimeout(this.#hiding);
      this.#stop();
    };
  };

  readonly #visibility = (): void => {
    clearTimeout(this.#hiding);
    if (document.visibilityState === 'visible') {
      this.#start();
    } else {
      this.#hiding = setTimeout(() => {
        this.#stop();
        this.#set({ ...this.#state, status: 'paused' });
      }, HIDDEN);
    }
  };

  #start(): void {
    if (this.#watching) return;
    const watching = new AbortController();
    this.#watching = watching;
    this.#set({ ...this.#state, status: this.#state.frameAt === null ? 'connecting' : 'reconnecting' });
    this.#channel.postMessage({ kind: 'hello' } satisfies Message);
    void lead(this.#lock, watching.signal, () => this.#read(watching.signal));
  }

  #stop(): void {
    this.#watching?.abort();
    this.#watching = null;
  }

  async #read(signal: AbortSignal): Promise<void> {
    this.#leading = true;
    const reader = new StreamReader(
      { open, wait },
      {
        frame: (frame) => {
          this.#apply(frame);
          this.#channel.postMessage({ kind: 'frame', frame } satisfies Message);
        },
        status: (status) => {
          this.#set({ ...this.#state, status });
          this.#channel.postMessage({ kind: 'status', status } satisfies Message);
        },
      },
      this.#state.lastId,
    );
    await reader.run(signal);
    this.#leading = false;
  }

  #hear(message: Message): void {
    if (message.kind === 'hello') {
      if (this.#leading) this.#channel.postMessage({ kind: 'state', state: this.#state } satisfies Message);
    } else if (!this.#leading && this.#watching) {
      if (message.kind === 'state') this.#set(message.state);
      if (message.kind === 'frame') this.#apply(message.frame);
      if (message.kind === 'status') this.#set({ ...this.#state, status: message.status });
    }
  }

  #apply(frame: Frame): void {
    this.#set(applied(this.#state, frame, Date.now()));
  }

  /** Shows a state with the next picture: frames between two pictures cost no work. */
  #set(state: LiveState): void {
    this.#state = state;
    if (this.#painting) return;
    this.#painting = true;
    const show = () => {
      this.#painting = false;
      this.#shown = this.#state;
      for (const watcher of this.#watchers) watcher();
    };
    // Hidden pages have no pictures.
    if (document.visibilityState === 'visible') requestAnimationFrame(show);
    else setTimeout(show, 0);
  }
}

async function open(lastId: string | null, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'text/event-stream' };
  if (lastId !== null) headers['Last-Event-ID'] = lastId;
  return authorized(new Request(new URL(PATH, location.origin), { headers, signal, cache: 'no-store' }));
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new Error('aborted'));
    });
  });
}

/** Runs `work` while this tab holds the lock. Without locks every tab leads. */
async function lead(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  if (!navigator.locks) return work();
  await navigator.locks.request(name, { signal }, work).catch(() => undefined);
}
