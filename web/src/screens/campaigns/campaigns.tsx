import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import { api, body } from '../../api/client';
import { metricLabel, useShow } from '../../data/catalogue';
import { type Campaign, useAdvertisers, useCampaigns } from '../../data/lists';
import { locale, may, useMe } from '../../data/me';
import { type QueryRow, useReport } from '../../data/reports';
import type { MetricValue } from '../../format/values';
import { showMoment } from '../../format/zone';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { Button, controls, Dialog, DialogFoot, Select, TextInput } from '../../ui/controls';
import { AnswerBadge } from '../../ui/freshness';
import { PeriodPicker, useDates, useZone } from '../../ui/period-picker';
import { Change, Empty, ErrorBox, Stale, Value } from '../../ui/states';
import { type Column, Table, tableCss } from '../../ui/table';
import { type Fields, text as textField } from '../../url/codec';
import { timeOf } from '../../url/range';
import { compareOf, type Period, periodFields } from '../../url/report';
import { useUrlState } from '../../url/use-url-state';

interface State extends Period {
  order: string;
  advertiser: string;
  q: string;
}

const fields: Fields<State> = {
  ...periodFields,
  order: textField('-sales'),
  advertiser: textField(),
  q: textField(),
};

const METRICS = ['impressions', 'clicks', 'ctr', 'spend', 'orders', 'sales', 'roas'] as const;

interface Row {
  campaign: Campaign;
  values: Record<string, MetricValue> | undefined;
  change: Record<string, number | null> | null;
}

export default function Campaigns() {
  const [state, change] = useUrlState(fields);
  const me = useMe();
  const zone = useZone(state.tz);
  const { dates } = useDates(state.range, zone);
  const campaigns = useCampaigns();
  const compare = compareOf(state);
  const report = useReport({
    metrics: [...METRICS],
    dimensions: ['campaign'],
    time: { ...timeOf(dates, zone), granularity: 'total' },
    limit: 1000,
    ...(compare ? { compare } : {}),
  });
  const [edited, setEdited] = useState<Campaign | null>(null);
  const show = useShow();
  const manages = may(me, 'manage_campaigns');
  const advertisers = useAdvertisers(manages);
  const names = new Map((advertisers.data ?? []).map(({ id, name }) => [id, name]));
  const words = state.q.trim().toLowerCase();
  const rows = useMemo(
    () => joined(campaigns.data, report.data?.rows as QueryRow[] | undefined, state.order),
    [campaigns.data, report.data, state.order],
  );
  const shown = rows?.filter(
    ({ campaign }) =>
      (state.advertiser === '' || campaign.advertiser_id === state.advertiser) &&
      `${campaign.name} ${campaign.id}`.toLowerCase().includes(words),
  );
  const columns: Column<Row>[] = [
    {
      key: 'name',
      label: text.campaigns.name,
      sortable: true,
      cell: ({ campaign }) => (
        <Link href={`/campaigns/${encodeURIComponent(campaign.id)}`}>{campaign.name}</Link>
      ),
    },
    ...METRICS.map(
      (metric): Column<Row> => ({
        key: metric,
        label: metricLabel(metric),
        number: true,
        sortable: true,
        cell: ({ values, change: changes }) => (
          <>
            <Value
              shown={
                report.data ? show(metric, values?.[metric] === undefined ? 0 : values[metric]) : undefined
              }
            />
            {changes && (
              <span className={tableCss.change}>
                <Change metric={metric} change={changes[metric] ?? null} />
              </span>
            )}
          </>
        ),
      }),
    ),
    {
      key: 'first',
      label: text.campaigns.firstSeen,
      cell: ({ campaign }) =>
        campaign.first_seen
          ? showMoment(Date.parse(campaign.first_seen), zone, locale)
          : text.campaigns.never,
    },
  ];
  if (manages) {
    columns.push(
      {
        key: 'advertiser',
        label: text.campaigns.advertiser,
        cell: ({ campaign }) =>
          campaign.advertiser_id
            ? (names.get(campaign.advertiser_id) ?? campaign.advertiser_id)
            : text.campaigns.noAdvertiser,
      },
      {
        key: 'edit',
        label: text.campaigns.edit,
        cell: ({ campaign }) => (
          <Button
            small
            aria-label={`${text.campaigns.edit}: ${campaign.name}`}
            onClick={() => setEdited(campaign)}
          >
            {text.campaigns.edit}
          </Button>
        ),
      },
    );
  }
  const failed = campaigns.error ?? report.error;
  return (
    <Page title={text.campaigns.title} aside={<PeriodPicker period={state} onChange={change} />}>
      <div className={controls.row}>
        <input
          type="search"
          placeholder={text.explore.search}
          aria-label={text.explore.search}
          value={state.q}
          onChange={(event) => change({ q: event.target.value }, { replace: true })}
        />
        {manages && names.size > 0 && (
          <Select
            quiet
            label={text.campaigns.advertiser}
            value={state.advertiser}
            options={[['', `${text.campaigns.advertiser}: ${text.all}`], ...names]}
            onChange={(advertiser) => change({ advertiser })}
          />
        )}
        <AnswerBadge asOf={report.data?.as_of} finalAfter={report.data?.final_after} zone={zone} />
      </div>
      {failed && (
        <ErrorBox
          error={failed}
          retry={() => {
            void campaigns.refetch();
            void report.refetch();
          }}
        />
      )}
      {shown?.length === 0 && (
        <Empty title={words === '' ? text.campaigns.none : text.explore.noRows}>
          <p>{text.campaigns.noneHint}</p>
        </Empty>
      )}
      {shown?.length !== 0 && !campaigns.error && (
        <Stale when={report.isPlaceholderData}>
          <Table
            caption={text.campaigns.title}
            columns={columns}
            rows={shown}
            rowKey={({ campaign }) => campaign.id}
            order={state.order}
            onOrder={(order) => change({ order }, { replace: true })}
          />
        </Stale>
      )}
      {edited && <EditDialog campaign={edited} onClose={() => setEdited(null)} />}
    </Page>
  );
}

