import {
  type CSSProperties,
  type KeyboardEvent,
  lazy,
  type ReactNode,
  Suspense,
  useMemo,
  useRef,
  useState,
} from 'react';
import { locale } from '../data/me';
import { axisTicks, bucketLabels, type Granularity } from '../format/buckets';
import type { MetricValue } from '../format/values';
import { useWidth } from '../hooks/use-width';
import { text } from '../text/en';
import css from './chart.module.css';
import { useColours } from './colours';
import { Button } from './controls';
import type { PlotMark } from './plot';
import { Skeleton, Value } from './states';
import { type Column, Table } from './table';

const Plot = lazy(() => import('./plot'));

export interface Line {
  key: string;
  label: string;
  values: readonly MetricValue[];
  /** Whether it is of the earlier period. */
  past?: boolean;
}

export interface Note {
  id: string;
  at: number;
  text: string;
}

interface TimeChartProps {
  title: string;
  /** `undefined` while loading; starts in milliseconds since 1970. */
  starts: readonly number[] | undefined;
  lines: readonly Line[];
  granularity: Granularity;
  zone: string;
  /** Everything received before it is counted. */
  asOf: number | null;
  show: (value: MetricValue, compact?: boolean) => { text: string; reason?: string };
  notes?: readonly Note[];
  height?: number;
  asTable?: boolean;
  onTable?: (asTable: boolean) => void;
  controls?: ReactNode;
}

const HEIGHT = 260;
/** The room that a label of the time axis needs, in pixels. */
const LABEL = 74;

/** A chart over time, with the same numbers as a table, and a readout for pointer and keyboard. */
export function TimeChart(props: TimeChartProps) {
  const { title, starts, lines, granularity, zone, show, notes = [], height = HEIGHT, controls } = props;
  const [ownTable, setOwnTable] = useState(false);
  const asTable = props.asTable ?? ownTable;
  const setAsTable = props.onTable ?? setOwnTable;
  const [zoom, setZoom] = useState<[number, number] | null>(null);
  const from = zoom ? zoom[0] : 0;
  const to = zoom ? zoom[1] + 1 : (starts?.length ?? 0);
  const shown = useMemo(() => starts?.slice(from, to), [starts, from, to]);
  const narrow = useMemo(
    () => lines.map((line) => ({ ...line, values: line.values.slice(from, to) })),
    [lines, from, to],
  );
  const labels = useMemo(
    () => (shown ? bucketLabels(shown, granularity, zone, locale) : []),
    [shown, granularity, zone],
  );
  const middle = () => {
    const quarter = Math.floor((to - from) / 4);
    setZoom([from + quarter, to - 1 - quarter]);
  };
  return (
    <figure className={css.chart}>
      <figcaption className={css.head}>
        <h2>{title}</h2>
        {controls}
        {!asTable && zoom && (
          <Button small onClick={() => setZoom(null)}>
            {text.chart.zoomOut}
          </Button>
        )}
        {!asTable && !zoom && (shown?.length ?? 0) >= 8 && (
          <Button small variant="quiet" title={text.chart.zoomHint} onClick={middle}>
            {text.chart.zoomIn}
          </Button>
        )}
        <Button small onClick={() => setAsTable(!asTable)}>
          {asTable ? text.chart.asChart : text.chart.asTable}
        </Button>
      </figcaption>
      {asTable ? (
        <Twin title={title} labels={shown && labels} lines={narrow} show={show} />
      ) : (
        <Drawing
          {...props}
          starts={shown}
          lines={narrow}
          labels={labels}
          notes={notes}
          height={height}
          onZoom={(first, last) => setZoom([from + first, from + last])}
        />
      )}
    </figure>
  );
}

interface DrawingProps extends TimeChartProps {
  labels: readonly string[];
  notes: readonly Note[];
  height: number;
  onZoom: (from: number, to: number) => void;
}

