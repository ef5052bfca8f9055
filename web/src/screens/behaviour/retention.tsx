import { type CSSProperties, useState } from 'react';
import type { components } from '../../api/schema';
import { locale } from '../../data/me';
import { useRetention } from '../../data/reports';
import { formatCount, formatShare } from '../../format/values';
import { showDate } from '../../format/zone';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { Button, controls, Select } from '../../ui/controls';
import { AnswerBadge } from '../../ui/freshness';
import { PeriodPicker, useDates, useZone } from '../../ui/period-picker';
import { Empty, ErrorBox, Skeleton, Stale } from '../../ui/states';
import { type Fields, oneOf, parsed, readState, text as textField, whole, writeState } from '../../url/codec';
import { type Range, readRange, timeOf, writeRange } from '../../url/range';
import { type Period, periodFields, periodOf } from '../../url/report';
import { useUrlState } from '../../url/use-url-state';
import { RequestDialog } from '../explore/request-dialog';
import { SaveDialog, SavedReports } from '../explore/saved-reports';
import css from './behaviour.module.css';
import { EventSelect } from './event-select';

const PERIODS = ['day', 'week', 'month'] as const;
const MODES = ['calendar', 'rolling'] as const;
const FIRSTS = ['ever', 'in_range'] as const;
const MEASURES = ['on', 'on_or_after'] as const;
const BYS = ['visitor', 'customer', 'session'] as const;

interface State extends Period {
  cohort: string;
  back: string;
  period: (typeof PERIODS)[number];
  columns: number;
  mode: (typeof MODES)[number];
  first: (typeof FIRSTS)[number];
  measure: (typeof MEASURES)[number];
  by: (typeof BYS)[number];
}

const fields: Fields<State> = {
  ...periodFields,
  range: parsed<Range>('30d', readRange, writeRange),
  cohort: textField('product_view'),
  back: textField('purchase'),
  period: oneOf(PERIODS, 'week'),
  columns: whole(6, 2, 31),
  mode: oneOf(MODES, 'calendar'),
  first: oneOf(FIRSTS, 'ever'),
  measure: oneOf(MEASURES, 'on'),
  by: oneOf(BYS, 'visitor'),
};

type Answer = components['schemas']['RetentionAnswer'];
type Cell = components['schemas']['RetentionCell'];

/** Returns the address of the screen of a saved request. */
function addressOf(request: unknown): string {
  const asked = (request ?? {}) as components['schemas']['RetentionBody'];
  const state = readState(fields, '');
  const query = writeState<State>(fields, {
    ...state,
    ...periodOf(asked.time),
    cohort: asked.cohort?.event ?? state.cohort,
    back: asked.return?.event ?? asked.cohort?.event ?? state.back,
    period: asked.period ?? 'day',
    columns: Math.max(2, Math.min(31, asked.periods ?? 8)),
    mode: asked.mode ?? 'calendar',
    first: asked.first ?? 'ever',
    measure: asked.measure ?? 'on',
    by: asked.by ?? 'visitor',
  });
  return `/retention?${query}`;
}

