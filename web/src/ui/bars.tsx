import type { CSSProperties, ReactNode } from 'react';
import { locale } from '../data/me';
import { formatCount } from '../format/values';
import css from './bars.module.css';

export interface Bar {
  key: string;
  label: string;
  count: number;
  note?: ReactNode;
}

/** Steps with their counts as bars; the first is the longest unless a later one is larger. */
export function Bars({ bars }: { bars: readonly Bar[] }) {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return (
    <ol className={css.steps}>
      {bars.map(({ key, label, count, note }) => (
        <li key={key} className={css.step}>
          <span>{label}</span>
          <div className={css.track} aria-hidden="true">
            <div className={css.fill} style={{ '--share': count / most } as CSSProperties} />
          </div>
          <span className={css.count}>{formatCount(count, locale)}</span>
          {note && <span className={css.rates}>{note}</span>}
        </li>
      ))}
    </ol>
  );
}
