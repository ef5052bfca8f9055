// The session of this tab. The access token is in memory only. The refresh token is a cookie that scripts
// cannot read; an API that has no cookie sessions answers with the token itself, which then stays in memory
// and ends with the page.

import { ApiProblem, problemOf } from '../api/problem';
import { type Claims, readClaims } from './claims';

export type SessionState = 'unknown' | 'out' | 'in';

/** What the API answers to a login, in either form. */
interface Tokens {
  access_token: string;
  expires_in: number;
  refresh_token?: string;
}

/** A login that needs a code of the second factor. */
export interface Challenge {
  challenge: string;
}

type LoginAnswer = Tokens | Challenge;

/** How long before its end a token is replaced, in milliseconds. */
const EARLY = 30_000;
const LOCK = 'footfall-session';
const CHANNEL = 'footfall-session';

class Session {
  #token: string | null = null;
  #claims: Claims | null = null;
  #expires = 0;
  #refreshToken: string | null = null;
  #cookies = true;
  #state: SessionState = 'unknown';
  #running: Promise<boolean> | null = null;
  readonly #watchers = new Set<() => void>();
  readonly #channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(CHANNEL);

  constructor() {
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (data === 'out') this.#end();
      if (data === 'in' && this.#state === 'out') void this.restore();
    });
  }

  get state(): SessionState {
    return this.#state;
  }

  get claims(): Claims | null {
    return this.#claims;
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Continues the session of this browser, if it has one. */
  async restore(): Promise<void> {
    if (!(await this.refresh())) this.#end();
  }

  /** Begins a session; returns a challenge if a second factor is needed. */
  async login(email: string, password: string): Promise<Challenge | null> {
    return this.#enter('/v1/auth/login', { email, password });
  }

  async secondFactor(challenge: string, code: string): Promise<void> {
    await this.#enter('/v1/auth/second-factor', { challenge, code });
  }

  /** Accepts an invitation (`invitations`) or a reset (`password-resets`). */
  async accept(what: 'invitations' | 'password-resets', token: string, password: string): Promise<void> {
    await this.#enter(`/v1/auth/${what}/accept`, { token, password });
  }

  /** Ends this session. */
  async logout(): Promise<void> {
    const body = this.#refreshToken ? { refresh_token: this.#refreshToken } : {};
    this.#end();
    this.#channel?.postMessage('out');
    await post('/v1/auth/logout', body).catch(() => undefined);
  }

  /** Returns a valid access token; `null` if the session has ended. */
  async accessToken(): Promise<string | null> {
    if (this.#token && Date.now() < this.#expires - EARLY) return this.#token;
    if (this.#state === 'out') return null;
    return (await this.refresh()) ? this.#token : null;
  }

  /** Replaces the access token. Refresh tokens are valid once, so tabs take turns under a lock. */
  async refresh(): Promise<boolean> {
    this.#running ??= locked(() => this.#refreshNow()).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #refreshNow(): Promise<boolean> {
    if (!this.#cookies && !this.#refreshToken) return false;
    const body = this.#refreshToken ? { refresh_token: this.#refreshToken } : {};
    const response = await post('/v1/auth/refresh', body);
    if (response.ok) {
      this.#take((await response.json()) as Tokens);
      return true;
    }
    // An API without cookie sessions demands the token in the body.
    if (response.status === 400 || response.status === 422) this.#cookies = false;
    if (response.status === 429 || response.status >= 500) throw await problemOf(response);
    this.#end();
    return false;
  }

  async #enter(path: string, body: object): Promise<Challenge | null> {
    // The first refresh tells whether the API has cookie sessions.
    if (this.#state === 'unknown') await this.refresh();
    const response = await post(path, this.#cookies ? { ...body, session: 'cookie' } : body);
    if (!response.ok) throw await problemOf(response);
    const answer = (await response.json()) as LoginAnswer;
    if ('challenge' in answer) return answer;
    this.#take(answer);
    this.#channel?.postMessage('in');
    return null;
  }

  #take(tokens: Tokens): void {
    this.#token = tokens.access_token;
    this.#claims = readClaims(tokens.access_token);
    this.#expires = Date.now() + tokens.expires_in * 1000;
    this.#refreshToken = tokens.refresh_token ?? null;
    this.#set('in');
  }

  #end(): void {
    this.#token = null;
    this.#claims = null;
    this.#refreshToken = null;
    this.#set('out');
  }

  #set(state: SessionState): void {
    this.#state = state;
    for (const watcher of this.#watchers) watcher();
  }
}

async function post(path: string, body: object): Promise<Response> {
  try {
    return await fetch(path, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    throw new ApiProblem(0, { code: 'network' });
  }
}

function locked<T>(work: () => Promise<T>): Promise<T> {
  // Pages over plain HTTP to other hosts than loopback have no locks; they take their chance.
  return navigator.locks ? navigator.locks.request(LOCK, work) : work();
}

export const session = new Session();
