import { useMemo } from 'react';
import { Link, useParams } from 'wouter';
import { dimensionLabel, metricLabel, useShow, valueLabel } from '../../data/catalogue';
import { useAnnotations, useCampaign } from '../../data/lists';
import { locale, useTenant } from '../../data/me';
import { type QueryRow, useReport } from '../../data/reports';
import { fitting } from '../../format/buckets';
import { formatShare, type MetricValue } from '../../format/values';
import { dateIn } from '../../format/zone';
import { useNow } from '../../hooks/use-now';
import { changeOf } from '../../live/board';
import { metricOf, sum, todayOf } from '../../live/store';
import { useLive } from '../../live/use-live';
import { Card, Columns, Page, Section } from '../../shell/page';
import { text } from '../../text/en';
import { Bars } from '../../ui/bars';
import { Badge, buttonClass, controls, Select } from '../../ui/controls';
import { AnswerBadge, LiveBadge } from '../../ui/freshness';
import { GrainPicker, PeriodPicker, useDates, useZone } from '../../ui/period-picker';
import { Empty, ErrorBox, Skeleton, Stale, Value } from '../../ui/states';
import { type Column, Table } from '../../ui/table';
import { type Line, TimeChart } from '../../ui/time-chart';
import { type Fields, oneOf } from '../../url/codec';
import type { DimensionName, FilterBody, MetricName } from '../../url/filter';
import { lengthInDays, timeOf } from '../../url/range';
import {
  compareOf,
  grainOf,
  type Period,
  periodFields,
  type Report,
  readReport,
  reportFields,
  writeReport,
} from '../../url/report';
import { useUrlState } from '../../url/use-url-state';
import { type Tile, Tiles } from '../live/tiles';
import { Attribution, PRESETS } from './attribution';

const TILES = [
  'impressions',
  'clicks',
  'ctr',
  'spend',
  'orders',
  'sales',
  'conversion_rate',
  'roas',
] as const;
const FUNNEL = [
  'impressions',
  'viewable_impressions',
  'clicks',
  'product_views',
  'add_to_carts',
  'orders',
] as const;
const SUMS = ['impressions', 'clicks', 'spend', 'orders', 'sales'] as const;

interface State extends Period {
  metric: (typeof SUMS)[number];
  grain: Report['grain'];
  one: (typeof PRESETS)[number];
  other: (typeof PRESETS)[number];
}

const fields: Fields<State> = {
  ...periodFields,
  metric: oneOf(SUMS, 'sales'),
  grain: reportFields.grain,
  one: oneOf(PRESETS, 'standard'),
  other: oneOf(PRESETS, 'criteo_display'),
};

/** Everything of one campaign on one page. */
export default function CampaignPage() {
  const id = decodeURIComponent(useParams<{ id: string }>().id);
  const campaign = useCampaign(id);
  const [state, change] = useUrlState(fields);
  const zone = useZone(state.tz);
  const { dates } = useDates(state.range, zone);
  const time = timeOf(dates, zone);
  const filters: FilterBody = { dimension: 'campaign', in: [id] };
  const compare = compareOf(state) ?? { to: 'previous_period' };
  const totals = useReport({
    metrics: [...new Set([...TILES, ...FUNNEL])] as MetricName[],
    time: { ...time, granularity: 'total' },
    filters,
    compare,
  });
  const values = totals.data?.totals.values as Record<string, MetricValue> | undefined;
  const previous = totals.data?.totals.previous as Record<string, MetricValue> | undefined;
  const tiles = TILES.map(
    (metric): Tile => ({ metric, value: values?.[metric], earlier: previous?.[metric] }),
  );
  const explore = writeReport({
    ...readReport(''),
    range: state.range,
    tz: state.tz,
    by: ['placement'],
    f: [{ dimension: 'campaign', test: 'in', values: [id] }],
  });
  return (
    <Page title={campaign.name} aside={<PeriodPicker period={state} onChange={change} />}>
      <div className={`${controls.row} ${controls.spread}`}>
        <div className={controls.row}>
          <Badge>{campaign.id}</Badge>
          {campaign.advertiser_id && <Badge>{campaign.advertiser_id}</Badge>}
          <AnswerBadge asOf={totals.data?.as_of} finalAfter={totals.data?.final_after} zone={zone} />
        </div>
        <Link href={`/explore?${explore}`} className={buttonClass}>
          {text.campaign.open}
        </Link>
      </div>
      <Now id={id} />
      {totals.error ? (
        <ErrorBox error={totals.error} retry={() => void totals.refetch()} />
      ) : (
        <Stale when={totals.isPlaceholderData}>
          <Tiles tiles={tiles} loading={!totals.data} />
        </Stale>
      )}
      <Series id={id} state={state} change={change} zone={zone} />
      <Columns>
        <Card>
          <h2>{text.campaign.funnel}</h2>
          <p className="soft">{text.campaign.funnelIntro}</p>
          {values ? <Counts values={values} /> : <Skeleton height={240} />}
        </Card>
        <Card>
          <h2>{text.campaign.attribution}</h2>
          <p className="soft">{text.campaign.attributionIntro}</p>
          <Attribution
            campaign={id}
            time={time}
            presets={[state.one, state.other]}
            onPresets={([one, other]) => change({ one, other })}
          />
        </Card>
        <Breakdown
          title={text.campaign.placements}
          dimension="placement"
          filters={filters}
          time={time}
          metrics={['impressions', 'clicks', 'ctr', 'spend']}
        />
        <Breakdown
          title={text.campaign.products}
          dimension="product"
          filters={filters}
          time={time}
          metrics={['product_views', 'units_sold', 'sales']}
        />
      </Columns>
    </Page>
  );
}

