import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '../../api/client';
import type { components } from '../../api/schema';
import { locale, may, useMe, useTenant } from '../../data/me';
import { formatBytes, formatCount } from '../../format/values';
import { showMoment } from '../../format/zone';
import { Card, Facts, Page, Section } from '../../shell/page';
import { text } from '../../text/en';
import { Confirm } from '../../ui/confirm';
import { Badge, Button, controls } from '../../ui/controls';
import { Empty, ErrorBox, Skeleton } from '../../ui/states';
import { type Column, Table, tableCss } from '../../ui/table';
import { expiresSoon, type Order, orderOf, type ParkedAction, type ParkedHour } from './parked-order';

type Parked = components['schemas']['ParkedAnswer'];
type Given = components['schemas']['ParkedOrderView'];

const ACTIONS: readonly ParkedAction[] = ['release', 'erase'];

/** How often an order under way is looked at, in milliseconds. */
const OFTEN = 2_000;
/** The same while there is none: more may be parked. */
const SELDOM = 30_000;

const underWay = (parked: Parked | undefined) => parked?.orders.some((given) => !given.finished_at) ?? false;

/** What is parked, and what its owner orders about it. */
export default function ParkedEvents() {
  const me = useMe();
  const { id: tenant, zone } = useTenant();
  const client = useQueryClient();
  const [asked, setAsked] = useState<Order | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ['parked'],
    queryFn: () => body(api.GET('/v1/parked')),
    refetchInterval: ({ state }) => (underWay(state.data) ? OFTEN : SELDOM),
  });
  const moment = (instant: string) => showMoment(Date.parse(instant), zone, locale);
  const count = (events: number) => formatCount(events, locale);
  const mayOrder = may(me, 'manage_parked');
  const busy = underWay(data);
  const hours = data?.hours ?? [];
  const [first] = hours;
  const columns: Column<ParkedHour>[] = [
    { key: 'hour', label: text.parked.hour, cell: ({ hour }) => moment(hour) },
    { key: 'events', label: text.parked.events, number: true, cell: ({ events }) => count(events) },
    { key: 'bytes', label: text.parked.bytes, number: true, cell: ({ bytes }) => formatBytes(bytes, locale) },
    {
      key: 'expires',
      label: text.parked.expires,
      cell: (hour) => (
        <span className={controls.row}>
          {moment(hour.expires_at)}
          {expiresSoon(hour, Date.now()) && <Badge tone="warn">{text.parked.soon}</Badge>}
        </span>
      ),
    },
    ...(mayOrder
      ? [
          {
            key: 'actions',
            label: text.actions,
            cell: (hour: ParkedHour) => (
              <span className={tableCss.actions}>
                {ACTIONS.map((action) => (
                  <Button
                    key={action}
                    small
                    disabled={busy}
                    aria-label={`${text.parked.upTo[action]}: ${moment(hour.hour)}`}
                    onClick={() => setAsked(orderOf(action, hours, hour))}
                  >
                    {text.parked.upTo[action]}
                  </Button>
                ))}
              </span>
            ),
          },
        ]
      : []),
  ];
  return (
    <Page
      title={text.parked.title}
      aside={
        mayOrder &&
        hours.length > 0 && (
          <span className={controls.row}>
            <Button variant="primary" disabled={busy} onClick={() => setAsked(orderOf('release', hours))}>
              {text.parked.releaseAll}
            </Button>
            <Button variant="danger" disabled={busy} onClick={() => setAsked(orderOf('erase', hours))}>
              {text.parked.eraseAll}
            </Button>
          </span>
        )
      }
    >
      <p className="soft">{text.parked.intro}</p>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {!error && !data && <Skeleton height={200} />}
      {data && hours.length === 0 && (
        <Empty title={text.parked.none}>
          <p>{text.parked.noneHint}</p>
        </Empty>
      )}
      {data && first && (
        <>
          <Section title={text.parked.waiting}>
            <Card>
              <Facts
                facts={[
                  [text.parked.events, count(data.events)],
                  [text.parked.bytes, formatBytes(data.bytes, locale)],
                  [text.parked.next, moment(first.expires_at)],
                ]}
              />
            </Card>
          </Section>
          <Section title={text.parked.hours}>
            <Table caption={text.parked.hours} columns={columns} rows={hours} rowKey={({ hour }) => hour} />
          </Section>
        </>
      )}
      {data && data.orders.length > 0 && (
        <Section title={text.parked.orders}>
          {busy && (
            <p className="soft" role="status">
              {text.parked.oneAtATime}
            </p>
          )}
          <Orders orders={data.orders} zone={zone} />
        </Section>
      )}
      {asked && (
        <Confirm
          title={text.parked.titles[asked.action](count(asked.events))}
          hint={text.parked.hints[asked.action]}
          action={text.parked.actions[asked.action]}
          typed={tenant}
          work={async () => {
            await give(asked);
            await client.invalidateQueries({ queryKey: ['parked'] });
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </Page>
  );
}

function give({ action, before }: Order): Promise<Given> {
  const bound = before === undefined ? {} : { before };
  return action === 'release'
    ? body(api.POST('/v1/parked/release', { body: bound }))
    : body(api.DELETE('/v1/parked', { params: { query: bound } }));
}

function Orders({ orders, zone }: { orders: readonly Given[]; zone: string }) {
  const moment = (instant: string) => showMoment(Date.parse(instant), zone, locale);
  const columns: Column<Given>[] = [
    { key: 'order', label: text.parked.order, cell: ({ action }) => text.parked.actions[action] },
    {
      key: 'before',
      label: text.parked.before,
      cell: ({ before }) => (before ? moment(before) : text.parked.everything),
    },
    { key: 'by', label: text.parked.askedBy, cell: ({ asked_by: by }) => by },
    { key: 'at', label: text.parked.askedAt, cell: ({ asked_at: at }) => moment(at) },
    {
      key: 'events',
      label: text.parked.done,
      number: true,
      cell: ({ events }) => formatCount(events, locale),
    },
    {
      key: 'state',
      label: text.parked.state,
      cell: ({ finished_at: finished }) =>
        finished ? (
          <Badge tone="good">{text.parked.finished(moment(finished))}</Badge>
        ) : (
          <Badge tone="warn">{text.parked.running}</Badge>
        ),
    },
  ];
  return <Table caption={text.parked.orders} columns={columns} rows={orders} rowKey={({ id }) => id} />;
}
