import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const claims = btoa(JSON.stringify({ sub: 'user:1', role: 'owner', client_id: 'northwind' }));
const tokens = {
  access_token: `head.${claims}.signature`,
  token_type: 'Bearer',
  expires_in: 900,
  refresh_expires_at: '2026-12-28T12:00:00Z',
};
const problem = (status: number, code: string) => [status, { code, title: code, detail: code }] as const;
const account = { email: 'anna@northwind.example', password: 'correct horse battery' };

let answers: (readonly [number, object])[];
let asked: { path: string; body: Record<string, unknown> }[];

/** Returns the session of a new page, to which the API gives these answers in turn. */
async function page(...given: (readonly [number, object])[]) {
  answers = given;
  vi.resetModules();
  return (await import('./session')).session;
}

beforeEach(() => {
  asked = [];
  vi.stubGlobal('BroadcastChannel', undefined);
  vi.stubGlobal('fetch', async (path: string, { body }: { body: string }) => {
    asked.push({ path, body: JSON.parse(body) });
    const [status, answer] = answers.shift() ?? problem(500, 'internal');
    return Response.json(answer, { status });
  });
});
afterEach(() => vi.unstubAllGlobals());

test('a login keeps its session in a cookie', async () => {
  const session = await page(problem(401, 'credential_missing'), [200, tokens]);
  await session.restore();
  await session.login({ ...account, tenant: 'northwind' });
  expect(session.state).toBe('in');
  expect(asked[1]).toEqual({
    path: '/v1/auth/login',
    body: { ...account, tenant: 'northwind', session: 'cookie' },
  });
});

test('a page that can have no cookie keeps the token itself', async () => {
  const session = await page(
    problem(422, 'invalid_field'),
    [200, { ...tokens, refresh_token: 'ffr_1' }],
    [200, { ...tokens, refresh_token: 'ffr_2' }],
  );
  await session.login(account);
  await session.refresh();
  expect(asked.map(({ body }) => body)).toEqual([{}, account, { refresh_token: 'ffr_1' }]);
});

test('a login without a needed code fails, and the same login with the code succeeds', async () => {
  const session = await page(problem(401, 'credential_missing'), problem(401, 'second_factor_required'), [
    200,
    tokens,
  ]);
  await expect(session.login(account)).rejects.toMatchObject({ code: 'second_factor_required' });
  expect(session.state).toBe('out');
  await session.login(account, '123456');
  expect(asked[2]?.body).toEqual({ ...account, code: '123456', session: 'cookie' });
  expect(session.state).toBe('in');
});

test('recovery codes are kept until they are stored', async () => {
  const session = await page(problem(401, 'credential_missing'), [
    200,
    { ...tokens, recovery_codes: ['abcd-efgh-ijkl-mnop'] },
  ]);
  let notified = 0;
  session.watch(() => {
    notified += 1;
  });
  await session.login(account, '123456');
  expect(session.recoveryCodes).toEqual(['abcd-efgh-ijkl-mnop']);
  const before = notified;
  session.recoveryCodesStored();
  expect(session.recoveryCodes).toEqual([]);
  expect(notified).toBe(before + 1);
});

test('an invitation and a reset are accepted alike, and may need a login afterwards', async () => {
  const session = await page(problem(401, 'credential_missing'), problem(401, 'second_factor_required'), [
    200,
    tokens,
  ]);
  await expect(session.accept('ffi_1', account.password)).rejects.toMatchObject({
    code: 'second_factor_required',
  });
  await session.accept('ffi_2', account.password);
  expect(asked[2]).toEqual({
    path: '/v1/auth/invitations/accept',
    body: { token: 'ffi_2', password: account.password, session: 'cookie' },
  });
});

test('a session that has ended is out, and one that cannot be asked is not', async () => {
  const session = await page([200, tokens], problem(503, 'unavailable'), problem(401, 'credential_invalid'));
  await session.restore();
  await expect(session.refresh()).rejects.toMatchObject({ code: 'unavailable' });
  expect(session.state).toBe('in');
  await session.refresh();
  expect(session.state).toBe('out');
});