/** What the stream says of today; absent on a day without an event. */
function Now({ id }: { id: string }) {
  const live = useLive();
  const now = useNow(1_000);
  const { zone } = useTenant();
  const show = useShow();
  const streamed = live.campaigns.get(id);
  const today = useMemo(
    () => (streamed ? sum(todayOf(streamed, now, zone)) : undefined),
    [streamed, now, zone],
  );
  return (
    <div className={controls.row}>
      <LiveBadge state={live} zone={zone} />
      {today && (
        <span>
          {text.live.today}:{' '}
          {SUMS.map(
            (metric) => `${metricLabel(metric)} ${show(metric, metricOf(today, metric) ?? 0).text}`,
          ).join(' · ')}
        </span>
      )}
    </div>
  );
}

function Counts({ values }: { values: Record<string, MetricValue> }) {
  const bars = FUNNEL.map((metric, index) => {
    const count = Number(values[metric] ?? 0);
    const before = index === 0 ? 0 : Number(values[FUNNEL[index - 1] ?? ''] ?? 0);
    const share = changeOf(count, before);
    const note =
      index > 0 && share !== null ? `${formatShare(share + 1, locale)} ${text.funnels.ofBefore}` : undefined;
    return { key: metric, label: metricLabel(metric), count, ...(note ? { note } : {}) };
  });
  return <Bars bars={bars} />;
}

function Series({
  id,
  state,
  change,
  zone,
}: {
  id: string;
  state: State;
  change: (part: Partial<State>) => void;
  zone: string;
}) {
  const show = useShow();
  const { dates, now } = useDates(state.range, zone);
  const grain = grainOf(state.grain, dates);
  const compare = compareOf(state);
  const { metric } = state;
  const report = useReport({
    metrics: [metric],
    time: { ...timeOf(dates, zone), granularity: grain },
    filters: { dimension: 'campaign', in: [id] },
    ...(compare ? { compare } : {}),
  });
  const notes = useAnnotations(dates.from, dates.open ? dateIn(now + 86_400_000, zone) : dates.until);
  const { starts, lines } = useMemo(() => {
    const rows = (report.data?.rows as QueryRow[] | undefined)?.filter((row) => row.start);
    const label = metricLabel(metric);
    const shown: Line[] = [{ key: metric, label, values: rows?.map((row) => row.values?.[metric]) ?? [] }];
    if (rows?.some((row) => row.previous)) {
      const values = rows.map((row) => row.previous?.[metric]);
      shown.unshift({ key: 'earlier', label: text.chart.earlier(label), past: true, values });
    }
    return { starts: rows?.map((row) => Date.parse(row.start ?? '')), lines: shown };
  }, [report.data, metric]);
  const shownNotes = useMemo(
    () =>
      (notes.data ?? [])
        .filter((note) => !note.campaign_id || note.campaign_id === id)
        .map((note) => ({ id: note.id, at: Date.parse(note.at), text: note.text })),
    [notes.data, id],
  );
  if (report.error) return <ErrorBox error={report.error} retry={() => void report.refetch()} />;
  return (
    <Stale when={report.isPlaceholderData}>
      <TimeChart
        title={text.campaign.series}
        starts={starts}
        lines={lines}
        granularity={grain}
        zone={zone}
        asOf={report.data?.as_of ? Date.parse(report.data.as_of) : null}
        show={(value, compact) => show(metric, value, compact)}
        notes={shownNotes}
        controls={
          <>
            <Select
              quiet
              label={text.live.metric}
              value={metric}
              options={SUMS.map((name) => [name, metricLabel(name)] as const)}
              onChange={(next) => change({ metric: next })}
            />
            <GrainPicker
              value={state.grain}
              options={['', ...fitting(lengthInDays(dates)).filter((name) => name !== 'total')] as const}
              onChange={(next) => change({ grain: next as State['grain'] })}
            />
          </>
        }
      />
    </Stale>
  );
}

function Breakdown({
  title,
  dimension,
  metrics,
  filters,
  time,
}: {
  title: string;
  dimension: DimensionName;
  metrics: readonly MetricName[];
  filters: FilterBody;
  time: { from: string; to?: string; tz: string };
}) {
  const show = useShow();
  const last = metrics[metrics.length - 1] ?? 'sales';
  const report = useReport({
    metrics: [...metrics],
    dimensions: [dimension],
    time: { ...time, granularity: 'total' },
    filters,
    top: { n: 8, by: last, others: false },
  });
  const rows = report.data?.rows as QueryRow[] | undefined;
  const values = (row: QueryRow) => (row.values ?? {}) as Record<string, MetricValue>;
  const most = Math.max(0, ...(rows ?? []).map((row) => Number(values(row)[last] ?? 0)));
  const columns: Column<QueryRow>[] = [
    {
      key: dimension,
      label: dimensionLabel(dimension),
      cell: (row) => valueLabel(dimension, String(row[dimension])),
    },
    ...metrics.map(
      (metric): Column<QueryRow> => ({
        key: metric,
        label: metricLabel(metric),
        number: true,
        cell: (row) => <Value shown={show(metric, values(row)[metric])} />,
        ...(metric === last && most > 0
          ? { share: (row: QueryRow) => Number(values(row)[metric] ?? 0) / most }
          : {}),
      }),
    ),
  ];
  return (
    <Section title={title}>
      {report.error && <ErrorBox error={report.error} retry={() => void report.refetch()} />}
      {rows?.length === 0 && <Empty title={text.explore.noRows} />}
      {!report.error && rows?.length !== 0 && (
        <Stale when={report.isPlaceholderData}>
          <Table
            caption={title}
            columns={columns}
            rows={rows}
            rowKey={(row) => String(row[dimension])}
            expected={8}
          />
        </Stale>
      )}
    </Section>
  );
}
