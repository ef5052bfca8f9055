// The canvas of a time chart. It is a chunk of its own: screens without a chart do not load uPlot.
//
// uPlot's own time axis names buckets an hour wrong around changes of the viewer's clock. So the axis is a
// plain number, its ticks are starts of buckets, and their labels come from `format/buckets`.

import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Tick } from '../format/buckets';
import type { Colours } from './colours';

export interface PlotSeries {
  /** Numbers as they are drawn; `null` leaves a gap. */
  values: readonly (number | null)[];
  /** Which colour; `past` for the earlier period. */
  colour: number | 'past';
  dashed: boolean;
}

export interface PlotMark {
  at: number;
  label: string;
}

interface PlotProps {
  width: number;
  height: number;
  /** Starts of buckets, in milliseconds since 1970. */
  starts: readonly number[];
  series: readonly PlotSeries[];
  ticks: readonly Tick[];
  marks: readonly PlotMark[];
  /** The first bucket whose numbers are still arriving; lines are dashed from the one before on. */
  openFrom: number;
  colours: Colours;
  axisLabel: (value: number) => string;
  cursor: number | null;
  onCursor: (index: number | null) => void;
  onZoom: (from: number, to: number) => void;
}

const DASH = [5, 5];
const PAST_DASH = [2, 4];

/** Returns the columns of uPlot: of each series what is complete, and what is still arriving. */
function columns({ starts, series, openFrom }: PlotProps): uPlot.AlignedData {
  const x = starts.map((start) => start / 1000);
  const lines = series.flatMap(({ values, colour }) => {
    if (colour === 'past') return [values.slice()];
    const complete = values.map((value, index) => (index < openFrom ? value : null));
    const open = values.map((value, index) => (index >= openFrom - 1 ? value : null));
    return [complete, open];
  });
  return [x, ...lines] as uPlot.AlignedData;
}

export default function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const { width, height, colours, series } = props;
  const shape = series.map(({ colour, dashed }) => `${colour}${dashed}`).join();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the plot is recreated only for another shape.
  useEffect(() => {
    if (!place.current) return;
    const made = new uPlot(optionsOf(latest), columns(latest.current), place.current);
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [shape, colours]);

  useEffect(() => plot.current?.setSize({ width, height }), [width, height]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `columns` reads exactly these.
  useEffect(() => {
    plot.current?.setData(columns(latest.current));
  }, [props.starts, props.series, props.openFrom, props.ticks, props.marks]);

  useEffect(() => {
    const made = plot.current;
    const start = props.cursor === null ? undefined : latest.current.starts[props.cursor];
    if (!made || start === undefined || made.cursor.idx === props.cursor) return;
    made.setCursor({ left: made.valToPos(start / 1000, 'x'), top: 0 }, false);
  }, [props.cursor]);

  return <div ref={place} aria-hidden="true" />;
}

function optionsOf(latest: { current: PlotProps }): uPlot.Options {
  const { width, height, series, colours } = latest.current;
  const lone = latest.current.starts.length < 2;
  const lines = series.flatMap(({ colour, dashed }): uPlot.Series[] => {
    const past = colour === 'past';
    const stroke = past ? colours.past : (colours.series[colour % colours.series.length] ?? colours.ink);
    const complete: uPlot.Series = { stroke, width: past ? 1.5 : 2, points: { show: lone } };
    if (past) return [{ ...complete, dash: PAST_DASH }];
    // Lines are distinguished by their dashes, too: colour alone is not enough for everybody.
    if (dashed) complete.dash = [9, 3];
    return [
      complete,
      { ...complete, dash: DASH, points: { show: true, size: 6, fill: colours.surface, stroke } },
    ];
  });
  const axis = { stroke: colours.ink, font: '12px system-ui, sans-serif', ticks: { show: false } };
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 26, 0, 0],
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
    scales: {
      x: { time: false },
      y: { range: (_, least, most) => [Math.min(0, least ?? 0), (most ?? 0) > 0 ? (most ?? 0) * 1.06 : 1] },
    },
    series: [{}, ...lines],
    axes: [
      {
        ...axis,
        size: 32,
        grid: { stroke: colours.grid, width: 1 },
        splits: () => latest.current.ticks.map(({ at }) => at / 1000),
        values: () => latest.current.ticks.map(({ label }) => label),
      },
      {
        ...axis,
        size: 68,
        grid: { stroke: colours.grid, width: 1 },
        values: (_, splits) => splits.map((value) => latest.current.axisLabel(value)),
      },
    ],
    hooks: {
      setCursor: [(made) => latest.current.onCursor(made.cursor.idx ?? null)],
      setSelect: [
        (made) => {
          const { left, width: selected } = made.select;
          if (selected < 8) return;
          const from = made.posToIdx(left);
          const to = made.posToIdx(left + selected);
          made.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (to > from) latest.current.onZoom(from, to);
        },
      ],
      draw: [(made) => drawMarks(made, latest.current.marks, colours)],
    },
  };
}

function drawMarks(made: uPlot, marks: readonly PlotMark[], colours: Colours): void {
  const { ctx, bbox } = made;
  ctx.save();
  ctx.strokeStyle = colours.warn;
  ctx.fillStyle = colours.warn;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { at, label } of marks) {
    const x = made.valToPos(at / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.font = `600 ${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textBaseline = 'top';
    ctx.fillText(label, x + 4 * devicePixelRatio, bbox.top);
  }
  ctx.restore();
}
