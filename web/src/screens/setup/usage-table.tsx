import type { components } from '../../api/schema';
import { locale } from '../../data/me';
import { formatBytes, formatCount, formatSeconds } from '../../format/values';
import { showDate } from '../../format/zone';
import { Card, Facts } from '../../shell/page';
import { text } from '../../text/en';
import { controls } from '../../ui/controls';
import { AnswerBadge } from '../../ui/freshness';
import { type Column, Table } from '../../ui/table';

type Usage = components['schemas']['UsageAnswer'];
type Numbers = components['schemas']['UsageNumbers'];

const SHOWN: Record<keyof Numbers, (value: number) => string> = {
  events: (value) => formatCount(value, locale),
  rows: (value) => formatCount(value, locale),
  event_bytes: (value) => formatBytes(value, locale),
  rejects: (value) => formatCount(value, locale),
  set_aside: (value) => formatCount(value, locale),
  reject_bytes: (value) => formatBytes(value, locale),
  reports: (value) => formatCount(value, locale),
  stream_seconds: (value) => formatSeconds(Math.round(value), locale),
};
const NUMBERS = Object.keys(SHOWN) as (keyof Numbers)[];

/** What a tenant used: all days together, and each of them, the latest first. */
export function UsageTable({ usage }: { usage: Usage }) {
  const columns: Column<Usage['days'][number]>[] = [
    { key: 'day', label: text.usage.day, cell: ({ day }) => showDate(day, locale) },
    ...NUMBERS.map((name) => ({
      key: name,
      label: text.usage.numbers[name],
      number: true,
      cell: (day: Numbers) => SHOWN[name](day[name]),
    })),
  ];
  return (
    <div className={controls.stack}>
      <Card>
        <Facts
          facts={[
            ...NUMBERS.map((name) => [text.usage.numbers[name], SHOWN[name](usage.totals[name])] as const),
            [text.usage.storage, formatBytes(usage.storage_bytes, locale)],
          ]}
        />
        <AnswerBadge asOf={usage.as_of ?? null} zone={usage.tz} />
      </Card>
      <Table
        caption={text.usage.title}
        columns={columns}
        rows={[...usage.days].reverse()}
        rowKey={({ day }) => day}
      />
    </div>
  );
}