/** Joins campaigns with their numbers. One without an event in the range has zeros. */
function joined(
  campaigns: Campaign[] | undefined,
  reported: QueryRow[] | undefined,
  order: string,
): Row[] | undefined {
  if (!campaigns) return undefined;
  const found = new Map((reported ?? []).map((row) => [String(row.campaign), row]));
  const rows = campaigns.map((campaign): Row => {
    const row = found.get(campaign.id);
    return {
      campaign,
      values: row?.values as Record<string, MetricValue> | undefined,
      change: (row?.change ?? null) as Record<string, number | null> | null,
    };
  });
  const down = order.startsWith('-');
  const by = down ? order.slice(1) : order;
  return rows.sort((one, other) => {
    const natural =
      by === 'name'
        ? one.campaign.name.localeCompare(other.campaign.name, locale)
        : Number(one.values?.[by] ?? -1) - Number(other.values?.[by] ?? -1);
    return (down ? -natural : natural) || one.campaign.id.localeCompare(other.campaign.id);
  });
}

function EditDialog({ campaign, onClose }: { campaign: Campaign; onClose: () => void }) {
  const client = useQueryClient();
  const advertisers = useAdvertisers();
  const [name, setName] = useState(campaign.name);
  const [advertiser, setAdvertiser] = useState(campaign.advertiser_id ?? '');
  const save = useMutation({
    mutationFn: () =>
      body(
        api.PATCH('/v1/campaigns/{id}', {
          params: { path: { id: campaign.id } },
          body: { name, advertiser_id: advertiser === '' ? null : advertiser },
        }),
      ),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['campaigns'] });
      await client.invalidateQueries({ queryKey: ['campaign', campaign.id] });
      onClose();
    },
  });
  return (
    <Dialog title={text.campaigns.editTitle(campaign.id)} onClose={onClose}>
      <form
        className={controls.stack}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <TextInput label={text.campaigns.name} required maxLength={200} value={name} onChange={setName} />
        <Select
          label={text.campaigns.advertiser}
          value={advertiser}
          options={[
            ['', text.campaigns.noAdvertiser],
            ...(advertisers.data ?? []).map(({ id, name: shown }) => [id, shown] as const),
          ]}
          onChange={setAdvertiser}
        />
        {save.error && <ErrorBox error={save.error} />}
        <DialogFoot>
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button type="submit" variant="primary" disabled={save.isPending}>
            {text.save}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
