import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { session } from '../session/session';
import { accountOf } from './account';

const tokens = (name: string) => ({
  access_token: `${name}.${btoa(JSON.stringify({ sub: 'user:1', role: 'owner' }))}.signature`,
  token_type: 'Bearer',
  expires_in: 900,
  refresh_expires_at: '2026-12-28T12:00:00Z',
});

let asked: { line: string; token: string | undefined; body: unknown }[];

beforeEach(async () => {
  asked = [];
  vi.stubGlobal('BroadcastChannel', undefined);
  vi.stubGlobal('fetch', async (input: string | Request, init?: RequestInit) => {
    const request = new Request(new URL(input instanceof Request ? input.url : input, 'http://localhost'), {
      ...(input instanceof Request ? { method: input.method, headers: input.headers } : init),
      body: input instanceof Request ? (await input.text()) || null : (init?.body ?? null),
    });
    const path = new URL(request.url).pathname;
    const body = await request.text();
    asked.push({
      line: `${request.method} ${path}`,
      token: request.headers.get('authorization')?.split(/[ .]/)[1],
      body: body === '' ? null : JSON.parse(body),
    });
    if (path.endsWith('/refresh')) return Response.json(tokens('first'));
    if (path.endsWith('/password')) return Response.json(tokens('second'));
    return request.method === 'DELETE' ? new Response(null, { status: 204 }) : Response.json({ data: [] });
  });
  await session.restore();
});
afterEach(() => vi.unstubAllGlobals());

test('after a change of the password the page continues with the session of the answer', async () => {
  const account = accountOf(false);
  await account.changePassword('former password', 'another password');
  await account.sessions();
  expect(asked.slice(1)).toEqual([
    {
      line: 'PUT /v1/me/password',
      token: 'first',
      body: { current_password: 'former password', password: 'another password', session: 'cookie' },
    },
    { line: 'GET /v1/me/sessions', token: 'second', body: null },
  ]);
});

test('admins have their sessions elsewhere', async () => {
  const account = accountOf(true);
  await account.endSession('0198c5f4');
  await account.endOthers();
  expect(asked.slice(1).map(({ line }) => line)).toEqual([
    'DELETE /v1/admin/me/sessions/0198c5f4',
    'DELETE /v1/admin/me/sessions',
  ]);
});
