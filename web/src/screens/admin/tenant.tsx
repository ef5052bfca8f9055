import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'wouter';
import { admin } from '../../api/additions';
import { api, body } from '../../api/client';
import type { ApiKey, User } from '../../data/lists';
import { locale } from '../../data/me';
import { TENANTS, useUsage } from '../../data/tenants';
import { formatBytes, formatCount, formatSeconds } from '../../format/values';
import { showMoment, viewerZone } from '../../format/zone';
import { Card, Columns, Facts, Page, Section } from '../../shell/page';
import { text } from '../../text/en';
import { Confirm } from '../../ui/confirm';
import { Badge, Button, controls } from '../../ui/controls';
import { Empty, ErrorBox, Skeleton } from '../../ui/states';
import { type Column, Table } from '../../ui/table';
import { UserState } from '../setup/users';
import { Move } from './move';
import { STATE_TONES } from './tenants';

export default function TenantPage() {
  const id = decodeURIComponent(useParams<{ id: string }>().id);
  const client = useQueryClient();
  const { data: tenant } = useSuspenseQuery({
    queryKey: ['admin', 'tenant', id],
    queryFn: () => body(api.GET('/v1/admin/tenants/{id}', { params: { path: { id } } })),
  });
  const [suspending, setSuspending] = useState(false);
  const again = async () => {
    await client.invalidateQueries({ queryKey: ['admin', 'tenant', id] });
    await client.invalidateQueries({ queryKey: TENANTS });
  };
  const resume = useMutation({ mutationFn: () => admin.resume(id), onSuccess: again });
  const limits = Object.entries(tenant.limits).map(
    ([name, value]) => [text.tenants.limitNames[name] ?? name, formatCount(value, locale)] as const,
  );
  return (
    <Page
      title={tenant.name}
      aside={
        <span className={controls.row}>
          <Badge tone={STATE_TONES[tenant.state] ?? 'plain'}>{text.tenants.states[tenant.state]}</Badge>
          {tenant.state === 'suspended' ? (
            <Button disabled={resume.isPending} onClick={() => resume.mutate()}>
              {text.tenants.resume}
            </Button>
          ) : (
            <Button variant="danger" onClick={() => setSuspending(true)}>
              {text.tenants.suspend}
            </Button>
          )}
        </span>
      }
    >
      {resume.error && <ErrorBox error={resume.error} />}
      <Columns>
        <Card>
          <Facts
            facts={[
              [text.advertisers.id, <code key="id">{tenant.id}</code>],
              [text.tenants.tier, text.tenants.tiers[tenant.isolation]],
              [text.tenants.cluster, tenant.cluster],
              [text.tenants.zone, tenant.time_zone],
              [text.tenants.currency, tenant.currency],
              [text.tenants.retention, text.tenants.days(formatCount(tenant.retention_days, locale))],
              [text.tenants.created, showMoment(Date.parse(tenant.created_at), viewerZone(), locale)],
              [text.tenants.origins, tenant.origins.length === 0 ? text.none : tenant.origins.join(', ')],
              [text.tenants.advertisers, formatCount(tenant.advertisers.length, locale)],
            ]}
          />
        </Card>
        <Card>
          <h2>{text.tenants.limits}</h2>
          <Facts facts={limits} />
        </Card>
        <Card>
          <h2>{text.tenants.usage}</h2>
          <Usage id={id} />
        </Card>
      </Columns>
      <Section title={text.move.title}>
        <Move tenant={tenant} onMoved={again} />
      </Section>
      <Columns>
        <Keys id={id} />
        <Users id={id} />
      </Columns>
      {suspending && (
        <Confirm
          title={text.tenants.suspendTitle(tenant.name)}
          hint={text.tenants.suspendHint}
          action={text.tenants.suspend}
          typed={tenant.id}
          work={async () => {
            await admin.suspend(id);
            await again();
          }}
          onClose={() => setSuspending(false)}
        />
      )}
    </Page>
  );
}

function Usage({ id }: { id: string }) {
  const { data, error, refetch } = useUsage(id);
  if (error) return <ErrorBox error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={140} />;
  const names = text.tenants.usageNames;
  return (
    <Facts
      facts={[
        [names.events_today ?? '', formatCount(data.events_today, locale)],
        [names.events_month ?? '', formatCount(data.events_month, locale)],
        [names.rows ?? '', formatCount(data.rows, locale)],
        [names.bytes ?? '', formatBytes(data.bytes, locale)],
        [names.lag_seconds ?? '', formatSeconds(data.lag_seconds, locale)],
        [names.live_streams ?? '', formatCount(data.live_streams, locale)],
      ]}
    />
  );
}

function Keys({ id }: { id: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['admin', 'keys', id],
    queryFn: async () =>
      (await body(api.GET('/v1/admin/tenants/{id}/api-keys', { params: { path: { id } } }))).data,
  });
  const columns: Column<ApiKey>[] = [
    { key: 'name', label: text.keys.name, cell: ({ name }) => name },
    { key: 'kind', label: text.keys.kind, cell: ({ kind }) => kind },
    {
      key: 'state',
      label: text.keys.state,
      cell: (key) =>
        key.revoked_at ? <Badge>{text.keys.revoked}</Badge> : <Badge tone="good">{text.keys.active}</Badge>,
    },
  ];
  return (
    <Section title={text.tenants.keys}>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {data?.length === 0 && <Empty title={text.keys.none} />}
      {!error && data?.length !== 0 && (
        <Table
          caption={text.tenants.keys}
          columns={columns}
          rows={data}
          rowKey={(key) => key.id}
          expected={2}
        />
      )}
    </Section>
  );
}

function Users({ id }: { id: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['admin', 'users', id],
    queryFn: async () =>
      (await body(api.GET('/v1/admin/tenants/{id}/users', { params: { path: { id } } }))).data,
  });
  const columns: Column<User>[] = [
    { key: 'email', label: text.users.email, cell: ({ email }) => email },
    { key: 'role', label: text.users.role, cell: ({ role }) => text.roles[role] },
    { key: 'state', label: text.users.state, cell: (user) => <UserState user={user} zone={viewerZone()} /> },
  ];
  return (
    <Section title={text.tenants.users}>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {data?.length === 0 && <Empty title={text.users.none} />}
      {!error && data?.length !== 0 && (
        <Table
          caption={text.tenants.users}
          columns={columns}
          rows={data}
          rowKey={(user) => user.id}
          expected={2}
        />
      )}
    </Section>
  );
}
