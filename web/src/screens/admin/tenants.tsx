import { Link } from 'wouter';
import { locale } from '../../data/me';
import { isKnown, type KnownUsage, type Tenant, useTenants, useUsages } from '../../data/tenants';
import { formatBytes, formatCount, formatSeconds, NULL_SIGN } from '../../format/values';
import { showMoment, viewerZone } from '../../format/zone';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { Badge, buttonClass, controls, Select, type Tone } from '../../ui/controls';
import { Empty, ErrorBox, Value } from '../../ui/states';
import { type Column, Table } from '../../ui/table';
import { type Fields, oneOf, text as textField } from '../../url/codec';
import { useUrlState } from '../../url/use-url-state';

export const TIERS = ['shared', 'schema', 'dedicated'] as const;

export const STATE_TONES: Record<Tenant['state'], Tone> = {
  provisioning: 'warn',
  active: 'good',
  suspended: 'bad',
  offboarding: 'warn',
  erasing: 'bad',
};

interface State {
  q: string;
  tier: '' | (typeof TIERS)[number];
}

const fields: Fields<State> = { q: textField(), tier: oneOf(['', ...TIERS], '') };

export default function Tenants() {
  const [state, change] = useUrlState(fields);
  const { data, error, refetch } = useTenants();
  const usages = useUsages();
  const used = new Map((usages.data ?? []).map((usage) => [usage.tenant, usage]));
  /** A number of a tenant's usage; a dash if it is not known. */
  const usage = (id: string, show: (of: KnownUsage) => string) => {
    const of = used.get(id);
    if (!of && usages.isPending) return undefined;
    if (of && isKnown(of)) return { text: show(of) };
    return { text: NULL_SIGN, reason: of ? text.usage.unavailable : text.values.undefined };
  };
  /** How old the numbers of a tenant were when they arrived. */
  const lag = (id: string) => {
    const asOf = (of: KnownUsage) => Date.parse(of.as_of ?? '');
    const seconds = (of: KnownUsage) => Math.max(0, Math.round((usages.dataUpdatedAt - asOf(of)) / 1000));
    const of = used.get(id);
    if (of && isKnown(of) && !of.as_of) return { text: NULL_SIGN, reason: text.freshness.unknown };
    return usage(id, (known) => formatSeconds(seconds(known), locale));
  };
  const words = state.q.trim().toLowerCase();
  const shown = data?.filter(
    ({ id, name, isolation }) =>
      `${id} ${name}`.toLowerCase().includes(words) && (state.tier === '' || isolation === state.tier),
  );
  const columns: Column<Tenant>[] = [
    {
      key: 'name',
      label: text.tenants.name,
      cell: ({ id, name }) => (
        <>
          <Link href={`/admin/tenants/${encodeURIComponent(id)}`}>{name}</Link>{' '}
          <code className="soft">{id}</code>
        </>
      ),
    },
    {
      key: 'state',
      label: text.tenants.state,
      cell: (tenant) => (
        <Badge tone={STATE_TONES[tenant.state]} title={tenant.state_reason ?? undefined}>
          {text.tenants.states[tenant.state]}
        </Badge>
      ),
    },
    { key: 'tier', label: text.tenants.tier, cell: ({ isolation }) => text.tenants.tiers[isolation] },
    { key: 'cluster', label: text.tenants.cluster, cell: ({ cluster }) => cluster },
    {
      key: 'today',
      label: text.usage.today,
      number: true,
      cell: ({ id }) => (
        <Value shown={usage(id, ({ days }) => formatCount(days.at(-1)?.events ?? 0, locale))} />
      ),
    },
    {
      key: 'month',
      label: text.usage.events30,
      number: true,
      cell: ({ id }) => <Value shown={usage(id, ({ totals }) => formatCount(totals.events, locale))} />,
    },
    {
      key: 'storage',
      label: text.usage.storage,
      number: true,
      cell: ({ id }) => <Value shown={usage(id, ({ storage_bytes: bytes }) => formatBytes(bytes, locale))} />,
    },
    {
      key: 'lag',
      label: text.tenants.lag,
      title: text.tenants.lagHint,
      number: true,
      cell: ({ id }) => <Value shown={lag(id)} />,
    },
    {
      key: 'limit',
      label: text.tenants.limitNames.events_per_second,
      number: true,
      cell: ({ limits }) => formatCount(limits.events_per_second, locale),
    },
    { key: 'zone', label: text.tenants.zone, cell: (tenant) => tenant.time_zone },
    { key: 'currency', label: text.tenants.currency, cell: ({ currency }) => currency },
    {
      key: 'created',
      label: text.tenants.created,
      cell: (tenant) => showMoment(Date.parse(tenant.created_at), viewerZone(), locale),
    },
  ];
  return (
    <Page
      title={text.tenants.title}
      aside={
        <Link href="/admin/onboard" className={buttonClass}>
          {text.tenants.onboard}
        </Link>
      }
    >
      <p className="soft">{text.tenants.noData}</p>
      <div className={controls.row}>
        <input
          type="search"
          placeholder={text.explore.search}
          aria-label={text.explore.search}
          value={state.q}
          onChange={(event) => change({ q: event.target.value }, { replace: true })}
        />
        <Select
          quiet
          label={text.tenants.tier}
          value={state.tier}
          options={[
            ['', `${text.tenants.tier}: ${text.all}`],
            ...TIERS.map((tier) => [tier, text.tenants.tiers[tier] ?? tier] as const),
          ]}
          onChange={(tier) => change({ tier })}
        />
      </div>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {usages.error && <ErrorBox error={usages.error} retry={() => void usages.refetch()} />}
      {data?.length === 0 && (
        <Empty title={text.tenants.none}>
          <p>{text.tenants.noneHint}</p>
        </Empty>
      )}
      {!error && data?.length !== 0 && (
        <Table caption={text.tenants.title} columns={columns} rows={shown} rowKey={({ id }) => id} />
      )}
    </Page>
  );
}
