import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import type { components } from '../../api/schema';
import { locale } from '../../data/me';
import { showMoment } from '../../format/zone';
import { text } from '../../text/en';
import { Button } from '../../ui/controls';
import { Empty, ErrorBox } from '../../ui/states';
import { type Column, Table } from '../../ui/table';

type Entry = components['schemas']['AuditEntryView'];
type Listing = components['schemas']['Listing_AuditEntryView'];

interface AuditLogProps {
  name: QueryKey;
  zone: string;
  /** Whether the entries are of several tenants. */
  ofAll: boolean;
  load: (cursor?: string) => Promise<Listing>;
}

/** What was done, the latest first. */
export function AuditLog({ name, zone, ofAll, load }: AuditLogProps) {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: name,
    queryFn: ({ pageParam }) => load(pageParam === '' ? undefined : pageParam),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    // Each look at the log is an entry of it.
    refetchOnWindowFocus: false,
  });
  const entries = data?.pages.flatMap((page) => page.data);
  const columns: Column<Entry>[] = [
    { key: 'at', label: text.audit.at, cell: ({ at }) => showMoment(Date.parse(at), zone, locale, true) },
    { key: 'actor', label: text.audit.actor, cell: ({ actor }) => actor },
    { key: 'action', label: text.audit.action, cell: ({ action }) => <code>{action}</code> },
    { key: 'subject', label: text.audit.subject, cell: ({ subject }) => subject },
    ...(ofAll
      ? [{ key: 'tenant', label: text.audit.tenant, cell: ({ tenant }: Entry) => tenant ?? text.none }]
      : []),
    { key: 'address', label: text.audit.address, cell: ({ address }) => address ?? text.none },
    {
      key: 'detail',
      label: text.audit.detail,
      cell: ({ detail, request_id: request }) => (
        <details>
          <summary>{text.audit.show}</summary>
          <pre>{JSON.stringify(detail, null, 2)}</pre>
          {request && (
            <p className="soft">
              {text.problems.requestId} <code>{request}</code>
            </p>
          )}
        </details>
      ),
    },
  ];
  return (
    <>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {entries?.length === 0 && <Empty title={text.audit.none} />}
      {!error && entries?.length !== 0 && (
        <Table
          caption={text.audit.title}
          columns={columns}
          rows={entries}
          rowKey={({ id }) => String(id)}
          expected={8}
        />
      )}
      {hasNextPage && (
        <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {text.more}
        </Button>
      )}
    </>
  );
}
