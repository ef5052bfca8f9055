import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { asProblem } from '../../api/problem';
import { metricLabel, useShow } from '../../data/catalogue';
import { useCampaignNames } from '../../data/lists';
import { locale, may, useMe, useTenant } from '../../data/me';
import { type QueryAnswer, type QueryRow, useReport } from '../../data/reports';
import type { MetricValue } from '../../format/values';
import { addDays, dateIn } from '../../format/zone';
import { useNow } from '../../hooks/use-now';
import { type BoardRow, board, changeOf } from '../../live/board';
import { metricOf, sum } from '../../live/store';
import { useLive } from '../../live/use-live';
import { Page, Section } from '../../shell/page';
import { text } from '../../text/en';
import { Button, buttonClass, Select } from '../../ui/controls';
import { LiveBadge } from '../../ui/freshness';
import { Change, Empty, ErrorBox } from '../../ui/states';
import { type Column, Table, tableCss } from '../../ui/table';
import { TimeChart } from '../../ui/time-chart';
import { type Fields, flag, oneOf, text as textField } from '../../url/codec';
import type { MetricName } from '../../url/filter';
import { useUrlState } from '../../url/use-url-state';
import { Moving, type Tile, Tiles } from './tiles';
import { TopProducts } from './top-products';

const SUMS = ['impressions', 'clicks', 'spend', 'orders', 'sales'] as const;
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
const COLUMNS = ['impressions', 'clicks', 'ctr', 'spend', 'orders', 'sales', 'roas'] as const;

/** How often reports are asked again beside the stream. */
const EVERY = 10_000;
/** How many days a shop without an event is a new one. */
const NEW = 365;
/** How often the table may change its order: rows that jump cannot be read. */
const REORDER = 5_000;

interface State {
  metric: (typeof SUMS)[number];
  order: string;
  wall: boolean;
}

const fields: Fields<State> = {
  metric: oneOf(SUMS, 'sales'),
  order: textField('-sales'),
  wall: flag(false),
};

export default function Live() {
  const [state, change] = useUrlState(fields);
  const { zone } = useTenant();
  const live = useLive();
  const now = useNow(1_000);
  const today = dateIn(now, zone);
  const campaigns = useReport(
    {
      metrics: [...SUMS, 'ctr', 'roas', 'conversion_rate'],
      dimensions: ['campaign'],
      time: { from: today, tz: zone, granularity: 'total' },
      compare: { to: 'previous_period' },
      limit: 1000,
    },
    EVERY,
  );
  useWall(state.wall);
  const rows = useMemo(
    () => (campaigns.data ? board(reported(campaigns.data), live, now, zone) : undefined),
    [campaigns.data, live, now, zone],
  );
  const sums = rows && sum(rows.map((row) => row.sums));
  const earlier = campaigns.data?.totals.previous as Record<string, MetricValue> | undefined;
  const tiles = TILES.map(
    (metric): Tile => ({ metric, value: metricOf(sums ?? {}, metric), earlier: earlier?.[metric] }),
  );
  const shownTiles =
    rows && tiles.map((tile) => ({ ...tile, value: tile.value === undefined ? 0 : tile.value }));
  const nothing = rows?.length === 0 && live.campaigns.size === 0;
  // Numbers on screen outlast a short failure, but not a refusal: they would look as if they were of now.
  const { error } = campaigns;
  const failed = error !== null && (!campaigns.data || !asProblem(error).transient);
  return (
    <Page
      title={text.live.title}
      aside={
        <>
          <LiveBadge state={live} zone={zone} />
          <Button onClick={() => change({ wall: !state.wall }, { replace: true })}>
            {state.wall ? text.live.leaveWall : text.live.wall}
          </Button>
        </>
      }
    >
      {failed && <ErrorBox error={error} retry={() => void campaigns.refetch()} />}
      {nothing && <FirstEvent today={today} />}
      <Tiles tiles={shownTiles ?? tiles} loading={!rows} />
      <Others answer={campaigns.data} />
      <Curve metric={state.metric} onMetric={(metric) => change({ metric })} today={today} />
      <Section title={text.live.campaigns}>
        <CampaignTable
          rows={rows}
          order={state.order}
          onOrder={(order) => change({ order }, { replace: true })}
        />
      </Section>
      <Section title={text.live.products}>
        <TopProducts today={today} zone={zone} every={EVERY} />
      </Section>
    </Page>
  );
}

function reported(answer: QueryAnswer) {
  const rows = (answer.rows as QueryRow[]).map((row) => ({
    campaign: String(row.campaign),
    values: (row.values ?? {}) as Record<string, MetricValue>,
    previous: (row.previous ?? {}) as Record<string, MetricValue>,
  }));
  return { asOf: answer.as_of ? Date.parse(answer.as_of) : 0, rows };
}

function Others({ answer }: { answer: QueryAnswer | undefined }): ReactNode {
  if (!answer || answer.other_currencies.length === 0) return null;
  return <p className="soft">{text.values.otherCurrencies(answer.other_currencies.join(', '))}</p>;
}

