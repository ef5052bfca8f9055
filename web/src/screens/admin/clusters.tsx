import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '../../api/client';
import { locale } from '../../data/me';
import { CLUSTERS, type Cluster, useClusters } from '../../data/tenants';
import { formatCount, numberFormat } from '../../format/values';
import { showMoment, viewerZone } from '../../format/zone';
import { useSubmit } from '../../hooks/use-submit';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { Badge, Button, controls, Dialog, DialogFoot, TextInput } from '../../ui/controls';
import { Empty, ErrorBox } from '../../ui/states';
import { type Column, Table, tableCss } from '../../ui/table';

const moment = (instant: string) => showMoment(Date.parse(instant), viewerZone(), locale);

export default function Clusters() {
  const client = useQueryClient();
  const { data, error, refetch } = useClusters();
  const [editing, setEditing] = useState<Cluster | 'new' | null>(null);
  const turn = useMutation({
    mutationFn: ({ name, drained_since: drained }: Cluster) => {
      const params = { path: { name } };
      return drained
        ? body(api.POST('/v1/admin/clusters/{name}/resume', { params }))
        : body(api.POST('/v1/admin/clusters/{name}/drain', { params }));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: CLUSTERS }),
  });
  const columns: Column<Cluster>[] = [
    { key: 'name', label: text.clusters.name, cell: ({ name }) => <code>{name}</code> },
    { key: 'health', label: text.clusters.health, cell: ({ health }) => <Health health={health} /> },
    { key: 'version', label: text.clusters.version, cell: ({ health }) => health.version ?? text.none },
    {
      key: 'tenants',
      label: text.clusters.tenants,
      number: true,
      cell: ({ tenants }) => formatCount(tenants, locale),
    },
    { key: 'url', label: text.clusters.url, cell: ({ url }) => <code>{url}</code> },
    {
      key: 'users',
      label: text.clusters.users,
      cell: ({ writer_user: writer, reader_user: reader }) => `${writer}, ${reader}`,
    },
    { key: 'registered', label: text.clusters.registered, cell: (cluster) => moment(cluster.registered_at) },
    {
      key: 'placement',
      label: text.clusters.placement,
      cell: ({ drained_since: drained }) =>
        drained ? (
          <Badge tone="warn">{text.clusters.drained(moment(drained))}</Badge>
        ) : (
          <Badge tone="good">{text.clusters.open}</Badge>
        ),
    },
    {
      key: 'actions',
      label: text.actions,
      cell: (cluster) => {
        const action = cluster.drained_since ? text.clusters.resume : text.clusters.drain;
        return (
          <span className={tableCss.actions}>
            <Button
              small
              disabled={turn.isPending}
              aria-label={`${action}: ${cluster.name}`}
              onClick={() => turn.mutate(cluster)}
            >
              {action}
            </Button>
            <Button
              small
              aria-label={`${text.clusters.change}: ${cluster.name}`}
              onClick={() => setEditing(cluster)}
            >
              {text.clusters.change}
            </Button>
          </span>
        );
      },
    },
  ];
  const failed = error ?? turn.error;
  return (
    <Page
      title={text.clusters.title}
      aside={
        <Button variant="primary" onClick={() => setEditing('new')}>
          {text.clusters.register}
        </Button>
      }
    >
      {failed && <ErrorBox error={failed} retry={() => void refetch()} />}
      {data?.length === 0 && <Empty title={text.clusters.none} />}
      {!error && data?.length !== 0 && (
        <Table
          caption={text.clusters.title}
          columns={columns}
          rows={data}
          rowKey={({ name }) => name}
          expected={2}
        />
      )}
      {editing && (
        <Register cluster={editing === 'new' ? undefined : editing} onClose={() => setEditing(null)} />
      )}
    </Page>
  );
}

function Health({ health: { available, milliseconds, failure } }: { health: Cluster['health'] }) {
  if (!available) return <Badge tone="bad">{failure ?? text.clusters.unavailable}</Badge>;
  const format = numberFormat(locale, { style: 'unit', unit: 'millisecond', maximumFractionDigits: 0 });
  return (
    <Badge tone="good">
      {milliseconds == null ? text.clusters.available : text.clusters.answered(format.format(milliseconds))}
    </Badge>
  );
}

/** Registers a cluster, or changes its address and accounts. Passwords are never read back. */
function Register({ cluster, onClose }: { cluster: Cluster | undefined; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState(cluster?.name ?? '');
  const [order, setOrder] = useState({
    url: cluster?.url ?? '',
    writer_user: cluster?.writer_user ?? '',
    writer_password: '',
    reader_user: cluster?.reader_user ?? '',
    reader_password: '',
  });
  const { busy, error, submit } = useSubmit(async () => {
    await body(api.PUT('/v1/admin/clusters/{name}', { params: { path: { name } }, body: order }));
    await client.invalidateQueries({ queryKey: CLUSTERS });
    onClose();
  });
  const input = (field: keyof typeof order, type: 'url' | 'text' | 'password') => (
    <TextInput
      label={text.clusters.fields[field]}
      type={type}
      required
      autoComplete="off"
      value={order[field]}
      onChange={(value) => setOrder({ ...order, [field]: value })}
    />
  );
  return (
    <Dialog
      title={cluster ? text.clusters.changeTitle(cluster.name) : text.clusters.register}
      onClose={onClose}
    >
      <form className={controls.stack} onSubmit={submit}>
        <p className="soft">{text.clusters.registerHint}</p>
        {!cluster && (
          <TextInput
            label={text.clusters.name}
            required
            pattern="[a-z0-9](?:[a-z0-9\-]{0,38}[a-z0-9])?"
            autoFocus
            value={name}
            onChange={setName}
          />
        )}
        {input('url', 'url')}
        <div className={controls.pair}>
          {input('writer_user', 'text')}
          {input('writer_password', 'password')}
          {input('reader_user', 'text')}
          {input('reader_password', 'password')}
        </div>
        {error !== null && <ErrorBox error={error} />}
        <DialogFoot>
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button type="submit" variant="primary" disabled={busy}>
            {text.save}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
