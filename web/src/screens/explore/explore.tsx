import { useMemo, useRef, useState } from 'react';
import { metricLabel, useDimensions, useMetrics, useShow, valueLabel } from '../../data/catalogue';
import { useAnnotations, useCampaignNames } from '../../data/lists';
import { useMe } from '../../data/me';
import { columnsOf, type QueryAnswer, type QueryRow, useReport } from '../../data/reports';
import { fitting } from '../../format/buckets';
import type { MetricValue } from '../../format/values';
import { useShortcuts } from '../../hooks/use-shortcuts';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { Button, Check, controls, Select } from '../../ui/controls';
import { AnswerBadge } from '../../ui/freshness';
import { GrainPicker, PeriodPicker, useDates, useZone } from '../../ui/period-picker';
import { Empty, ErrorBox, Stale } from '../../ui/states';
import { type Line, TimeChart } from '../../ui/time-chart';
import { toggled } from '../../url/filter';
import { lengthInDays } from '../../url/range';
import { chartRequest, grainOf, reportFields, reportOf, tableRequest, writeReport } from '../../url/report';
import { useUrlState } from '../../url/use-url-state';
import { DimensionBar, FilterBar, MetricBar } from './bars';
import { DrillDialog, type Segment } from './drill-dialog';
import css from './explore.module.css';
import { ExportDialog } from './export-dialog';
import { NoteDialog, Notes } from './notes';
import { RequestDialog } from './request-dialog';
import { SaveDialog, SavedReports } from './saved-reports';
import { Segments } from './segments';

type Open = 'export' | 'request' | 'save' | 'note' | null;

export default function Explore() {
  const [report, change] = useUrlState(reportFields);
  const [open, setOpen] = useState<Open>(null);
  const [drilled, setDrilled] = useState<Segment | null>(null);
  const [searched, setSearched] = useState('');
  const search = useRef<HTMLInputElement>(null);
  const zone = useZone(report.tz);
  const { dates, now } = useDates(report.range, zone);
  const me = useMe();
  useMetrics();
  useDimensions();
  const asked = report.metrics.length > 0;
  const table = useReport(asked ? tableRequest(report, zone, now) : null);
  const chart = useReport(asked ? chartRequest(report, zone, now) : null);
  const period = table.data?.query as { time?: { from?: string; to?: string } } | undefined;
  const notes = useAnnotations(period?.time?.from, period?.time?.to);
  useShortcuts({
    e: () => setOpen('export'),
    '/': () => search.current?.focus(),
  });
  const grain = grainOf(report.grain, dates);
  const [metric = 'sales'] = report.metrics;
  const shownNotes = useMemo(
    () => (notes.data ?? []).map((note) => ({ id: note.id, at: Date.parse(note.at), text: note.text })),
    [notes.data],
  );
  return (
    <Page title={text.explore.title} aside={<PeriodPicker period={report} onChange={change} />}>
      <div className={css.bar}>
        <MetricBar report={report} onChange={change} />
        <DimensionBar report={report} onChange={change} />
        <FilterBar report={report} onChange={change} />
      </div>
      <div className={`${controls.row} ${controls.spread}`}>
        <div className={controls.row}>
          <AnswerBadge asOf={table.data?.as_of} finalAfter={table.data?.final_after} zone={zone} />
        </div>
        <div className={controls.row}>
          <SavedReports kind="query" addressOf={(request) => `/explore?${writeReport(reportOf(request))}`} />
          <Button small onClick={() => setOpen('save')}>
            {text.explore.save}
          </Button>
          <Button small onClick={() => setOpen('note')}>
            {text.explore.annotate}
          </Button>
          <Button small onClick={() => setOpen('request')}>
            {text.explore.request}
          </Button>
          <Button small variant="primary" onClick={() => setOpen('export')}>
            {text.explore.export}
          </Button>
        </div>
      </div>
      {chart.error ? (
        <ErrorBox error={chart.error} retry={() => void chart.refetch()} />
      ) : (
        <Stale when={chart.isPlaceholderData}>
          <Chart
            answer={chart.data}
            metric={metric}
            metrics={report.metrics}
            onMetric={(first) =>
              change({ metrics: [first, ...report.metrics.filter((name) => name !== first)] })
            }
            by={report.by}
            split={report.split && report.by.length > 0}
            onSplit={(split) => change({ split })}
            grain={grain}
            grains={['', ...fitting(lengthInDays(dates)).filter((name) => name !== 'total')]}
            onGrain={(next) => change({ grain: next as typeof report.grain })}
            chosen={report.grain}
            zone={zone}
            notes={shownNotes}
            asTable={report.view === 'table'}
            onTable={(asTable) => change({ view: asTable ? 'table' : 'chart' }, { replace: true })}
          />
        </Stale>
      )}
      <Notes notes={notes.data} zone={zone} me={me} />
      {report.by.length > 0 && (
        <div className={controls.row}>
          <input
            ref={search}
            className={css.search}
            type="search"
            placeholder={text.explore.search}
            aria-label={text.explore.search}
            value={searched}
            onChange={(event) => setSearched(event.target.value)}
            onKeyDown={(event) => event.key === 'Escape' && setSearched('')}
          />
          <Select
            quiet
            label={text.explore.top}
            value={String(report.top)}
            options={[...new Set([5, 10, 25, 50, 100, report.top])]
              .sort((one, other) => one - other)
              .map((count) => [String(count), `${text.explore.top}: ${count}`] as const)}
            onChange={(top) => change({ top: Number(top) })}
          />
        </div>
      )}
      {table.error && <ErrorBox error={table.error} retry={() => void table.refetch()} />}
      {!table.error && table.data && table.data.rows.length === 0 && (
        <Empty title={text.explore.noRows}>
          <p>{text.explore.noRowsHint}</p>
        </Empty>
      )}
      {!table.error && table.data?.rows.length !== 0 && (
        <Stale when={table.isPlaceholderData}>
          <Segments
            answer={table.data}
            by={table.data ? columnsOf(table.data, 'dimension') : report.by}
            metrics={table.data ? columnsOf(table.data, 'metric') : report.metrics}
            searched={searched}
            order={report.order === '-' ? `-${metric}` : report.order}
            expected={report.top}
            onOrder={(order) => change({ order })}
            onPick={(dimension, value) => change({ f: toggled(report.f, dimension, value) })}
            onDrill={setDrilled}
          />
        </Stale>
      )}
      {drilled && (
        <DrillDialog report={report} segment={drilled} onChange={change} onClose={() => setDrilled(null)} />
      )}
      {open === 'export' && (
        <ExportDialog report={report} zone={zone} now={now} grain={grain} onClose={() => setOpen(null)} />
      )}
      {open === 'request' && (
        <RequestDialog request={tableRequest(report, zone, now)} onClose={() => setOpen(null)} />
      )}
      {open === 'save' && (
        <SaveDialog kind="query" request={tableRequest(report, zone, now)} onClose={() => setOpen(null)} />
      )}
      {open === 'note' && <NoteDialog onClose={() => setOpen(null)} />}
    </Page>
  );
}