export default function Retention() {
  const [state, change] = useUrlState(fields);
  const [open, setOpen] = useState<'request' | 'save' | null>(null);
  const zone = useZone(state.tz);
  const { dates } = useDates(state.range, zone);
  const request = {
    cohort: { event: state.cohort },
    return: { event: state.back },
    time: timeOf(dates, zone),
    period: state.period,
    periods: state.columns,
    // A month has no length of its own, so it is counted by the calendar only.
    mode: state.period === 'month' ? ('calendar' as const) : state.mode,
    first: state.first,
    measure: state.measure,
    by: state.by,
  };
  const { data, error, refetch, isPlaceholderData } = useRetention(request);
  const options = <T extends string>(keys: readonly T[], labels: Record<string, string>) =>
    keys.map((key) => [key, labels[key] ?? key] as const);
  const nobody = data?.cohorts.every(({ size }) => size === 0) ?? false;
  return (
    <Page
      title={text.retention.title}
      aside={<PeriodPicker period={state} onChange={change} comparing={false} />}
    >
      <div className={css.form}>
        <EventSelect
          label={text.retention.cohort}
          value={state.cohort}
          onChange={(cohort) => change({ cohort })}
        />
        <EventSelect label={text.retention.return} value={state.back} onChange={(back) => change({ back })} />
        <Select
          label={text.retention.period}
          value={state.period}
          options={options(PERIODS, text.retention.periods)}
          onChange={(period) => change({ period })}
        />
        <Select
          label={text.retention.columns}
          value={String(state.columns)}
          options={[...new Set([4, 6, 8, 12, state.columns])]
            .sort((one, other) => one - other)
            .map((count) => [String(count), String(count)] as const)}
          onChange={(columns) => change({ columns: Number(columns) })}
        />
        {state.period !== 'month' && (
          <Select
            label={text.retention.mode}
            value={state.mode}
            options={options(MODES, text.retention.modes)}
            onChange={(mode) => change({ mode })}
          />
        )}
        <Select
          label={text.retention.first}
          value={state.first}
          options={options(FIRSTS, text.retention.firsts)}
          onChange={(first) => change({ first })}
        />
        <Select
          label={text.retention.measure}
          value={state.measure}
          options={options(MEASURES, text.retention.measures)}
          onChange={(measure) => change({ measure })}
        />
        <Select
          label={text.funnels.by}
          value={state.by}
          options={options(BYS, text.funnels.bys)}
          onChange={(by) => change({ by })}
        />
      </div>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {!error && !data && <Skeleton height={300} />}
      {!error && nobody && (
        <Empty title={text.retention.empty}>
          <p>{text.retention.emptyHint}</p>
        </Empty>
      )}
      {!error && data && !nobody && (
        <Stale when={isPlaceholderData}>
          <div className={controls.stack}>
            <div className={`${controls.row} ${controls.spread}`}>
              <AnswerBadge asOf={data.as_of} zone={zone} />
              <div className={controls.row}>
                <SavedReports kind="retention" addressOf={addressOf} />
                <Button small onClick={() => setOpen('save')}>
                  {text.explore.save}
                </Button>
                <Button small onClick={() => setOpen('request')}>
                  {text.explore.request}
                </Button>
              </div>
            </div>
            <Heat answer={data} period={state.period} />
            <p className="soft">{text.retention.legend}</p>
          </div>
        </Stale>
      )}
      {open === 'save' && <SaveDialog kind="retention" request={request} onClose={() => setOpen(null)} />}
      {open === 'request' && (
        <RequestDialog request={request} path="/v1/retention" onClose={() => setOpen(null)} />
      )}
    </Page>
  );
}

function Heat({ answer, period }: { answer: Answer; period: string }) {
  const rates = answer.cohorts.flatMap(({ cells }) => cells.slice(1).map(({ rate }) => rate ?? 0));
  const most = Math.max(0.0001, ...rates);
  const name = text.retention.periodNames[period] ?? period;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className={css.scroll} aria-label={text.retention.title} tabIndex={0}>
      <table className={css.heat}>
        <caption className="visually-hidden">{text.retention.title}</caption>
        <thead>
          <tr>
            <th scope="col">{text.retention.cohortColumn}</th>
            <th scope="col">{text.retention.size}</th>
            {answer.averages.map((_, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns are numbered periods.
              <th key={index} scope="col">
                {text.retention.columnLabel(index, name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr className={css.average}>
            <th scope="row">{text.retention.average}</th>
            <td>
              {formatCount(
                answer.cohorts.reduce((total, { size }) => total + size, 0),
                locale,
              )}
            </td>
            {answer.averages.map(({ rate }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns are numbered periods.
              <td key={index}>{formatShare(rate ?? null, locale)}</td>
            ))}
          </tr>
          {answer.cohorts.map(({ start, size, cells }) => (
            <tr key={start}>
              <th scope="row">{showDate(start, locale)}</th>
              <td>{formatCount(size, locale)}</td>
              {cells.map((cell, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns are numbered periods.
                <HeatCell key={index} cell={cell} most={most} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function HeatCell({ cell, most }: { cell: Cell; most: number }) {
  if (cell.state === 'future') {
    return (
      <td className={css.future} title={text.retention.future}>
        <span className="visually-hidden">{text.retention.future}</span>
      </td>
    );
  }
  const partial = cell.state === 'partial';
  const share = { '--share': Math.min(1, (cell.rate ?? 0) / most) } as CSSProperties;
  const hint = `${formatCount(cell.count, locale)}${partial ? ` · ${text.retention.partial}` : ''}`;
  return (
    <td className={partial ? css.partial : css.cell} style={share} title={hint}>
      {formatShare(cell.rate ?? null, locale)}
      {partial && <span className="visually-hidden"> {text.retention.partial}</span>}
    </td>
  );
}
