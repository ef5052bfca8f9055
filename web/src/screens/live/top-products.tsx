import { metricLabel, useShow } from '../../data/catalogue';
import { type QueryRow, useReport } from '../../data/reports';
import type { MetricValue } from '../../format/values';
import { text } from '../../text/en';
import { Empty, ErrorBox, Value } from '../../ui/states';
import { type Column, Table } from '../../ui/table';

const METRICS = ['sales', 'units_sold', 'product_views'] as const;
const SHOWN = 8;

/** The products with the largest sales of today. */
export function TopProducts({ today, zone, every }: { today: string; zone: string; every: number }) {
  const show = useShow();
  const { data, error, refetch } = useReport(
    {
      metrics: [...METRICS],
      dimensions: ['product'],
      time: { from: today, tz: zone, granularity: 'total' },
      top: { n: SHOWN, by: 'sales', others: false },
    },
    every,
  );
  if (error && !data) return <ErrorBox error={error} retry={() => void refetch()} />;
  const rows = (data?.rows as QueryRow[] | undefined)?.filter((row) => row.product !== '');
  if (rows?.length === 0) return <Empty title={text.live.noProducts} />;
  const value = (row: QueryRow, metric: (typeof METRICS)[number]): MetricValue => row.values?.[metric];
  const most = Math.max(...(rows ?? []).map((row) => Number(value(row, 'sales') ?? 0)), 0);
  const columns: Column<QueryRow>[] = [
    { key: 'product', label: text.dimensions.product ?? '', cell: (row) => String(row.product) },
    ...METRICS.map(
      (metric): Column<QueryRow> => ({
        key: metric,
        label: metricLabel(metric),
        number: true,
        cell: (row) => <Value shown={show(metric, value(row, metric))} />,
        ...(metric === 'sales' && most > 0
          ? { share: (row: QueryRow) => Number(value(row, 'sales') ?? 0) / most }
          : {}),
      }),
    ),
  ];
  return (
    <Table
      caption={text.live.products}
      columns={columns}
      rows={rows}
      rowKey={(row) => String(row.product)}
      expected={SHOWN}
    />
  );
}
