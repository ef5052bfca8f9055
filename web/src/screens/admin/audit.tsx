import { useInfiniteQuery } from '@tanstack/react-query';
import { type AuditEntry, admin } from '../../api/additions';
import { locale } from '../../data/me';
import { showMoment, viewerZone } from '../../format/zone';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { Button } from '../../ui/controls';
import { Empty, ErrorBox } from '../../ui/states';
import { type Column, Table } from '../../ui/table';

export default function Audit() {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ['admin', 'audit'],
    queryFn: ({ pageParam }) => admin.audit(pageParam === '' ? undefined : pageParam),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const entries = data?.pages.flatMap((page) => page.data);
  const columns: Column<AuditEntry>[] = [
    {
      key: 'at',
      label: text.audit.at,
      cell: ({ at }) => showMoment(Date.parse(at), viewerZone(), locale, true),
    },
    { key: 'actor', label: text.audit.actor, cell: ({ actor }) => actor },
    { key: 'action', label: text.audit.action, cell: ({ action }) => <code>{action}</code> },
    { key: 'subject', label: text.audit.subject, cell: ({ subject }) => subject },
    { key: 'tenant', label: text.audit.tenant, cell: ({ tenant }) => tenant ?? text.none },
  ];
  return (
    <Page title={text.audit.title}>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {entries?.length === 0 && <Empty title={text.audit.none} />}
      {!error && entries?.length !== 0 && (
        <Table
          caption={text.audit.title}
          columns={columns}
          rows={entries}
          rowKey={({ id }) => id}
          expected={8}
        />
      )}
      {hasNextPage && (
        <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {text.more}
        </Button>
      )}
    </Page>
  );
}
