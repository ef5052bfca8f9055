// Appends what was measured to the table of docs/performance.md, as tests/bench does.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const REPO = new URL('../../../', import.meta.url).pathname;
const FILE = `${REPO}docs/performance.md`;
const HEAD = '## console\n';

const git = (...words: string[]) => execFileSync('git', words, { cwd: REPO, encoding: 'utf8' }).trim();

/** Appends a row of figures, which are in the order of the columns, behind what all tables have. */
export function record(load: string, figures: readonly string[]): void {
  const text = readFileSync(FILE, 'utf8');
  const section = text.indexOf(HEAD);
  if (section === -1) throw new Error(`${FILE} has no section of the console`);
  const next = text.indexOf('\n## ', section + HEAD.length);
  const end = text.slice(0, next === -1 ? undefined : next).trimEnd().length;
  const commit = git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, release build`;
  const date = new Date().toISOString().slice(0, 10);
  const row = ['', date, commit, 'footfall', `${machine}; ${load}`, ...figures, ''].join(' | ').trim();
  writeFileSync(FILE, `${text.slice(0, end)}\n${row}${text.slice(end)}`);
}
