import { useMemo } from 'preact/hooks';
import { change, numberOf, route } from '../data/route.ts';
import { type Filter, filters, type Order, orders, rowsOf } from '../data/rows.ts';
import type { Run } from '../data/run.ts';
import { countOf, formatCount } from '../parts/format.ts';
import { Grid } from '../parts/grid.tsx';
import { CandidateSelect, Scale } from '../parts/marks.tsx';

const columnOrders = { number: 'by number', score: 'best first', frontier: 'frontier only' } as const;

const sets = { validation: 'validation', test: 'held out' } as const;

export function Examples({ run: whole }: { run: Run }) {
  const { query } = route.value;
  const heldOut = useMemo(() => whole.heldOut, [whole]);
  const set = (heldOut && oneOf(sets, query.get('set'))) ?? 'validation';
  const run = (set === 'test' ? heldOut : whole) ?? whole;
  const a = run.indexOr(numberOf(query.get('a')), 0);
  const other = set === 'test' ? run.data.test?.candidate : undefined;
  const b = run.indexOr(numberOf(query.get('b')), other ?? run.best);
  const filter = oneOf(filters, query.get('show')) ?? 'all';
  const order = oneOf(orders, query.get('order')) ?? 'position';
  const columnOrder = oneOf(columnOrders, query.get('columns')) ?? 'number';
  const text = query.get('q') ?? '';
  const rows = useMemo(() => rowsOf(run, { a, b, filter, order, text }), [run, a, b, filter, order, text]);
  const columns = useMemo(
    () =>
      set === 'test' ? [...new Set([0, run.data.test?.candidate ?? 0])] : columnsOf(run, a, b, columnOrder),
    [run, a, b, columnOrder, set],
  );
  return (
    <>
      <h1>{run.isEvaluation ? 'Examples' : set === 'test' ? 'Held-out examples' : 'Validation examples'}</h1>
      <div class="tools">
        {heldOut !== undefined && (
          <Choice
            label="Set"
            options={sets}
            value={set}
            onChange={(value) => change({ set: value, a: undefined, b: undefined, show: undefined })}
          />
        )}
        <CandidateSelect run={run} label="A" value={String(a)} onChange={(value) => change({ a: value })} />
        <CandidateSelect run={run} label="B" value={String(b)} onChange={(value) => change({ b: value })} />
        <Choice label="Show" options={filters} value={filter} onChange={(show: Filter) => change({ show })} />
        <Choice
          label="Order"
          options={orders}
          value={order}
          onChange={(value: Order) => change({ order: value })}
        />
        <Choice
          label="Columns"
          options={columnOrders}
          value={columnOrder}
          onChange={(value) => change({ columns: value })}
        />
        <label class="field">
          <span>Find</span>
          <input
            type="search"
            aria-label="Find"
            value={text}
            placeholder="id or text"
            onInput={(event) => change({ q: event.currentTarget.value })}
          />
        </label>
      </div>
      <p class="quiet" role="status">
        {rows.length === run.matrix.width
          ? countOf(rows.length, 'example')
          : `${formatCount(rows.length)} of ${countOf(run.matrix.width, 'example')}`}{' '}
        × {countOf(columns.length, 'candidate')}. Arrow keys move, Enter opens.
      </p>
      <ul class="legend">
        <li>
          <Scale /> low to high score
        </li>
        <li>
          <span class="key cell-key" /> not run
        </li>
        <li>
          <span class="key cell-key failed" /> ✕ failed
        </li>
      </ul>
      <Grid run={run} rows={rows} columns={columns} a={a} b={b} />
    </>
  );
}

function Choice<Key extends string>(props: {
  label: string;
  options: Readonly<Record<Key, string>>;
  value: Key;
  onChange: (value: Key) => void;
}) {
  const { label, options, value, onChange } = props;
  return (
    <label class="field">
      <span>{label}</span>
      <select
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value as Key)}
      >
        {Object.entries<string>(options).map(([key, words]) => (
          <option value={key}>{words}</option>
        ))}
      </select>
    </label>
  );
}

/** A and B come first, so that they stay side by side. */
function columnsOf(run: Run, a: number, b: number, order: keyof typeof columnOrders): number[] {
  const all = run.data.candidates.map(({ index }) => index);
  const others = all.filter((index) => index !== a && index !== b);
  const shown = order === 'frontier' ? others.filter((index) => run.survivors.has(index)) : others;
  if (order === 'score') {
    shown.sort((one, other) => run.data.candidates[other]!.mean - run.data.candidates[one]!.mean);
  }
  return [...new Set([a, b]), ...shown].filter((index) => index < all.length);
}

function oneOf<Key extends string>(
  options: Readonly<Record<Key, string>>,
  value: string | null,
): Key | undefined {
  return value !== null && Object.hasOwn(options, value) ? (value as Key) : undefined;
}
