import { useEffect, useRef } from 'react';
import { metricLabel, useShow } from '../../data/catalogue';
import type { MetricValue } from '../../format/values';
import { changeOf } from '../../live/board';
import { text } from '../../text/en';
import { Change, Value } from '../../ui/states';
import css from './live.module.css';

export interface Tile {
  metric: string;
  /** `undefined` while loading. */
  value: MetricValue;
  earlier: MetricValue;
}

/** Today's numbers, with their change against yesterday to the same time. */
export function Tiles({ tiles, loading }: { tiles: readonly Tile[]; loading: boolean }) {
  return (
    <dl className={css.tiles} aria-busy={loading}>
      {tiles.map(({ metric, value, earlier }) => (
        <div key={metric} className={css.tile}>
          <dt>{metricLabel(metric)}</dt>
          <dd className={css.value}>
            <Moving metric={metric} value={value} />
          </dd>
          <dd className={css.change} title={text.live.against}>
            <Change metric={metric} change={loading ? undefined : changeOf(value, earlier)} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** A number that lights up for a moment when it changes. */
export function Moving({ metric, value }: { metric: string; value: MetricValue }) {
  const show = useShow();
  const shown = show(metric, value);
  const before = useRef(shown.text);
  const moved = before.current !== '' && before.current !== shown.text;
  useEffect(() => {
    before.current = shown.text;
  }, [shown.text]);
  return (
    <span key={shown.text} className={moved ? css.moved : undefined}>
      <Value shown={shown} />
    </span>
  );
}
