import { useState } from 'react';
import type { components } from '../../api/schema';
import { dimensionLabel, eventLabel, useDimensions, valueLabel } from '../../data/catalogue';
import { useCampaignNames } from '../../data/lists';
import { locale } from '../../data/me';
import { useFunnel } from '../../data/reports';
import { formatCount, formatSeconds, formatShare } from '../../format/values';
import { Card, Page, Section } from '../../shell/page';
import { text } from '../../text/en';
import { Bars } from '../../ui/bars';
import { Button, controls, Select } from '../../ui/controls';
import { AnswerBadge } from '../../ui/freshness';
import { PeriodPicker, useDates, useZone } from '../../ui/period-picker';
import { Empty, ErrorBox, Skeleton, Stale } from '../../ui/states';
import { type Column, Table } from '../../ui/table';
import { each, type Fields, names, oneOf, readState, text as textField, writeState } from '../../url/codec';
import { conditionOf, type DimensionName, type Filter, readFilter, writeFilter } from '../../url/filter';
import { timeOf } from '../../url/range';
import { filtersOf, type Period, periodFields, periodOf } from '../../url/report';
import { useUrlState } from '../../url/use-url-state';
import { RequestDialog } from '../explore/request-dialog';
import { SaveDialog, SavedReports } from '../explore/saved-reports';
import css from './behaviour.module.css';
import { EventSelect } from './event-select';

const WINDOWS = ['1h', '24h', '7d', '30d'] as const;
const BYS = ['visitor', 'customer', 'session'] as const;
const MOST_STEPS = 8;

interface State extends Period {
  steps: string[];
  window: (typeof WINDOWS)[number];
  order: 'ordered' | 'strict';
  by: (typeof BYS)[number];
  divided: string;
  f: Filter[];
}

const fields: Fields<State> = {
  ...periodFields,
  steps: names(['product_view', 'add_to_cart', 'purchase']),
  window: oneOf(WINDOWS, '24h'),
  order: oneOf(['ordered', 'strict'], 'ordered'),
  by: oneOf(BYS, 'visitor'),
  divided: textField(),
  f: each(readFilter, writeFilter),
};

/** Dimensions of which an event has one value: only these divide a funnel. */
const SINGLE = [
  'campaign',
  'placement',
  'device',
  'country',
  'page_type',
  'keyword',
  'ad',
  'creative',
  'referrer',
];

/** Returns the address of the screen of a saved request. */
function addressOf(request: unknown): string {
  const asked = (request ?? {}) as components['schemas']['FunnelBody'];
  const state = readState(fields, '');
  const query = writeState<State>(fields, {
    ...state,
    ...periodOf(asked.time),
    steps: (asked.steps ?? []).map(({ event }) => event),
    window: WINDOWS.find((window) => window === asked.window) ?? state.window,
    order: asked.order === 'strict' ? 'strict' : 'ordered',
    by: BYS.find((by) => by === asked.by) ?? state.by,
    divided: asked.breakdown?.dimension ?? '',
    f: filtersOf(asked.filters),
  });
  return `/funnels?${query}`;
}

