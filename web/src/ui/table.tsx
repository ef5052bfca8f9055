import type { CSSProperties, ReactNode } from 'react';
import { classes } from './controls';
import { Skeleton } from './states';
import css from './table.module.css';

export interface Column<Row> {
  key: string;
  label: string;
  title?: string;
  number?: boolean;
  sortable?: boolean;
  cell: (row: Row) => ReactNode;
  /** The length of the bar behind a number, from 0 to 1. */
  share?: (row: Row) => number;
}

interface TableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  /** `undefined` while loading. */
  rows: readonly Row[] | undefined;
  rowKey: (row: Row) => string;
  kind?: (row: Row) => 'other' | 'total' | undefined;
  order?: string;
  onOrder?: (order: string) => void;
  /** How many rows the place holder has. */
  expected?: number;
}

/** A table whose first column names the row. `order` is a column's key, descending with a `-` before it. */
export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, rowKey, kind, order, onOrder, expected = 5 } = props;
  const sortOf = (key: string) => (order === key ? 'ascending' : order === `-${key}` ? 'descending' : 'none');
  const head = (column: Column<Row>) => {
    if (!column.sortable || !onOrder) return column.label;
    const sort = sortOf(column.key);
    return (
      <button type="button" onClick={() => onOrder(sort === 'descending' ? column.key : `-${column.key}`)}>
        {column.label}
        <span aria-hidden="true">{sort === 'descending' ? ' ↓' : sort === 'ascending' ? ' ↑' : ''}</span>
      </button>
    );
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className={css.scroll} aria-label={caption} tabIndex={0}>
      <table className={classes(css.table, css.cards)}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                title={column.title}
                className={column.number ? css.right : undefined}
                aria-sort={column.sortable && onOrder ? sortOf(column.key) : undefined}
              >
                {head(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows?.map((row) => {
            const look = kind?.(row);
            return (
              <tr key={rowKey(row)} className={look ? css[look] : undefined}>
                {columns.map((column, index) => (
                  <Cell key={column.key} column={column} row={row} first={index === 0} />
                ))}
              </tr>
            );
          })}
          {!rows &&
            Array.from({ length: expected }, (_, row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: place holders have nothing else.
              <tr key={row}>
                {columns.map((column) => (
                  <td key={column.key} className={column.number ? css.right : undefined}>
                    <Skeleton />
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell<Row>({ column, row, first }: { column: Column<Row>; row: Row; first: boolean }) {
  if (first) {
    return (
      <th scope="row" className={css.first}>
        {column.cell(row)}
      </th>
    );
  }
  const share = column.share?.(row);
  const style =
    share === undefined ? undefined : ({ '--share': Math.max(0, Math.min(1, share)) } as CSSProperties);
  return (
    <td
      className={classes(column.number && css.right, share !== undefined && css.bar)}
      style={style}
      data-label={column.label}
    >
      <span className={css.body}>{column.cell(row)}</span>
    </td>
  );
}

export { css as tableCss };
