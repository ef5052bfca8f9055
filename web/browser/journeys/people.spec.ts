import { enter } from '../console/login';
import { settled, table } from '../console/read';
import { expect, type Page, test } from '../console/test';
import { keys, onboard } from '../platform/onboard';
import { tokenOf } from '../platform/rest';
import { codeOf, stepOfNow } from '../platform/totp';
import { PASSWORD, readWorld } from '../platform/world';

const OTHER_PASSWORD = 'another sentence that is long';

/** A session that was ended is noticed within seconds, without a reload. */
const ENDED_WITHIN = 20_000;

const shop = `people-${Date.now().toString(36)}`;
const [OWNER = '', ANALYST = ''] = ['owner', 'analyst'].map((name) => `${name}@${shop}.example`);

test.beforeAll(async () => {
  const { admin } = readWorld();
  await onboard(await tokenOf(admin.email, admin.password), {
    id: shop,
    name: 'The Guild',
    isolation: 'shared',
    cluster: 'shared',
    time_zone: 'UTC',
    currency: 'EUR',
    users: [
      { email: OWNER, role: 'owner' },
      { email: ANALYST, role: 'analyst' },
    ],
    keys,
  });
});

const loggedIn = (page: Page) => expect(page.getByRole('navigation')).toBeVisible();

const loggedOut = (page: Page) =>
  expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible({ timeout: ENDED_WITHIN });

const refused = (page: Page) =>
  expect(page.getByRole('alert')).toHaveText('The address or the password is wrong.');

/** Opens the account, and returns the rows of its sessions. */
async function account(page: Page) {
  await page.getByRole('link', { name: 'Account' }).click();
  await settled(page);
  return table(page, 'Sessions')
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader') });
}

test('sessions are ended one by one or all at once, and a logout ends the own one in each tab', async ({
  visit,
}) => {
  const others = [];
  for (let count = 0; count < 2; count += 1) others.push(await visit({ as: ANALYST }));
  for (const other of others) await loggedIn(other);
  const page = await visit({ as: ANALYST });
  const sessions = await account(page);
  await expect(sessions, 'that of the invitation, too').toHaveCount(4);

  await sessions.getByRole('button', { name: 'End', exact: true }).first().click();
  await expect(sessions).toHaveCount(3);
  await page.getByRole('button', { name: 'End all others' }).click();
  await expect(sessions).toHaveCount(1);
  await expect(sessions).toContainText('this one');
  for (const other of others) await loggedOut(other);

  const tab = await page.context().newPage();
  await tab.goto('/console/');
  await loggedIn(tab);
  await page.getByRole('button', { name: 'Log out' }).click();
  await loggedOut(page);
  await loggedOut(tab);
  await tab.reload();
  await loggedOut(tab);
});

test('a changed password ends all other sessions, and is the only one from then on', async ({ visit }) => {
  const page = await visit({ as: ANALYST });
  const other = await visit({ as: ANALYST });
  await loggedIn(other);
  const sessions = await account(page);
  await page.getByLabel('Current password').fill(PASSWORD);
  await page.getByLabel('New password').fill(OTHER_PASSWORD);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.getByText('The password was changed.')).toBeVisible();
  await expect(sessions).toHaveCount(1);
  await page.reload();
  await loggedIn(page);

  await loggedOut(other);
  await enter(other, ANALYST);
  await refused(other);
  await enter(other, ANALYST, OTHER_PASSWORD);
  await loggedIn(other);
});

test('an owner makes a link with which another password is chosen, once', async ({ visit }) => {
  const owner = await visit({ as: OWNER });
  await owner.getByRole('link', { name: 'Users' }).click();
  await owner.getByRole('button', { name: `Reset the password: ${ANALYST}` }).click();
  const dialog = owner.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Reset the password' }).click();
  await expect(dialog.getByRole('heading')).toHaveText('The reset');
  const link = (await dialog.locator('code').textContent()) ?? '';

  const page = await visit();
  await enter(page, ANALYST, OTHER_PASSWORD);
  await refused(page);
  await page.goto(link);
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await loggedIn(page);

  const late = await visit();
  await late.goto(link);
  await late.getByLabel('New password').fill(OTHER_PASSWORD);
  await late.getByRole('button', { name: 'Set the password' }).click();
  await expect(late.getByRole('alert')).toBeVisible();
  await late.goto('/console/');
  await enter(late, ANALYST, OTHER_PASSWORD);
  await refused(late);
});

test('a second factor is set up, asked for at each login, and a recovery code replaces it once', async ({
  visit,
}) => {
  const page = await visit({ as: OWNER });
  await account(page);
  await page.getByLabel('E-mail address').fill(OWNER);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Set up or remove' }).click();
  await page.getByRole('button', { name: 'Set up an authenticator' }).click();
  const secret = (await page.locator('main code').textContent()) ?? '';
  const step = stepOfNow();
  await page.getByRole('textbox', { name: 'Code' }).fill(codeOf(secret, step));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await expect(page.getByRole('heading', { name: 'Recovery codes' })).toBeVisible();
  const [recovery = ''] = ((await page.locator('main code').textContent()) ?? '').split('\n');
  await page.getByRole('checkbox', { name: 'I stored them' }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await loggedIn(page);

  const login = async (code: string) => {
    const other = await visit();
    await enter(other, OWNER);
    await expect(other.getByRole('heading', { name: 'Second factor' })).toBeVisible();
    await other.getByRole('textbox', { name: 'Code' }).fill(code);
    await other.getByRole('button', { name: 'Log in' }).click();
    return other;
  };
  const wrong = (other: Page) => expect(other.getByRole('alert')).toContainText('The code is wrong');
  await wrong(await login(codeOf(secret, step)));
  await loggedIn(await login(codeOf(secret, step + 1)));
  await loggedIn(await login(recovery));
  await wrong(await login(recovery));
});