function Drawing({
  title,
  starts,
  lines,
  granularity,
  zone,
  asOf,
  show,
  labels,
  notes,
  height,
  onZoom,
}: DrawingProps) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const colours = useColours();
  const [cursor, setCursor] = useState<number | null>(null);
  const [spoken, setSpoken] = useState('');
  const ticks = useMemo(
    () => axisTicks(starts ?? [], granularity, zone, locale, Math.max(2, Math.floor(width / LABEL))),
    [starts, granularity, zone, width],
  );
  const openFrom = useMemo(() => openBucket(starts ?? [], asOf), [starts, asOf]);
  const series = useMemo(
    () => lines.map((line) => drawn(line, placeOf(lines, line), starts ?? [], asOf)),
    [lines, starts, asOf],
  );
  const marks = useMemo<PlotMark[]>(
    () => notes.map(({ at }, index) => ({ at, label: String(index + 1) })),
    [notes],
  );
  const count = starts?.length ?? 0;
  const move = (event: KeyboardEvent) => {
    const last = count - 1;
    const at = cursor ?? last + 1;
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (next === undefined || count === 0) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(last, next));
    setCursor(index);
    const values = lines.map(({ label, values: all }) => `${label}: ${show(all[index]).text}`);
    setSpoken(`${labels[index]}. ${values.join('. ')}`);
  };
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a canvas has no element of its own meaning. */}
      <div
        ref={place}
        className={css.plot}
        style={{ height }}
        role="group"
        aria-label={text.chart.describe(title, count)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys read single buckets.
        tabIndex={0}
        onKeyDown={move}
      >
        {starts && width > 0 ? (
          <Suspense fallback={<Skeleton height={height} />}>
            <Plot
              width={width}
              height={height}
              starts={starts}
              series={series}
              ticks={ticks}
              marks={marks}
              openFrom={openFrom}
              colours={colours}
              axisLabel={(value) => show(value, true).text}
              cursor={cursor}
              onCursor={setCursor}
              onZoom={onZoom}
            />
          </Suspense>
        ) : (
          <Skeleton height={height} />
        )}
      </div>
      <p className="visually-hidden" aria-live="polite">
        {spoken}
      </p>
      <ul className={css.legend}>
        <li className={css.at}>{cursor === null ? '\u00a0' : labels[cursor]}</li>
        {openFrom < count && <li className={css.open}>{text.chart.open}</li>}
        {lines.map((line) => (
          <li key={line.key}>
            <span
              className={css.swatch}
              data-dashed={line.past || placeOf(lines, line) % 2 === 1 || undefined}
              style={{ '--colour': colourOf(line, placeOf(lines, line)) } as CSSProperties}
            />
            {line.label}
            {cursor !== null && <Value shown={shownAt(line, cursor, show)} />}
          </li>
        ))}
      </ul>
      {notes.length > 0 && (
        <ol className={css.notes}>
          {notes.map(({ id, text: note }, index) => (
            <li key={id}>
              <b>{index + 1}</b> {note}
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

/** Returns which colour and dash a line has; that of the earlier period has its own. */
function placeOf(lines: readonly Line[], line: Line): number {
  return lines.filter(({ past }) => !past).indexOf(line);
}

function shownAt(line: Line, index: number, show: TimeChartProps['show']) {
  const value = line.values[index];
  return value === undefined ? { text: '–', reason: text.values.undefined } : show(value);
}

function colourOf({ past }: Line, index: number): string {
  return past ? 'var(--series-past)' : `var(--series-${(index % 6) + 1})`;
}

/** Returns the first bucket that may still change: the last one that began before `asOf`. */
function openBucket(starts: readonly number[], asOf: number | null): number {
  if (asOf === null) return starts.length;
  const after = starts.findIndex((start) => start > asOf);
  if (after === -1) {
    // The range may be over for long: then its last bucket is as complete as the others.
    const length = (starts.at(-1) ?? 0) - (starts.at(-2) ?? 0);
    return (starts.at(-1) ?? 0) + length > asOf ? starts.length - 1 : starts.length;
  }
  return Math.max(0, after - 1);
}

function drawn(line: Line, index: number, starts: readonly number[], asOf: number | null) {
  const values = line.values.map((value, place) => {
    // What has not happened yet is no zero.
    const future = !line.past && asOf !== null && (starts[place] ?? 0) > asOf;
    return value === null || value === undefined || future ? null : Number(value);
  });
  return { values, colour: line.past ? ('past' as const) : index, dashed: index % 2 === 1 };
}

interface TwinRow {
  label: string;
  index: number;
}

function Twin({
  title,
  labels,
  lines,
  show,
}: {
  title: string;
  /** `undefined` while loading. */
  labels: readonly string[] | undefined;
  lines: readonly Line[];
  show: TimeChartProps['show'];
}) {
  const columns: Column<TwinRow>[] = [
    { key: 'time', label: text.chart.time, cell: ({ label }) => label },
    ...lines.map(
      (line): Column<TwinRow> => ({
        key: line.key,
        label: line.label,
        number: true,
        cell: ({ index }) => <Value shown={shownAt(line, index, show)} />,
      }),
    ),
  ];
  const rows = labels?.map((label, index) => ({ label, index }));
  return <Table caption={title} columns={columns} rows={rows} rowKey={({ index }) => String(index)} />;
}
