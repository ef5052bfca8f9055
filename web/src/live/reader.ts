// Reads a live stream for as long as somebody watches: connects again after each drop, and resumes where it
// stopped. `EventSource` cannot send a token, and gives up for ever once a one-use ticket is refused, so the
// stream is read with `fetch`.

import { createParser } from 'eventsource-parser';
import { type Frame, placeAfter, readFrame } from './frames';

export type StreamStatus =
  | 'connecting'
  | 'live'
  | 'reconnecting'
  /** The tenant has as many streams open as it may. */
  | 'limited'
  /** The API refuses the stream. */
  | 'refused';

export interface Transport {
  /** Opens the stream behind `lastId`. Rejects if no answer arrives. */
  open: (lastId: string | null, signal: AbortSignal) => Promise<Response>;
  /** Waits so many milliseconds; rejects when aborted. */
  wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export interface Listener {
  frame: (frame: Frame) => void;
  status: (status: StreamStatus) => void;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
const REFUSED_PAUSE = 60_000;
/** The server sends a comment every 15 seconds: a stream that is silent for longer is broken. */
const SILENCE = 40_000;

export class StreamReader {
  #lastId: string | null;
  #pause = FIRST_PAUSE;
  readonly #transport: Transport;
  readonly #listener: Listener;

  constructor(transport: Transport, listener: Listener, lastId: string | null = null) {
    this.#transport = transport;
    this.#listener = listener;
    this.#lastId = lastId;
  }

  /** The place from which the next connection resumes. */
  get lastId(): string | null {
    return this.#lastId;
  }

  /** Reads until `signal` is aborted, or the server says that nothing will come. */
  async run(signal: AbortSignal): Promise<void> {
    this.#listener.status('connecting');
    while (!signal.aborted) {
      const next = await this.#connect(signal).catch(() => 'again' as const);
      if (signal.aborted || next === 'stop') return;
      if (next === 'at once') continue;
      await this.#transport
        .wait(typeof next === 'number' ? next : this.#grow(), signal)
        .catch(() => undefined);
    }
  }

  async #connect(signal: AbortSignal): Promise<'again' | 'at once' | 'stop' | number> {
    let response: Response;
    try {
      response = await this.#transport.open(this.#lastId, signal);
    } catch {
      this.#listener.status('reconnecting');
      return 'again';
    }
    if (response.status === 204) {
      this.#listener.status('refused');
      return 'stop';
    }
    if (response.status === 429) {
      this.#listener.status('limited');
      return Math.max(1, Number(response.headers.get('retry-after')) || 15) * 1000;
    }
    if (response.status >= 500) {
      this.#listener.status('reconnecting');
      return 'again';
    }
    if (!response.ok || !response.body) {
      this.#listener.status('refused');
      return response.status === 401 ? 'stop' : REFUSED_PAUSE;
    }
    this.#listener.status('live');
    const ended = await this.#read(response.body, signal);
    if (!signal.aborted && ended !== 'token_expired') this.#listener.status('reconnecting');
    return ended === 'token_expired' ? 'at once' : 'again';
  }

  /** Returns the reason of the server's `end`; `null` if the stream broke off. */
  async #read(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<string | null> {
    let ended: string | null = null;
    const parser = createParser({
      onEvent: ({ event, data, id }) => {
        this.#pause = FIRST_PAUSE;
        const frame = readFrame(event, data, id ?? null);
        if (!frame) return;
        if (frame.kind === 'end') ended = frame.reason;
        else if (frame.kind === 'reset') this.#lastId = null;
        else this.#lastId = placeAfter(this.#lastId, frame);
        this.#listener.frame(frame);
      },
    });
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const cancel = () => void reader.cancel().catch(() => undefined);
    signal.addEventListener('abort', cancel);
    try {
      while (ended === null) {
        clearTimeout(timer);
        timer = setTimeout(cancel, SILENCE);
        const { done, value } = await reader.read();
        if (done) break;
        parser.feed(decoder.decode(value, { stream: true }));
      }
    } catch {
      // The connection broke: what was parsed so far is complete frames.
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      cancel();
    }
    return ended;
  }

  /** Returns the next pause: longer after each failure, and never the same for all browsers. */
  #grow(): number {
    const pause = this.#pause * (0.5 + Math.random());
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
    return pause;
  }
}
