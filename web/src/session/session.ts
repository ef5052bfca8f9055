// The session of this tab. The access token is in memory only. The refresh token is a cookie that scripts
// cannot read; over HTTP to other hosts than loopback there are none, and the answer has the token itself,
// which then stays in memory and ends with the page.

import { ApiProblem, problemOf } from '../api/problem';
import type { components } from '../api/schema';
import { type Claims, readClaims } from './claims';

type Schemas = components['schemas'];
type Tokens = Schemas['TokenPair'];

/** An address, its password, and which tenant is meant if it has accounts of several. */
export type Account = Schemas['Account'];
export type Enrolment = Schemas['Enrolment'];

export type SessionState = 'unknown' | 'out' | 'in';

/** How long before its end a token is replaced, in milliseconds. */
const EARLY = 30_000;
const LOCK = 'footfall-session';
const CHANNEL = 'footfall-session';
const NO_CODES: readonly string[] = [];

class Session {
  #token: string | null = null;
  #claims: Claims | null = null;
  #expires = 0;
  #refreshToken: string | null = null;
  #cookies = true;
  #state: SessionState = 'unknown';
  #recoveryCodes = NO_CODES;
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

  /** The recovery codes of a second factor that the login confirmed, until they are stored. */
  get recoveryCodes(): readonly string[] {
    return this.#recoveryCodes;
  }

  /** What a request that begins a session says of where its refresh token is kept. */
  get storage(): { session?: Schemas['SessionStorage'] } {
    return this.#cookies ? { session: 'cookie' } : {};
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Continues the session of this browser, if it has one. */
  async restore(): Promise<void> {
    if (!(await this.refresh())) this.#end();
  }

  /**
   * Begins a session; `code` is that of the second factor. Throws `second_factor_required` without a needed
   * code, and `second_factor_missing` if a factor has to be set up first.
   */
  async login(account: Account, code?: string): Promise<void> {
    const answer = await this.#enter('/v1/auth/login', { ...account, ...(code ? { code } : {}) });
    this.#recoveryCodes = answer.recovery_codes ?? NO_CODES;
    this.#take(answer);
  }

  /** Makes a second factor, which the next login with a code confirms. */
  async enrol(account: Account): Promise<Enrolment> {
    const response = await post('/v1/auth/second-factor', account);
    if (!response.ok) throw await problemOf(response);
    return (await response.json()) as Enrolment;
  }

  async removeFactor(account: Account, code: string): Promise<void> {
    const response = await post('/v1/auth/second-factor/removal', { ...account, code });
    if (!response.ok) throw await problemOf(response);
  }

  /** Sets the password with the token of an invitation or of a reset, and begins a session. */
  async accept(token: string, password: string): Promise<void> {
    this.#take(await this.#enter('/v1/auth/invitations/accept', { token, password }));
  }

  /** Continues with the session of an answer that has ended all others. */
  continueWith(tokens: Tokens): void {
    this.#take(tokens);
  }

  readonly recoveryCodesStored = (): void => {
    this.#recoveryCodes = NO_CODES;
    this.#notify();
  };

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
    // This page can have no cookie: the API demands the token in the body.
    if (response.status === 422) this.#cookies = false;
    if (response.status === 429 || response.status >= 500) throw await problemOf(response);
    this.#end();
    return false;
  }

  async #enter(path: string, body: object): Promise<Schemas['LoggedIn']> {
    // The first refresh shows whether this page can have a cookie.
    if (this.#state === 'unknown') await this.refresh();
    const response = await post(path, { ...body, ...this.storage });
    if (!response.ok) throw await problemOf(response);
    this.#channel?.postMessage('in');
    return (await response.json()) as Schemas['LoggedIn'];
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
    this.#recoveryCodes = NO_CODES;
    this.#set('out');
  }

  #set(state: SessionState): void {
    this.#state = state;
    this.#notify();
  }

  #notify(): void {
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