interface ChartProps {
  answer: QueryAnswer | undefined;
  metric: string;
  metrics: readonly string[];
  onMetric: (metric: string) => void;
  by: readonly string[];
  split: boolean;
  onSplit: (split: boolean) => void;
  grain: ReturnType<typeof grainOf>;
  grains: readonly string[];
  chosen: string;
  onGrain: (grain: string) => void;
  zone: string;
  notes: readonly { id: string; at: number; text: string }[];
  asTable: boolean;
  onTable: (asTable: boolean) => void;
}

function Chart(props: ChartProps) {
  const { answer, metric, metrics, by, split, grain, zone } = props;
  const show = useShow();
  const names = useCampaignNames();
  const { starts, lines } = useMemo(() => linesOf(answer, metric, names), [answer, metric, names]);
  return (
    <TimeChart
      title={metricLabel(metric)}
      starts={starts}
      lines={lines}
      granularity={grain}
      zone={zone}
      asOf={answer?.as_of ? Date.parse(answer.as_of) : null}
      show={(value, compact) => show(metric, value, compact)}
      notes={props.notes}
      asTable={props.asTable}
      onTable={props.onTable}
      controls={
        <>
          {metrics.length > 1 && (
            <Select
              quiet
              label={text.live.metric}
              value={metric}
              options={metrics.map((name) => [name, metricLabel(name)] as const)}
              onChange={props.onMetric}
            />
          )}
          <GrainPicker value={props.chosen} options={props.grains} onChange={props.onGrain} />
          {by.length > 0 && (
            <Check checked={split} onChange={props.onSplit}>
              {text.explore.split}
            </Check>
          )}
        </>
      }
    />
  );
}

/** Returns one line for all, with its earlier period, or one for each segment. */
function linesOf(
  answer: QueryAnswer | undefined,
  metric: string,
  names: ReadonlyMap<string, string>,
): { starts: number[] | undefined; lines: Line[] } {
  const label = metricLabel(metric);
  if (!answer) return { starts: undefined, lines: [{ key: metric, label, values: [] }] };
  const by = columnsOf(answer, 'dimension');
  const rows = (answer.rows as QueryRow[]).filter((row) => row.start);
  const sideOf = (row: QueryRow, side: 'values' | 'previous') =>
    (row[side] as Record<string, MetricValue> | null | undefined)?.[metric];
  if (by.length === 0) {
    const lines: Line[] = [{ key: metric, label, values: rows.map((row) => sideOf(row, 'values')) }];
    if (rows.some((row) => row.previous)) {
      const values = rows.map((row) => sideOf(row, 'previous'));
      lines.unshift({ key: 'earlier', label: text.chart.earlier(label), past: true, values });
    }
    return { starts: rows.map((row) => Date.parse(row.start ?? '')), lines };
  }
  const starts = [...new Set(rows.map((row) => Date.parse(row.start ?? '')))].sort(
    (one, other) => one - other,
  );
  const place = new Map(starts.map((start, index) => [start, index]));
  const lines = new Map<string, Line & { values: MetricValue[] }>();
  for (const row of rows) {
    const key = JSON.stringify(by.map((dimension) => row[dimension]));
    let line = lines.get(key);
    if (!line) {
      const parts = by.map((dimension) => valueLabel(dimension, String(row[dimension]), names));
      line = { key, label: parts.join(' · '), values: starts.map(() => undefined) };
      lines.set(key, line);
    }
    line.values[place.get(Date.parse(row.start ?? '')) ?? 0] = sideOf(row, 'values');
  }
  return { starts, lines: [...lines.values()] };
}
