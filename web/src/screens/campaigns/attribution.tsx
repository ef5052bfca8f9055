import type { components } from '../../api/schema';
import { locale, useTenant } from '../../data/me';
import { useAttribution } from '../../data/reports';
import { formatSeconds, formatValue, type MetricValue } from '../../format/values';
import { text } from '../../text/en';
import { controls, Select } from '../../ui/controls';
import { Empty, ErrorBox, Stale, Value } from '../../ui/states';
import { type Column, Table } from '../../ui/table';

export const PRESETS = [
  'standard',
  'criteo_sponsored_products',
  'criteo_display',
  'amazon_sponsored_products',
  'amazon_sponsored_products_vendor',
  'amazon_sponsored_display',
  'walmart_search',
  'walmart_display',
  'ga4_last_click',
  'iab_europe',
] as const;

export type Preset = (typeof PRESETS)[number];

const NUMBERS = [
  'attributed_orders',
  'attributed_units',
  'attributed_sales',
  'attributed_net_sales',
  'promoted_sales',
  'halo_sales',
  'assisted_sales',
] as const;

type Rule = components['schemas']['AttributedRule'];

interface AttributionProps {
  campaign: string;
  time: { from: string; to?: string; tz: string };
  presets: [Preset, Preset];
  onPresets: (presets: [Preset, Preset]) => void;
}

/** The credit of one campaign by two rules, side by side. */
export function Attribution({ campaign, time, presets, onPresets }: AttributionProps) {
  const { currency } = useTenant();
  const [one, other] = presets;
  const { data, error, refetch, isPlaceholderData } = useAttribution({
    time,
    rules: [{ preset: one }, { preset: other }],
  });
  const show = (name: (typeof NUMBERS)[number], value: MetricValue) => ({
    text: formatValue(value, { unit: name.endsWith('sales') ? 'money' : 'quantity', currency, locale }),
  });
  const rowOf = (rule: Rule | undefined) => rule?.rows.find((row) => row.campaign === campaign);
  const rules = [data?.rules[0], data?.rules[1]];
  const ruleLabel = (place: 0 | 1) => {
    const used = rules[place]?.rule;
    const name = text.campaign.presets[presets[place]] ?? presets[place];
    if (!used) return name;
    const views = formatSeconds(used.view_window_seconds, locale);
    return `${name} (${text.campaign.rule(formatSeconds(used.click_window_seconds, locale), views)})`;
  };
  const columns: Column<(typeof NUMBERS)[number]>[] = [
    { key: 'number', label: text.campaign.attribution, cell: (name) => text.campaign.attributed[name] },
    ...([0, 1] as const).map(
      (place): Column<(typeof NUMBERS)[number]> => ({
        key: String(place),
        label: ruleLabel(place),
        number: true,
        cell: (name) => <Value shown={data ? show(name, rowOf(rules[place])?.[name] ?? 0) : undefined} />,
      }),
    ),
  ];
  // A campaign that only costs something has a row, too.
  const credited = rules.some((rule) => {
    const row = rowOf(rule);
    return row !== undefined && (row.attributed_orders > 0 || Number(row.assisted_sales) > 0);
  });
  return (
    <>
      <div className={controls.pair}>
        {([0, 1] as const).map((place) => (
          <Select
            key={place}
            label={`${text.campaign.preset} ${place + 1}`}
            value={presets[place]}
            options={PRESETS.map((preset) => [preset, text.campaign.presets[preset] ?? preset] as const)}
            onChange={(chosen) => onPresets(place === 0 ? [chosen, other] : [one, chosen])}
          />
        ))}
      </div>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {data && !credited && <Empty title={text.campaign.noCredit} />}
      {!error && (!data || credited) && (
        <Stale when={isPlaceholderData}>
          <Table
            caption={text.campaign.attribution}
            columns={columns}
            rows={NUMBERS}
            rowKey={(name) => name}
          />
        </Stale>
      )}
    </>
  );
}
