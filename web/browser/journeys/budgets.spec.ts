import { get } from 'node:http';
import { settled } from '../console/read';
import { SCREENS, viewer } from '../console/screens';
import { expect, type Page, test } from '../console/test';
import { API } from '../platform/addresses';

const kB = 1000;

/** Returns how many bytes the api sends of a file, compressed with gzip. */
function gzipped(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(new URL(path, API), { headers: { 'Accept-Encoding': 'gzip' } }, (response) => {
      expect(response.headers['content-encoding'], path).toBe('gzip');
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve(bytes));
    });
    request.on('error', reject);
  });
}

/** Returns the files that a page loads, as their paths, from now on. */
function loading(page: Page): Set<string> {
  const paths = new Set<string>();
  page.context().on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (/^\/console\/.*\.(js|css)$/.test(pathname)) paths.add(pathname);
  });
  return paths;
}

async function sum(paths: Iterable<string>): Promise<number> {
  const sizes = await Promise.all([...paths].map(gzipped));
  return sizes.reduce((total, size) => total + size, 0);
}

test('the files that a browser loads stay within their budgets', async ({ visit, world }) => {
  const first = await visit();
  const initial = loading(first);
  await first.reload();
  await settled(first);
  const script = (path: string) => path.endsWith('.js');
  const begins = new Set(initial);
  expect(await sum([...begins].filter(script)), 'initial JavaScript').toBeLessThanOrEqual(130 * kB);

  const all = new Set(begins);
  for (const as of ['owner', 'parker', 'admin'] as const) {
    const page = await visit(viewer({ name: '', path: '', as }, world));
    const loaded = loading(page);
    for (const screen of SCREENS.filter((one) => one.as === as && !one.act)) {
      await page.goto(`/console/${screen.path}`);
      await settled(page);
    }
    for (const path of loaded) all.add(path);
  }
  const lazy = [...all].filter((path) => script(path) && !begins.has(path));
  expect(lazy.length).toBeGreaterThan(20);
  for (const path of lazy) expect(await gzipped(path), path).toBeLessThanOrEqual(30 * kB);
  expect(await sum([...all].filter((path) => !script(path))), 'all CSS').toBeLessThanOrEqual(12 * kB);
});
