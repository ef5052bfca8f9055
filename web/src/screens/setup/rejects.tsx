import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { api, body } from '../../api/client';
import type { components } from '../../api/schema';
import { locale, may, useMe, useTenant } from '../../data/me';
import { formatCount } from '../../format/values';
import { showMoment } from '../../format/zone';
import { Page, Section } from '../../shell/page';
import { text } from '../../text/en';
import { Badge, Button, controls } from '../../ui/controls';
import { PeriodPicker, useDates, useZone } from '../../ui/period-picker';
import { Empty, ErrorBox, Skeleton } from '../../ui/states';
import { type Column, Table, tableCss } from '../../ui/table';
import { type Fields, text as textField } from '../../url/codec';
import { timeOf } from '../../url/range';
import { type Period, periodFields } from '../../url/report';
import { useUrlState } from '../../url/use-url-state';
import { MendDialog, type Outcome, outcomeText } from './mend-dialog';
import css from './rejects.module.css';

export type Reject = components['schemas']['Reject'];

interface State extends Period {
  code: string;
  at: string;
}

/** `at` is the pointer with a sign before it: the pointer of a whole event is empty. */
const fields: Fields<State> = { ...periodFields, code: textField(), at: textField() };

interface Group {
  code: string;
  pointer: string;
  reason: string;
  count: number;
  newest: string;
}

const PAGE = 200;

export default function Rejects() {
  const [state, change] = useUrlState(fields);
  const me = useMe();
  const { zone: own } = useTenant();
  const zone = useZone(state.tz);
  const { dates } = useDates(state.range, zone);
  const { from, to } = timeOf(dates, zone);
  const [mended, setMended] = useState<Reject | null>(null);
  const query = useInfiniteQuery({
    queryKey: ['rejects', state.code, from, to],
    queryFn: ({ pageParam }) =>
      body(
        api.GET('/v1/rejects', {
          params: {
            query: {
              from,
              limit: PAGE,
              ...(to ? { to } : {}),
              ...(state.code ? { code: state.code } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
  const rejects = useMemo(() => query.data?.pages.flatMap(({ data }) => data), [query.data]);
  const groups = useMemo(() => rejects && grouped(rejects), [rejects]);
  const counts = query.data?.pages[0]?.counts;
  const chosen = state.at === '' ? undefined : state.at.slice(1);
  const shown = rejects?.filter(({ pointer }) => chosen === undefined || pointer === chosen);
  const columns: Column<Group>[] = [
    {
      key: 'reason',
      label: text.rejects.code,
      cell: (group) => (
        <button
          type="button"
          className={tableCss.pick}
          onClick={() => change({ code: group.code, at: `@${group.pointer}` })}
        >
          {group.reason}
        </button>
      ),
    },
    { key: 'code', label: text.rejects.codeName, cell: ({ code }) => <code>{code}</code> },
    {
      key: 'where',
      label: text.rejects.where,
      cell: ({ pointer }) => (pointer === '' ? text.rejects.whole : <code>{pointer}</code>),
    },
    {
      key: 'count',
      label: text.rejects.count,
      number: true,
      cell: ({ count }) => formatCount(count, locale),
    },
    {
      key: 'newest',
      label: text.rejects.newest,
      cell: ({ newest }) => showMoment(Date.parse(newest), own, locale),
    },
  ];
  const none = rejects?.length === 0 && state.code === '';
  return (
    <Page
      title={text.rejects.title}
      aside={<PeriodPicker period={state} onChange={change} comparing={false} />}
    >
      <p className="soft">{text.rejects.intro}</p>
      {query.error && <ErrorBox error={query.error} retry={() => void query.refetch()} />}
      {counts && Object.keys(counts).length > 0 && (
        <ul className={controls.chips}>
          {Object.entries(counts).map(([code, count]) => (
            <li key={code}>
              <Button
                small
                aria-pressed={state.code === code}
                variant={state.code === code ? 'primary' : 'plain'}
                onClick={() => change({ code: state.code === code ? '' : code, at: '' })}
              >
                {code} · {formatCount(count, locale)}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {none && (
        <Empty title={text.rejects.none}>
          <p>{text.rejects.noneHint}</p>
        </Empty>
      )}
      {!none && !query.error && (
        <>
          <Section title={text.rejects.groups}>
            <Table
              caption={text.rejects.groups}
              columns={columns}
              rows={groups}
              rowKey={({ code, pointer, reason }) => `${code}${pointer}${reason}`}
            />
          </Section>
          <Section
            title={text.rejects.title}
            aside={
              chosen !== undefined && (
                <Button small onClick={() => change({ code: '', at: '' })}>
                  {text.explore.clearFilters}
                </Button>
              )
            }
          >
            {!shown && <Skeleton height={200} />}
            <ul className={css.list}>
              {shown?.map((reject) => (
                <Item
                  key={reject.id}
                  reject={reject}
                  zone={own}
                  mends={may(me, 'replay_rejects')}
                  onMend={() => setMended(reject)}
                />
              ))}
            </ul>
            {query.hasNextPage && (
              <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {text.more}
              </Button>
            )}
          </Section>
        </>
      )}
      {mended && <MendDialog reject={mended} onClose={() => setMended(null)} />}
    </Page>
  );
}

/** Groups by code, pointer and reason; the largest group first. */
function grouped(rejects: readonly Reject[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { code, pointer, reason, received_at: at } of rejects) {
    const key = JSON.stringify([code, pointer, reason]);
    const group = groups.get(key);
    if (!group) groups.set(key, { code, pointer, reason, count: 1, newest: at });
    else {
      group.count += 1;
      if (at > group.newest) group.newest = at;
    }
  }
  return [...groups.values()].sort((one, other) => other.count - one.count);
}

function Item({
  reject,
  zone,
  mends,
  onMend,
}: {
  reject: Reject;
  zone: string;
  mends: boolean;
  onMend: () => void;
}) {
  const client = useQueryClient();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const again = useMutation({
    mutationFn: () => body(api.POST('/v1/rejects/resubmit', { body: { ids: [reject.id] } })),
    onSuccess: ({ outcomes }) => {
      setOutcome(outcomes[0] ?? null);
      void client.invalidateQueries({ queryKey: ['rejects'] });
    },
  });
  return (
    <li>
      <p>
        <code>{reject.pointer === '' ? text.rejects.whole : reject.pointer}</code> {reject.reason}
      </p>
      <span className={tableCss.actions}>
        {reject.resubmitted_at ? (
          <Badge tone="good">{text.rejects.resubmitted}</Badge>
        ) : (
          mends && (
            <Button small variant="quiet" disabled={again.isPending} onClick={() => again.mutate()}>
              {text.rejects.resubmitAsIs}
            </Button>
          )
        )}
        <Button small onClick={onMend}>
          {text.rejects.mend}
        </Button>
      </span>
      <p className="soft">{showMoment(Date.parse(reject.received_at), zone, locale, true)}</p>
      {outcome && <p role="status">{outcomeText(outcome)}</p>}
      {again.error && <ErrorBox error={again.error} />}
    </li>
  );
}
