// Fails if the built console is larger than its budgets. Sizes are in bytes; JavaScript and CSS are gzipped.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

const dist = new URL('../dist', import.meta.url).pathname;
const kB = 1000;
const budgets = { initialScript: 130 * kB, style: 12 * kB, route: 30 * kB, dist: 700 * kB };

const files = new Map();
for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath, entry.name);
  files.set(relative(dist, path), (await stat(path)).size);
}

const gzipped = (name) => files.get(`${name}.gz`) ?? 0;
const html = await readFile(join(dist, 'index.html'), 'utf8');
const initial = new Set([...html.matchAll(/(?:src|href)="\/console\/([^"]+)"/g)].map((match) => match[1]));
const scripts = [...files.keys()].filter((name) => name.endsWith('.js'));
const styles = [...files.keys()].filter((name) => name.endsWith('.css'));
const sum = (names) => names.reduce((total, name) => total + gzipped(name), 0);

const measured = [
  ['initial JavaScript', sum(scripts.filter((name) => initial.has(name))), budgets.initialScript],
  ['all CSS', sum(styles), budgets.style],
  ...scripts
    .filter((name) => !initial.has(name))
    .map((name) => [`lazy ${name}`, gzipped(name), budgets.route]),
  [
    'dist, uncompressed',
    [...files].filter(([name]) => !/\.(br|gz)$/.test(name)).reduce((total, [, size]) => total + size, 0),
    budgets.dist,
  ],
];

let over = 0;
for (const [what, size, budget] of measured) {
  const failed = size > budget;
  if (failed) over += 1;
  console.log(
    `${failed ? 'OVER ' : 'ok   '} ${(size / kB).toFixed(1).padStart(7)} of ${budget / kB} kB  ${what}`,
  );
}
console.log(`${measured.length - over} passed, ${over} failed`);
process.exitCode = over === 0 ? 0 : 1;
