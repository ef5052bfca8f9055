import { get } from 'node:http';
import { settled } from '../console/read';
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

/** Returns the paths of the files whose names are in a file: what it may load. */
async function named(path: string): Promise<string[]> {
  const text = await (await fetch(new URL(path, API))).text();
  const names = text.match(/[\w.-]+-[\w-]{8}\.(?:js|css)\b/g) ?? [];
  return names.map((name) => `/console/assets/${name}`);
}

async function sum(paths: Iterable<string>): Promise<number> {
  const sizes = await Promise.all([...paths].map(gzipped));
  return sizes.reduce((total, size) => total + size, 0);
}

test('the files that a browser loads stay within their budgets', async ({ visit }) => {
  const first = await visit();
  const initial = loading(first);
  await first.reload();
  await settled(first);
  const script = (path: string) => path.endsWith('.js');
  const begins = new Set(initial);
  expect(await sum([...begins].filter(script)), 'initial JavaScript').toBeLessThanOrEqual(130 * kB);

  const all = new Set(begins);
  // What is added meanwhile is looked at, too.
  for (const path of all) for (const other of await named(path)) all.add(other);
  const lazy = [...all].filter((path) => script(path) && !begins.has(path));
  expect(lazy.length).toBeGreaterThan(40);
  for (const path of lazy) expect(await gzipped(path), path).toBeLessThanOrEqual(30 * kB);
  expect(await sum([...all].filter((path) => !script(path))), 'all CSS').toBeLessThanOrEqual(12 * kB);
});
