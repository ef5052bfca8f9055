import type { CSSProperties, ReactNode } from 'react';
import { type ApiProblem, asProblem } from '../api/problem';
import { locale } from '../data/me';
import { formatChange } from '../format/values';
import { text } from '../text/en';
import { Button, classes } from './controls';
import css from './states.module.css';

/** A place holder with the size of what is loading, so that nothing moves when it arrives. */
export function Skeleton({ height, width }: { height?: number; width?: string }) {
  if (height === undefined) return <span className={classes(css.skeleton, css.text)} aria-hidden="true" />;
  const size: CSSProperties = { height };
  if (width) size.width = width;
  return <div className={css.skeleton} style={size} aria-hidden="true" />;
}

/** An announcement for screen readers only. */
export function Loading() {
  return (
    <span className="visually-hidden" role="status">
      {text.loading}
    </span>
  );
}

export function problemTitle(problem: ApiProblem): string {
  if (problem.code === 'network') return text.problems.network;
  if (problem.code === 'permission_denied') return text.problems.denied;
  if (problem.status === 404) return text.problems.missing;
  return problem.title || text.problems.unexpected;
}

function problemDetail(problem: ApiProblem): string {
  if (problem.code === 'network') return text.problems.networkDetail;
  if (problem.status === 404) return text.problems.missingDetail;
  return problem.message;
}

/** What went wrong, with all that support needs, and a way to try again. */
export function ErrorBox({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = asProblem(error);
  return (
    <div className={classes(css.notice, css.bad)} role="alert">
      <h2>{problemTitle(problem)}</h2>
      {problemDetail(problem) && <p>{problemDetail(problem)}</p>}
      {problem.errors.length > 0 && (
        <ul>
          {problem.errors.map(({ pointer, reason }) => (
            <li key={pointer + reason}>
              <code>{pointer}</code> {reason}
            </li>
          ))}
        </ul>
      )}
      {problem.requestId && (
        <p className="soft">
          {text.problems.requestId} <code>{problem.requestId}</code>
        </p>
      )}
      {retry && <Button onClick={retry}>{text.retry}</Button>}
    </div>
  );
}

/** Nothing is here yet: says what to do next. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={classes(css.notice, css.centre)}>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** A number. Not loaded is a place holder, and undefined is a dash with its reason. */
export function Value({ shown }: { shown: { text: string; reason?: string } | undefined }) {
  if (!shown || shown.text === '') return <Skeleton />;
  if (!shown.reason) return <span className="number">{shown.text}</span>;
  return (
    <span className={css.dash} title={shown.reason}>
      <span aria-hidden="true">{shown.text}</span>
      <span className="visually-hidden">{shown.reason}</span>
    </span>
  );
}

/** Metrics of which less is better. */
const LESS_IS_BETTER = new Set([
  'cpc',
  'cpm',
  'cpo',
  'acos',
  'tacos',
  'refunds',
  'refund_amount',
  'refund_rate',
  'cart_removals',
  'units_refunded',
]);

export function Change({ metric, change }: { metric: string; change: number | null | undefined }) {
  if (change === undefined) return <Skeleton />;
  if (change === null)
    return <Value shown={{ text: formatChange(null, locale), reason: text.values.noChange }} />;
  const better = LESS_IS_BETTER.has(metric) ? change < 0 : change > 0;
  // What advertisers pay is neither good nor bad.
  const neutral = change === 0 || metric === 'spend';
  return (
    <span className={classes('number', neutral ? undefined : better ? css.up : css.down)}>
      {formatChange(change, locale)}
    </span>
  );
}

/** Shows the former answer faintly while the next one loads. */
export function Stale({ when, children }: { when: boolean; children: ReactNode }) {
  return (
    <div className={when ? css.stale : undefined} aria-busy={when}>
      {children}
    </div>
  );
}
