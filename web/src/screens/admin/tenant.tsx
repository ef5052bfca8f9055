import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'wouter';
import { api, body } from '../../api/client';
import type { ApiKey, User } from '../../data/lists';
import { locale } from '../../data/me';
import { isKnown, useUsageOf } from '../../data/tenants';
import { formatCount } from '../../format/values';
import { showMoment, viewerZone } from '../../format/zone';
import { writeLink } from '../../session/links';
import { Card, Columns, Facts, Page, Section } from '../../shell/page';
import { text } from '../../text/en';
import { Confirm } from '../../ui/confirm';
import { Badge, Button } from '../../ui/controls';
import { Empty, ErrorBox, Skeleton } from '../../ui/states';
import { type Column, Table } from '../../ui/table';
import { Shown } from '../setup/shown';
import { UsageTable } from '../setup/usage-table';
import { UserState } from '../setup/users';
import { End, Life } from './life';
import { MoveSection } from './move';

const moment = (instant: string) => showMoment(Date.parse(instant), viewerZone(), locale);

export default function TenantPage() {
  const id = decodeURIComponent(useParams<{ id: string }>().id);
  const { data: tenant } = useSuspenseQuery({
    queryKey: ['admin', 'tenant', id],
    queryFn: () => body(api.GET('/v1/admin/tenants/{id}', { params: { path: { id } } })),
  });
  const { quotas, ...limits } = tenant.limits;
  const { over_quota, ...rates } = quotas;
  return (
    <Page title={tenant.name} aside={<Life tenant={tenant} />}>
      <Columns>
        <Card>
          <Facts
            facts={[
              [text.tenants.since, moment(tenant.state_since)],
              ...(tenant.state_reason ? [[text.tenants.reason, tenant.state_reason] as const] : []),
              [text.advertisers.id, <code key="id">{tenant.id}</code>],
              [text.tenants.tier, text.tenants.tiers[tenant.isolation]],
              [text.tenants.cluster, tenant.cluster],
              [text.tenants.zone, tenant.time_zone],
              [text.tenants.currency, tenant.currency],
              [text.tenants.retention, text.tenants.days(formatCount(tenant.retention_days, locale))],
              [
                text.tenants.rollupRetention,
                text.tenants.days(formatCount(tenant.rollup_retention_days, locale)),
              ],
              [text.tenants.created, moment(tenant.created_at)],
              [text.tenants.origins, tenant.origins.length === 0 ? text.none : tenant.origins.join(', ')],
              [text.tenants.advertisers, formatCount(tenant.advertisers.length, locale)],
            ]}
          />
        </Card>
        <Card>
          <h2>{text.tenants.limits}</h2>
          <Facts
            facts={[
              ...named(limits, text.tenants.limitNames),
              ...named(rates, text.tenants.quotaNames),
              [text.tenants.overQuota, text.tenants.overQuotaActions[over_quota ?? 'refuse']],
            ]}
          />
        </Card>
      </Columns>
      {(tenant.state === 'offboarding' || tenant.state === 'erasing') && <End tenant={tenant} />}
      {tenant.state !== 'erasing' && <MoveSection tenant={tenant} />}
      <Section title={text.usage.last30}>
        <Usage id={id} />
      </Section>
      <Columns>
        <Keys id={id} />
        <Users id={id} />
      </Columns>
    </Page>
  );
}

/** The numbers that are set, with their names. */
function named<Name extends string>(
  numbers: Partial<Record<Name, number | null>>,
  names: Record<Name, string>,
) {
  return (Object.keys(names) as Name[]).flatMap((name) => {
    const number = numbers[name];
    return typeof number === 'number' ? [[names[name], formatCount(number, locale)] as const] : [];
  });
}

function Usage({ id }: { id: string }) {
  const { data, error, refetch } = useUsageOf(id);
  if (error) return <ErrorBox error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Skeleton height={320} />;
  if (data && isKnown(data)) return <UsageTable usage={data} />;
  return <p className="soft">{data ? text.usage.unavailable : text.usage.none}</p>;
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
  const [reset, setReset] = useState<User | null>(null);
  const [made, setMade] = useState<[string, string] | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ['admin', 'users', id],
    queryFn: async () =>
      (await body(api.GET('/v1/admin/tenants/{id}/users', { params: { path: { id } } }))).data,
  });
  const columns: Column<User>[] = [
    { key: 'email', label: text.users.email, cell: ({ email }) => email },
    { key: 'role', label: text.users.role, cell: ({ role }) => text.roles[role] },
    { key: 'state', label: text.users.state, cell: (user) => <UserState user={user} zone={viewerZone()} /> },
    {
      key: 'actions',
      label: text.actions,
      // Owners reset the passwords of the others.
      cell: (user) =>
        user.role === 'owner' &&
        !user.disabled &&
        !user.invitation_expires_at && (
          <Button small aria-label={`${text.users.reset}: ${user.email}`} onClick={() => setReset(user)}>
            {text.users.reset}
          </Button>
        ),
    },
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
      {reset && (
        <Confirm
          title={text.users.resetTitle(reset.email)}
          hint={text.users.resetHint}
          action={text.users.reset}
          work={async () => {
            const path = { id, user_id: reset.id };
            const order = api.POST('/v1/admin/tenants/{id}/users/{user_id}/password-reset', {
              params: { path },
            });
            const { token } = await body(order);
            setMade([reset.email, writeLink('reset', { token, tenant: id })]);
          }}
          onClose={() => setReset(null)}
        />
      )}
      {made && (
        <Shown
          title={text.users.resetLink}
          hint={text.users.resetLinkHint}
          secrets={[made]}
          onClose={() => setMade(null)}
        />
      )}
    </Section>
  );
}
