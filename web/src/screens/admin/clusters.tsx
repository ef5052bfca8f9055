import type { Cluster } from '../../api/additions';
import { locale } from '../../data/me';
import { useClusters } from '../../data/tenants';
import { formatBytes, formatCount, formatShare } from '../../format/values';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { Badge } from '../../ui/controls';
import { Empty, ErrorBox } from '../../ui/states';
import { type Column, Table } from '../../ui/table';

export default function Clusters() {
  const { data, error, refetch } = useClusters();
  const columns: Column<Cluster>[] = [
    { key: 'id', label: text.clusters.id, cell: ({ id }) => <code>{id}</code> },
    {
      key: 'state',
      label: text.clusters.state,
      cell: ({ state }) => <Badge tone={state === 'ok' ? 'good' : 'bad'}>{state}</Badge>,
    },
    { key: 'version', label: text.clusters.version, cell: ({ version }) => version ?? text.none },
    {
      key: 'tenants',
      label: text.clusters.tenants,
      cell: ({ tenants }) =>
        Object.entries(tenants)
          .map(([tier, count]) => `${text.tenants.tiers[tier] ?? tier}: ${formatCount(count, locale)}`)
          .join(' · ') || text.none,
    },
    {
      key: 'disk',
      label: text.clusters.disk,
      number: true,
      cell: ({ disk_bytes: all, disk_free_bytes: free }) =>
        all === null || free === null
          ? text.none
          : `${formatBytes(free, locale)} · ${formatShare(all === 0 ? null : free / all, locale)}`,
    },
  ];
  return (
    <Page title={text.clusters.title}>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {data?.length === 0 && <Empty title={text.clusters.none} />}
      {!error && data?.length !== 0 && (
        <Table
          caption={text.clusters.title}
          columns={columns}
          rows={data}
          rowKey={({ id }) => id}
          expected={2}
        />
      )}
    </Page>
  );
}
