import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { settled, tile } from '../console/read';
import { expect, test } from '../console/test';

const run = promisify(execFile);

const TIERS = [
  { tier: 'shared', title: 'Shared tables', cluster: 'shared', place: 'the shared tables of cluster shared' },
  {
    tier: 'schema',
    title: 'Own database',
    cluster: 'shared',
    place: 'A database of its own on cluster shared',
  },
  {
    tier: 'dedicated',
    title: 'Own server',
    cluster: 'dedicated',
    place: 'Cluster dedicated, for nobody else',
  },
];

for (const { tier, title, cluster, place } of TIERS) {
  test(`an admin onboards a tenant (${tier}), and its owner sends the first event`, async ({
    visit,
    world,
  }) => {
    const id = `new-${tier}`;
    const admin = await visit({ as: world.admin.email, password: world.admin.password });
    await admin.getByRole('link', { name: 'Onboard a tenant' }).first().click();
    await admin.getByLabel('Name').fill(`New in ${tier}`);
    await admin.getByLabel('Id', { exact: true }).fill(id);
    await admin.getByRole('radio', { name: title }).check();
    // It is a text while the clusters are not known.
    await admin.getByRole('combobox', { name: 'Cluster' }).selectOption(cluster);
    await admin.getByLabel('Time zone').fill('Europe/Berlin');
    await admin.getByLabel('Currency').fill('EUR');
    await admin.getByLabel('Address of the first owner').fill(`owner@${id}.example`);
    const plan = admin.getByRole('region', { name: 'What will be made' });
    await expect(plan).toContainText(place);
    await expect(plan).toContainText(`owner@${id}.example`);
    await admin.getByRole('button', { name: 'Onboard', exact: true }).click();
    await expect(admin.getByRole('heading', { name: `New in ${tier} is ready` })).toBeVisible();
    const secrets = await admin.locator('main code').allTextContents();
    const key = secrets.find((secret) => secret.startsWith('ff_collect_')) ?? '';
    const link = secrets.find((secret) => secret.includes('/console/invitation')) ?? '';
    await admin.getByRole('link', { name: 'Open the tenant' }).click();
    await expect(admin.getByRole('heading', { name: `New in ${tier}`, level: 1 })).toBeVisible();
    await expect(admin.getByText(title)).toBeVisible();

    const owner = await visit();
    await owner.goto(link);
    await owner.getByLabel('New password').fill('the first password of this owner');
    await owner.getByRole('button', { name: 'Set the password' }).click();
    await expect(owner.getByText('No event has arrived yet')).toBeVisible();
    await owner.getByRole('link', { name: 'How to send events' }).click();
    await expect(owner.getByText('Waiting for the first event')).toBeVisible();

    // What the screen says is run as it is, with the secret that the admin was shown.
    const command = (await owner.locator('pre').textContent()) ?? '';
    expect(command).toContain(`the secret of ${key.split('_')[2]}.`);
    const { stdout } = await run('sh', ['-c', command], { env: { ...process.env, COLLECT_KEY: key } });
    expect(JSON.parse(stdout).counts.accepted).toBe(1);
    await expect(owner.getByText('Events arrive: 1 today')).toBeVisible();

    await owner.getByRole('link', { name: 'Live', exact: true }).click();
    await settled(owner);
    await expect(owner.getByText('No event has arrived yet')).toHaveCount(0);
    await expect(tile(owner, 'Orders')).toHaveText('0');
  });
}
