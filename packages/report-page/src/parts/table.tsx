import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { change, route } from '../data/route.ts';
import { useVirtual } from './use-virtual.ts';

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  /** A track of a CSS grid. */
  readonly width: string;
  readonly isNumber?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
  /** Makes the column sortable. NaN comes last. */
  readonly by?: (row: Row) => number | string;
}

const ROW = 36;

/** A long table: only the rows in view exist. Its order is part of the address. */
export function Table<Row>(props: {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  rowHref?: (row: Row) => string;
  isMarked?: (row: Row) => boolean;
}) {
  const { label, rows, columns, rowHref, isMarked } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const order = route.value.query.get('sort') ?? '';
  const sorted = inOrder(rows, columns, order);
  const { items, total } = useVirtual({ count: sorted.length, size: ROW, element: () => scroller.current });
  const tracks = columns.map(({ width }) => width).join(' ');
  return (
    <div
      class="table"
      role="table"
      aria-label={label}
      aria-rowcount={sorted.length + 1}
      ref={scroller}
      tabIndex={0}
    >
      <div class="table-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: tracks }}>
        {columns.map((column) => (
          <Heading column={column} order={order} />
        ))}
      </div>
      <div class="table-body" role="rowgroup" style={{ height: `${total}px` }}>
        {items.map(({ index, start }) => {
          const row = sorted[index]!;
          return (
            <div
              role="row"
              key={index}
              aria-rowindex={index + 2}
              class={`table-row${isMarked?.(row) ? ' marked' : ''}`}
              style={{ gridTemplateColumns: tracks, transform: `translateY(${start}px)` }}
            >
              {columns.map((column, i) => (
                <div role="cell" class={column.isNumber ? 'number' : ''}>
                  {i === 0 && rowHref !== undefined ? (
                    <a href={rowHref(row)}>{column.cell(row)}</a>
                  ) : (
                    column.cell(row)
                  )}
                </div>
              ))}
            </div>
          );
        })}
      </div>
      {rows.length === 0 && <p class="quiet empty">Nothing to show.</p>}
    </div>
  );
}

function Heading<Row>({ column, order }: { column: Column<Row>; order: string }) {
  const { id, title, by, isNumber } = column;
  const direction = order === id ? 'ascending' : order === `-${id}` ? 'descending' : 'none';
  // Sort numbers in descending order first.
  const next = direction === 'none' ? (isNumber ? `-${id}` : id) : order.startsWith('-') ? id : `-${id}`;
  return (
    <div role="columnheader" class={isNumber ? 'number' : ''} aria-sort={direction}>
      {by === undefined ? (
        title
      ) : (
        <button type="button" onClick={() => change({ sort: next })}>
          {title}
          <span aria-hidden="true" class={direction}>
            {{ ascending: ' ↑', descending: ' ↓', none: ' ↕' }[direction]}
          </span>
        </button>
      )}
    </div>
  );
}

function inOrder<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: string): readonly Row[] {
  const column = columns.find(({ id }) => id === order.replace(/^-/, ''));
  if (column?.by === undefined) return rows;
  const sign = order.startsWith('-') ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: column.by!(row) }));
  keyed.sort((a, b) => compare(a.key, b.key, sign));
  return keyed.map(({ row }) => row);
}

function compare(a: number | string, b: number | string, sign: number): number {
  if (typeof a === 'string' || typeof b === 'string') return sign * String(a).localeCompare(String(b));
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return sign * (a - b);
}
