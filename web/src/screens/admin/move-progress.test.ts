import { expect, test } from 'vitest';
import { comparedOf, courseOf, isFinished, logOf, type Step } from './move-progress';

const step = (name: string, counts: Record<string, unknown>, times: Partial<Step> = {}): Step => ({
  step: name,
  counts: counts as Record<string, never>,
  ...times,
});

test('a step that compares nothing has no rows', () => {
  expect(comparedOf(step('prepare', { migrations: 3 }))).toBeUndefined();
  expect(comparedOf(step('verify', { pass: 0, total_rows: 0 })), 'no pass has begun').toBeUndefined();
});

test('parts that differ count after the copy only: before it everything differs', () => {
  const counts = { pass: 1, total_rows: 90, compared_rows: 40, copied_rows: 40, differences: 4 };
  expect(comparedOf(step('copy', counts))).toEqual({ rows: 40, of: 90, copied: 40 });
  expect(comparedOf(step('verify', counts))).toEqual({ rows: 40, of: 90, copied: 40, differences: 4 });
});

test('the log has each begin and end, the latest first', () => {
  const at = (second: number) => `2026-11-29T12:00:0${second}Z`;
  const steps = [
    step('prepare', {}, { started_at: at(1), finished_at: at(2) }),
    step('cut', {}, { started_at: at(2), finished_at: at(2) }),
    step('copy', {}, { started_at: at(3) }),
    step('verify', {}),
  ];
  const place = { isolation: 'shared', cluster: 'shared' } as const;
  const move = {
    tenant: 'acme',
    state: 'moving',
    from: place,
    to: place,
    begun_by: 'somebody',
    begun_at: at(0),
    may_back_out: true,
    steps,
  } as const;
  expect(logOf({ ...move, steps }).map(({ kind, step: of }) => `${kind} ${of ?? ''}`.trim())).toEqual([
    'started copy',
    'finished cut',
    'started cut',
    'finished prepare',
    'started prepare',
    'begun',
  ]);
  const ended = { ...move, steps, state: 'backed_out', ended_at: at(4) } as const;
  expect(logOf(ended)[0]).toEqual({ at: at(4), kind: 'backed_out' });
});

test('a move that is taken back is as far as its way back, whatever had begun before', () => {
  const finished = { started_at: '2026-11-29T12:00:00Z', finished_at: '2026-11-29T12:00:01Z' };
  const forward = [step('prepare', {}, finished), step('cut', {}, finished), step('copy', {})];
  const back = [step('flip_back', {}, finished), step('uncut', {}), step('remove', {})];
  expect(courseOf({ state: 'moving', steps: forward })).toEqual(forward);
  const course = courseOf({ state: 'backing_out', steps: [...forward, ...back] });
  expect(course).toEqual(back);
  expect(course.filter(isFinished)).toHaveLength(1);
});