/** Shows a new shop how to begin. One that has sent anything, if only without a campaign, is not new. */
function FirstEvent({ today }: { today: string }) {
  const me = useMe();
  const { zone } = useTenant();
  const time = { from: addDays(today, -NEW), tz: zone, granularity: 'total' } as const;
  const { data } = useReport({ metrics: ['events'], time }, EVERY);
  if (data?.totals.values.events !== 0) return null;
  return (
    <Empty title={text.live.firstEvent}>
      <p>{text.live.firstEventHint}</p>
      {may(me, 'manage_api_keys') && (
        <Link href="/sending" className={buttonClass}>
          {text.live.sendEvents}
        </Link>
      )}
    </Empty>
  );
}

/** A screen on a wall shows the numbers only, as large as they fit. */
function useWall(wall: boolean) {
  useEffect(() => {
    if (!wall) return;
    document.documentElement.dataset.wall = '';
    // A link that is opened may not take the whole screen by itself: browsers ask for a click.
    void document.documentElement.requestFullscreen?.().catch(() => undefined);
    return () => {
      delete document.documentElement.dataset.wall;
      if (document.fullscreenElement) void document.exitFullscreen();
    };
  }, [wall]);
}

function Curve({
  metric,
  onMetric,
  today,
}: {
  metric: State['metric'];
  onMetric: (metric: State['metric']) => void;
  today: string;
}) {
  const { zone } = useTenant();
  const show = useShow();
  const { data, error, refetch } = useReport(
    {
      metrics: [metric as MetricName],
      time: { from: today, to: addDays(today, 1), tz: zone, granularity: '15m' },
      compare: { to: 'previous_period' },
    },
    EVERY,
  );
  const rows = useMemo(() => data?.rows.filter((row) => row.start), [data]);
  const starts = useMemo(() => rows?.map((row) => Date.parse(row.start ?? '')), [rows]);
  const lines = useMemo(
    () => [
      {
        key: 'earlier',
        label: text.live.yesterday,
        past: true,
        values: rows?.map((row) => row.previous?.[metric]) ?? [],
      },
      { key: 'today', label: text.live.today, values: rows?.map((row) => row.values?.[metric]) ?? [] },
    ],
    [rows, metric],
  );
  if (error && !data) return <ErrorBox error={error} retry={() => void refetch()} />;
  return (
    <TimeChart
      title={text.live.curve}
      starts={starts}
      lines={lines}
      granularity="15m"
      zone={zone}
      asOf={data?.as_of ? Date.parse(data.as_of) : null}
      show={(value, compact) => show(metric, value, compact)}
      controls={
        <Select
          quiet
          label={text.live.metric}
          value={metric}
          options={SUMS.map((name) => [name, metricLabel(name)] as const)}
          onChange={onMetric}
        />
      }
    />
  );
}

function CampaignTable({
  rows,
  order,
  onOrder,
}: {
  rows: readonly BoardRow[] | undefined;
  order: string;
  onOrder: (order: string) => void;
}) {
  const names = useCampaignNames();
  const ordered = useOrder(rows, order, names);
  const columns: Column<BoardRow>[] = [
    {
      key: 'campaign',
      label: text.dimensions.campaign ?? '',
      sortable: true,
      cell: ({ campaign }) =>
        campaign === '' ? (
          <span className="soft">{text.campaigns.without}</span>
        ) : (
          <Link href={`/campaigns/${encodeURIComponent(campaign)}`}>{names.get(campaign) ?? campaign}</Link>
        ),
    },
    ...COLUMNS.map(
      (metric): Column<BoardRow> => ({
        key: metric,
        label: metricLabel(metric),
        number: true,
        sortable: true,
        cell: ({ sums, previous }) => {
          const value = metricOf(sums, metric);
          return (
            <>
              <Moving metric={metric} value={value === undefined ? 0 : value} />
              <span className={tableCss.change}>
                <Change metric={metric} change={changeOf(value, previous[metric])} />
              </span>
            </>
          );
        },
      }),
    ),
  ];
  if (rows?.length === 0) return <Empty title={text.live.noCampaigns} />;
  return (
    <Table
      caption={text.live.campaigns}
      columns={columns}
      rows={ordered}
      rowKey={({ campaign }) => campaign}
      order={order}
      onOrder={onOrder}
    />
  );
}

/** Returns the rows in order. The order is that of a moment ago; the numbers are those of now. */
function useOrder(rows: readonly BoardRow[] | undefined, order: string, names: ReadonlyMap<string, string>) {
  const tick = useNow(REORDER);
  const size = rows?.length;
  const [places, setPlaces] = useState<ReadonlyMap<string, number>>(new Map());
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows change with each frame, their order must not.
  useEffect(() => {
    if (!rows) return;
    const down = order.startsWith('-');
    const by = down ? order.slice(1) : order;
    const sorted = [...rows].sort((one, other) => {
      const natural =
        by === 'campaign'
          ? (names.get(one.campaign) ?? one.campaign).localeCompare(
              names.get(other.campaign) ?? other.campaign,
              locale,
            )
          : Number(metricOf(one.sums, by) ?? -1) - Number(metricOf(other.sums, by) ?? -1);
      return (down ? -natural : natural) || one.campaign.localeCompare(other.campaign);
    });
    setPlaces(new Map(sorted.map(({ campaign }, index) => [campaign, index])));
  }, [tick, order, size, names]);
  return useMemo(() => {
    const place = (row: BoardRow) => places.get(row.campaign) ?? places.size;
    return rows && [...rows].sort((one, other) => place(one) - place(other));
  }, [rows, places]);
}