export default function Funnels() {
  const [state, change] = useUrlState(fields);
  const [open, setOpen] = useState<'request' | 'save' | null>(null);
  const dimensions = useDimensions();
  const campaigns = useCampaignNames();
  const zone = useZone(state.tz);
  const { dates } = useDates(state.range, zone);
  const filters = conditionOf(state.f);
  const request = {
    steps: state.steps.map((event) => ({ event })),
    time: timeOf(dates, zone),
    window: state.window,
    order: state.order,
    by: state.by,
    ...(filters ? { filters } : {}),
    ...(state.divided === '' ? {} : { breakdown: { dimension: state.divided as DimensionName, top: 6 } }),
  };
  const { data, error, refetch, isPlaceholderData } = useFunnel(state.steps.length >= 2 ? request : null);
  const setStep = (place: number, event: string) =>
    change({ steps: state.steps.map((step, index) => (index === place ? event : step)) });
  const first = data?.steps[0]?.count ?? 0;
  const options = <T extends string>(keys: readonly T[], labels: Record<string, string>) =>
    keys.map((key) => [key, labels[key] ?? key] as const);
  return (
    <Page
      title={text.funnels.title}
      aside={<PeriodPicker period={state} onChange={change} comparing={false} />}
    >
      <div className={css.form}>
        <div className={css.steps}>
          {state.steps.map((event, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a type may occur again, so its place is its name.
            <div key={index} className={`${controls.row} ${controls.end}`}>
              <EventSelect
                label={text.funnels.step(index + 1)}
                value={event}
                onChange={(chosen) => setStep(index, chosen)}
              />
              {state.steps.length > 2 && (
                <Button
                  variant="quiet"
                  aria-label={text.funnels.removeStep(index + 1)}
                  onClick={() => change({ steps: state.steps.filter((_, other) => other !== index) })}
                >
                  ✕
                </Button>
              )}
            </div>
          ))}
          {state.steps.length < MOST_STEPS && (
            <Button onClick={() => change({ steps: [...state.steps, 'purchase'] })}>
              {text.funnels.addStep}
            </Button>
          )}
        </div>
        <Select
          label={text.funnels.window}
          value={state.window}
          options={options(WINDOWS, text.funnels.windows)}
          onChange={(window) => change({ window })}
        />
        <Select
          label={text.funnels.order}
          value={state.order}
          options={options(['ordered', 'strict'] as const, text.funnels.orders)}
          onChange={(order) => change({ order })}
        />
        <Select
          label={text.funnels.by}
          value={state.by}
          options={options(BYS, text.funnels.bys)}
          onChange={(by) => change({ by })}
        />
        <Select
          label={text.funnels.breakdown}
          value={state.divided}
          options={[
            ['', text.explore.noDimension],
            ...SINGLE.filter((name) => dimensions.has(name)).map(
              (name) => [name, dimensionLabel(name)] as const,
            ),
          ]}
          onChange={(divided) => change({ divided })}
        />
      </div>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {!error && !data && <Skeleton height={260} />}
      {data && first === 0 && (
        <Empty title={text.funnels.empty}>
          <p>{text.funnels.emptyHint}</p>
        </Empty>
      )}
      {!error && data && first > 0 && (
        <Stale when={isPlaceholderData}>
          <div className={controls.stack}>
            <Card>
              <div className={`${controls.row} ${controls.spread}`}>
                <h2>{text.funnels.result}</h2>
                <div className={controls.row}>
                  <AnswerBadge asOf={data.as_of} zone={zone} />
                  <SavedReports kind="funnel" addressOf={addressOf} />
                  <Button small onClick={() => setOpen('save')}>
                    {text.explore.save}
                  </Button>
                  <Button small onClick={() => setOpen('request')}>
                    {text.explore.request}
                  </Button>
                </div>
              </div>
              <Bars
                bars={data.steps.map((step, index) => ({
                  key: `${index}`,
                  label: `${index + 1}. ${eventLabel(step.event)}`,
                  count: step.count,
                  ...(index === 0
                    ? {}
                    : {
                        note: `${formatShare(step.rate ?? null, locale)} ${text.funnels.ofBefore} · ${formatShare(
                          step.count / first,
                          locale,
                        )} ${text.funnels.ofFirst}`,
                      }),
                }))}
              />
              <p>
                {text.funnels.total}: <b>{formatShare(data.total_rate ?? null, locale)}</b>
                {data.seconds && (
                  <>
                    {' · '}
                    {text.funnels.median}: <b>{formatSeconds(data.seconds.median, locale)}</b>
                    {' · '}
                    {text.funnels.p90}: <b>{formatSeconds(data.seconds.p90, locale)}</b>
                  </>
                )}
              </p>
              {data.open > 0 && <p className="soft">{text.funnels.open(formatCount(data.open, locale))}</p>}
              {data.without_key > 0 && (
                <p className="soft">{text.funnels.withoutKey(formatCount(data.without_key, locale))}</p>
              )}
            </Card>
            {data.breakdown && (
              <Breakdown
                dimension={data.breakdown.dimension}
                steps={data.steps.map(({ event }) => event)}
                rows={[
                  ...data.breakdown.values.map((row) => ({
                    ...row,
                    label: valueLabel(data.breakdown?.dimension ?? '', row.value, campaigns),
                  })),
                  ...(data.breakdown.others ? [{ ...data.breakdown.others, label: text.values.other }] : []),
                ]}
              />
            )}
          </div>
        </Stale>
      )}
      {open === 'save' && <SaveDialog kind="funnel" request={request} onClose={() => setOpen(null)} />}
      {open === 'request' && (
        <RequestDialog request={request} path="/v1/funnels" onClose={() => setOpen(null)} />
      )}
    </Page>
  );
}

interface BreakdownRow {
  label: string;
  steps: { count: number; rate?: number | null }[];
  total_rate?: number | null;
  seconds?: { median: number } | null;
}

function Breakdown({
  dimension,
  steps,
  rows,
}: {
  dimension: string;
  steps: readonly string[];
  rows: readonly BreakdownRow[];
}) {
  const columns: Column<BreakdownRow>[] = [
    { key: 'value', label: dimensionLabel(dimension), cell: ({ label }) => label },
    ...steps.map(
      (event, index): Column<BreakdownRow> => ({
        key: `${index}`,
        label: eventLabel(event),
        number: true,
        cell: (row) =>
          `${formatCount(row.steps[index]?.count, locale)}${
            index === 0 ? '' : ` · ${formatShare(row.steps[index]?.rate ?? null, locale)}`
          }`,
      }),
    ),
    {
      key: 'total',
      label: text.funnels.total,
      number: true,
      cell: (row) => formatShare(row.total_rate ?? null, locale),
    },
    {
      key: 'median',
      label: text.funnels.median,
      number: true,
      cell: (row) => formatSeconds(row.seconds?.median ?? null, locale),
    },
  ];
  return (
    <Section title={text.funnels.breakdown}>
      <Table caption={text.funnels.breakdown} columns={columns} rows={rows} rowKey={({ label }) => label} />
    </Section>
  );
}
