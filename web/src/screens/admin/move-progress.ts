// How far a move is, read from the counts of its steps.

import type { components } from '../../api/schema';

type Move = components['schemas']['MoveView'];
export type Step = Move['steps'][number];

/** The rows of a comparison: of the copy, or of both sides. */
export interface Compared {
  rows: number;
  of: number;
  copied: number;
  /** How many parts of the rows differed; `undefined` for a copy, before which everything differs. */
  differences?: number;
}

const VERIFYING = ['verify', 'flip', 'verify_again'];

/** Returns what a step has compared; `undefined` if it compares nothing, or has not begun to. */
export function comparedOf({ step, counts }: Step): Compared | undefined {
  const count = (name: string) => {
    const value = (counts as Record<string, unknown>)[name];
    return typeof value === 'number' ? value : undefined;
  };
  const [of, pass] = [count('total_rows'), count('pass')];
  if (of === undefined || !pass) return undefined;
  const compared = { rows: count('compared_rows') ?? 0, of, copied: count('copied_rows') ?? 0 };
  return VERIFYING.includes(step) ? { ...compared, differences: count('differences') ?? 0 } : compared;
}

const WAY_BACK = ['flip_back', 'uncut', 'remove'];

/** Returns the steps that lead to the end of a move: of one that is taken back, those of the way back. */
export function courseOf({ state, steps }: Pick<Move, 'state' | 'steps'>): Step[] {
  const back = state === 'backing_out' || state === 'backed_out';
  return steps.filter(({ step }) => !back || WAY_BACK.includes(step));
}

export const isFinished = ({ finished_at: finished }: Step): boolean => Boolean(finished);

/** What happened in a move. */
export interface Happened {
  at: string;
  kind: 'begun' | 'started' | 'finished' | 'moved' | 'backed_out';
  step?: string;
}

/** Returns the log of a move, the latest first. */
export function logOf({ begun_at: begun, ended_at: ended, state, steps }: Move): Happened[] {
  const log: Happened[] = [{ at: begun, kind: 'begun' }];
  for (const { step, started_at: started, finished_at: finished } of steps) {
    if (started) log.push({ at: started, kind: 'started', step });
    if (finished) log.push({ at: finished, kind: 'finished', step });
  }
  if (ended) log.push({ at: ended, kind: state === 'backed_out' ? 'backed_out' : 'moved' });
  // The sort is stable: of one moment, what is listed later happened later.
  return log.sort((one, other) => Date.parse(one.at) - Date.parse(other.at)).reverse();
}
