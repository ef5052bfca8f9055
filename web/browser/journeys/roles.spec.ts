import { expect, test } from '../console/test';
import { FOREIGN_CAMPAIGN, NORTHWIND, type World } from '../platform/world';

const REPORTS = ['Live', 'Explore', 'Campaigns', 'Funnels', 'Retention', 'Sessions', 'Files and schedules'];
const SETUP = [
  'Sending events',
  'Rejects',
  'Parked events',
  'API keys',
  'Users',
  'Advertisers',
  'Usage',
  'Audit log',
];
const PLATFORM = ['Tenants', 'Onboard a tenant', 'Clusters', 'Audit log'];
const MISSING = 'There is nothing here';

interface Role {
  role: string;
  as: (world: World) => { as: string; password?: string };
  menu: string[];
  /** Screens that others have, and a campaign of another tenant. */
  foreign: string[];
}

const ROLES: Role[] = [
  {
    role: 'an owner',
    as: () => ({ as: NORTHWIND.owner }),
    menu: [...REPORTS, ...SETUP],
    foreign: [`campaigns/${FOREIGN_CAMPAIGN}`, 'admin/tenants', 'admin/tenants/quay', 'admin/clusters'],
  },
  {
    role: 'an analyst',
    as: () => ({ as: NORTHWIND.analyst }),
    menu: [...REPORTS, 'Rejects'],
    foreign: [`campaigns/${FOREIGN_CAMPAIGN}`, 'users', 'keys', 'audit', 'admin/tenants'],
  },
  {
    role: 'an advertiser',
    as: () => ({ as: NORTHWIND.advertiser }),
    menu: REPORTS,
    // The last one is of another advertiser of the same shop.
    foreign: [`campaigns/${FOREIGN_CAMPAIGN}`, 'users', 'rejects', 'admin/tenants', 'campaigns/lumen-home'],
  },
  {
    role: 'an admin',
    as: ({ admin }) => ({ as: admin.email, password: admin.password }),
    menu: PLATFORM,
    foreign: ['live', 'explore', 'campaigns/alpine-boots', 'rejects', 'admin/tenants/nobody'],
  },
];

for (const { role, as, menu, foreign } of ROLES) {
  test(`${role} has the menu of the role, and what is foreign looks missing`, async ({ visit, world }) => {
    const page = await visit(as(world));
    const links = page.getByRole('complementary').getByRole('navigation').getByRole('link');
    await expect(links).toHaveText(menu);
    for (const path of foreign) {
      await page.goto(`/console/${path}`);
      await expect(page.getByRole('heading', { name: MISSING }), path).toBeVisible();
    }
  });
}

test('an advertiser sees its own campaigns and nothing else', async ({ visit }) => {
  const page = await visit({ as: NORTHWIND.advertiser, path: 'campaigns' });
  const names = page.getByRole('table', { name: 'Campaigns' }).getByRole('rowheader');
  await expect(names).toHaveCount(2);
  expect((await names.allTextContents()).sort()).toEqual(['Alpine boots', 'Alpine winter collection']);
});
