import { dimensionLabel, metricLabel, useMetrics, useShow, valueLabel } from '../../data/catalogue';
import { useCampaignNames } from '../../data/lists';
import type { QueryAnswer, QueryRow } from '../../data/reports';
import type { MetricValue } from '../../format/values';
import { text } from '../../text/en';
import { Change, Value } from '../../ui/states';
import { type Column, Table, tableCss } from '../../ui/table';
import type { Segment } from './drill-dialog';
import css from './explore.module.css';

interface SegmentsProps {
  /** `undefined` while loading. */
  answer: QueryAnswer | undefined;
  by: readonly string[];
  metrics: readonly string[];
  searched: string;
  order: string;
  expected: number;
  onOrder: (order: string) => void;
  onPick: (dimension: string, value: string) => void;
  onDrill: (segment: Segment) => void;
}

interface Row {
  key: string;
  kind: 'segment' | 'other' | 'total';
  dimensions: readonly string[];
  values: Record<string, MetricValue>;
  change: Record<string, number | null> | null;
}

/** The segments of an answer, the others, and the totals; a click on a value filters by it. */
export function Segments(props: SegmentsProps) {
  const { answer, by, metrics, searched, order, onOrder, onPick, onDrill } = props;
  const show = useShow();
  const definitions = useMetrics();
  const names = useCampaignNames();
  const label = (dimension: string, value: string) => valueLabel(dimension, value, names);
  const all = answer && rowsOf(answer, by);
  const words = searched.trim().toLowerCase();
  const rows = all?.filter(
    (row) =>
      row.kind !== 'segment' ||
      words === '' ||
      row.dimensions.some((value, index) =>
        label(by[index] ?? '', value)
          .toLowerCase()
          .includes(words),
      ),
  );
  const [first = ''] = metrics;
  const most = Math.max(
    0,
    ...(all ?? []).filter(({ kind }) => kind === 'segment').map((row) => Number(row.values[first] ?? 0)),
  );
  const segmentOf = ({ dimensions }: Row): Segment => {
    const values = by.map((dimension, index) => [dimension, dimensions[index] ?? ''] as const);
    return { values, label: values.map(([dimension, value]) => label(dimension, value)).join(' · ') };
  };
  const dimensionColumns = by.map(
    (dimension, index): Column<Row> => ({
      key: dimension,
      label: dimensionLabel(dimension),
      sortable: true,
      cell: (row) => {
        if (row.kind !== 'segment')
          return index === 0 ? (row.kind === 'total' ? text.values.total : text.values.other) : '';
        const value = row.dimensions[index] ?? '';
        const pick = (
          <button
            type="button"
            className={tableCss.pick}
            title={text.explore.onlyThis(label(dimension, value))}
            onClick={() => onPick(dimension, value)}
          >
            {label(dimension, value)}
          </button>
        );
        if (index < by.length - 1) return pick;
        const segment = segmentOf(row);
        return (
          <span className={css.segment}>
            {pick}
            <button
              type="button"
              className={css.closer}
              aria-label={text.explore.closer(segment.label)}
              title={text.explore.closer(segment.label)}
              onClick={() => onDrill(segment)}
            />
          </span>
        );
      },
    }),
  );
  const lead: Column<Row>[] =
    by.length > 0
      ? dimensionColumns
      : [{ key: 'total', label: text.values.total, cell: () => text.values.total }];
  const columns: Column<Row>[] = [
    ...lead,
    ...metrics.map((metric, index): Column<Row> => {
      const formula = definitions.get(metric)?.formula;
      return {
        key: metric,
        label: metricLabel(metric),
        ...(formula ? { title: formula } : {}),
        number: true,
        sortable: by.length > 0,
        cell: (row) => (
          <>
            <Value shown={show(metric, row.values[metric])} />
            {row.change && (
              <span className={tableCss.change}>
                <Change metric={metric} change={row.change[metric] ?? null} />
              </span>
            )}
          </>
        ),
        ...(index === 0 && most > 0
          ? { share: (row: Row) => (row.kind === 'segment' ? Number(row.values[metric] ?? 0) / most : 0) }
          : {}),
      };
    }),
  ];
  return (
    <>
      <Table
        caption={text.explore.title}
        columns={columns}
        rows={rows}
        rowKey={({ key }) => key}
        kind={({ kind }) => (kind === 'segment' ? undefined : kind)}
        order={order}
        onOrder={onOrder}
        expected={by.length > 0 ? props.expected : 1}
      />
      {answer && answer.other_currencies.length > 0 && (
        <p className="soft">{text.values.otherCurrencies(answer.other_currencies.join(', '))}</p>
      )}
    </>
  );
}

function rowsOf(answer: QueryAnswer, by: readonly string[]): Row[] {
  const side = (values: unknown) => (values ?? {}) as Record<string, MetricValue>;
  const change = (values: unknown) => (values ?? null) as Record<string, number | null> | null;
  const rows: Row[] =
    by.length === 0
      ? []
      : (answer.rows as QueryRow[]).map((row) => {
          const dimensions = by.map((dimension) => String(row[dimension]));
          return {
            key: JSON.stringify(dimensions),
            kind: 'segment',
            dimensions,
            values: side(row.values),
            change: change(row.change),
          };
        });
  const { others, totals } = answer;
  if (others) {
    rows.push({
      key: 'other',
      kind: 'other',
      dimensions: [],
      values: side(others.values),
      change: change(others.change),
    });
  }
  rows.push({
    key: 'total',
    kind: 'total',
    dimensions: [],
    values: side(totals.values),
    change: change(totals.change),
  });
  return rows;
}
