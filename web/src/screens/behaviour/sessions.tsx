import { useMemo } from 'react';
import type { components } from '../../api/schema';
import { locale } from '../../data/me';
import { useSessions } from '../../data/reports';
import { fitting } from '../../format/buckets';
import { formatCount, formatSeconds, formatShare, formatValue, type MetricValue } from '../../format/values';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { CopyButton, controls, Select } from '../../ui/controls';
import { AnswerBadge } from '../../ui/freshness';
import { GrainPicker, PeriodPicker, useDates, useZone } from '../../ui/period-picker';
import { Empty, ErrorBox, Stale, Value } from '../../ui/states';
import { TimeChart } from '../../ui/time-chart';
import { type Fields, oneOf } from '../../url/codec';
import { lengthInDays, timeOf } from '../../url/range';
import { grainOf, type Period, periodFields, type Report, reportFields } from '../../url/report';
import { useUrlState } from '../../url/use-url-state';
import live from '../live/live.module.css';
import css from './behaviour.module.css';

const GAPS = ['15m', '30m', '1h', '4h'] as const;
const BYS = ['visitor', 'customer'] as const;
const NUMBERS = [
  'sessions',
  'keys',
  'events',
  'bounces',
  'bounce_rate',
  'mean_seconds',
  'sessions_per_key',
] as const;

type Numbers = components['schemas']['SessionNumbers'];
type Name = (typeof NUMBERS)[number];

interface State extends Period {
  gap: (typeof GAPS)[number];
  by: (typeof BYS)[number];
  grain: Report['grain'];
  number: Name;
}

const fields: Fields<State> = {
  ...periodFields,
  gap: oneOf(GAPS, '30m'),
  by: oneOf(BYS, 'visitor'),
  grain: reportFields.grain,
  number: oneOf(NUMBERS, 'sessions'),
};

function shown(name: Name, value: MetricValue): { text: string; reason?: string } {
  if (value === null) return { text: formatCount(null, locale), reason: text.sessions.empty };
  if (name === 'bounce_rate') return { text: formatShare(value as number | undefined, locale) };
  if (name === 'mean_seconds') return { text: formatSeconds(value as number | undefined, locale) };
  return { text: formatValue(value, { unit: name === 'sessions_per_key' ? 'quantity' : 'count', locale }) };
}

export default function Sessions() {
  const [state, change] = useUrlState(fields);
  const zone = useZone(state.tz);
  const { dates } = useDates(state.range, zone);
  const grain = grainOf(state.grain, dates);
  const request = { ...timeOf(dates, zone), granularity: grain, gap: state.gap, by: state.by };
  const { data, error, refetch, isPlaceholderData } = useSessions(request);
  const { starts, lines } = useMemo(() => {
    const series = data?.series;
    return {
      starts: series?.map(({ start }) => Date.parse(start)),
      lines: [
        {
          key: state.number,
          label: text.sessions.numbers[state.number] ?? state.number,
          values: series?.map((bucket) => bucket[state.number]) ?? [],
        },
      ],
    };
  }, [data, state.number]);
  const none = data?.totals.sessions === 0;
  return (
    <Page
      title={text.sessions.title}
      aside={<PeriodPicker period={state} onChange={change} comparing={false} />}
    >
      <div className={css.form}>
        <Select
          label={text.sessions.gap}
          value={state.gap}
          options={GAPS.map((gap) => [gap, text.sessions.gaps[gap] ?? gap] as const)}
          onChange={(gap) => change({ gap })}
        />
        <Select
          label={text.sessions.by}
          value={state.by}
          options={BYS.map((by) => [by, text.funnels.bys[by] ?? by] as const)}
          onChange={(by) => change({ by })}
        />
        <AnswerBadge asOf={data?.as_of} zone={zone} />
        <CopyButton
          value={`${location.origin}/v1/sessions?${new URLSearchParams(request)}`}
          label={text.explore.request}
        />
      </div>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {!error && none && (
        <Empty title={text.sessions.empty}>
          <p>{text.sessions.emptyHint}</p>
        </Empty>
      )}
      {!error && !none && (
        <Stale when={isPlaceholderData}>
          <div className={controls.stack}>
            <Totals totals={data?.totals} />
            <TimeChart
              title={text.sessions.series}
              starts={starts}
              lines={lines}
              granularity={grain}
              zone={zone}
              asOf={data?.as_of ? Date.parse(data.as_of) : null}
              show={(value) => shown(state.number, value)}
              controls={
                <>
                  <Select
                    quiet
                    label={text.live.metric}
                    value={state.number}
                    options={NUMBERS.map((name) => [name, text.sessions.numbers[name] ?? name] as const)}
                    onChange={(number) => change({ number })}
                  />
                  <GrainPicker
                    value={state.grain}
                    options={
                      ['', ...fitting(lengthInDays(dates)).filter((name) => name !== 'total')] as const
                    }
                    onChange={(next) => change({ grain: next as State['grain'] })}
                  />
                </>
              }
            />
            {data && data.without_key > 0 && (
              <p className="soft">{text.funnels.withoutKey(formatCount(data.without_key, locale))}</p>
            )}
          </div>
        </Stale>
      )}
    </Page>
  );
}

function Totals({ totals }: { totals: Numbers | undefined }) {
  return (
    <dl className={live.tiles}>
      {NUMBERS.map((name) => (
        <div key={name} className={live.tile}>
          <dt>{text.sessions.numbers[name]}</dt>
          <dd className={live.value}>
            <Value shown={totals ? shown(name, totals[name] ?? null) : undefined} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
