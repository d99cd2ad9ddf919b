import type { Run } from './run.ts';

/** Which examples to show, from the scores of two candidates. */
export const filters = {
  all: 'all examples',
  lost: 'A right, B wrong',
  won: 'A wrong, B right',
  worse: 'B lower than A',
  better: 'B higher than A',
  differ: 'different scores',
  unsolved: 'right for no candidate',
  failed: 'with failures',
} as const;

export type Filter = keyof typeof filters;

export const orders = {
  position: 'as in the data set',
  change: 'B − A, losses first',
  hard: 'hardest first',
  spread: 'most disputed first',
} as const;

export type Order = keyof typeof orders;

export interface Row {
  readonly position: number;
  readonly mean: number;
}

export interface Query {
  readonly a: number;
  readonly b: number;
  readonly filter: Filter;
  readonly order: Order;
  readonly text: string;
}

/** Means and spreads over all candidates, by position. */
interface Totals {
  readonly mean: Float64Array;
  readonly spread: Float64Array;
  readonly top: Float64Array;
  readonly failures: Uint32Array;
}

const known = new WeakMap<Run, Totals>();

function totalsOf(run: Run): Totals {
  const found = known.get(run);
  if (found !== undefined) return found;
  const { width, scores, failed } = run.matrix;
  const totals = {
    mean: new Float64Array(width),
    spread: new Float64Array(width),
    top: new Float64Array(width).fill(Number.NEGATIVE_INFINITY),
    failures: new Uint32Array(width),
  };
  const squares = new Float64Array(width);
  const counts = new Uint32Array(width);
  for (let cell = 0; cell < scores.length; cell++) {
    const position = cell % width;
    const score = scores[cell]!;
    if (failed[cell] === 1) totals.failures[position]!++;
    if (Number.isNaN(score)) continue;
    counts[position]!++;
    totals.mean[position]! += score;
    squares[position]! += score * score;
    if (score > totals.top[position]!) totals.top[position] = score;
  }
  for (let position = 0; position < width; position++) {
    const count = counts[position]!;
    totals.mean[position] = count === 0 ? Number.NaN : totals.mean[position]! / count;
    totals.spread[position] = count === 0 ? 0 : squares[position]! / count - totals.mean[position]! ** 2;
  }
  known.set(run, totals);
  return totals;
}

/** The valset examples of a query, in its order. */
export function rowsOf(run: Run, { a, b, filter, order, text }: Query): Row[] {
  const totals = totalsOf(run);
  const words = text.toLowerCase();
  const rows: Row[] = [];
  for (let position = 0; position < run.matrix.width; position++) {
    if (!passes(position)) continue;
    rows.push({ position, mean: totals.mean[position]! });
  }
  const change = ({ position }: Row) => run.score(b, position) - run.score(a, position);
  const key = {
    position: undefined,
    change,
    hard: ({ mean }: Row) => mean,
    spread: ({ position }: Row) => -totals.spread[position]!,
  }[order];
  if (key !== undefined)
    rows.sort((one, other) => last(key(one)) - last(key(other)) || one.position - other.position);
  return rows;

  function passes(position: number): boolean {
    const [one, other] = [run.score(a, position), run.score(b, position)];
    if (!matches(position, one, other)) return false;
    if (words === '') return true;
    const example = run.data.examples[run.data.valset[position]!];
    return `${example?.id} ${example?.preview}`.toLowerCase().includes(words);
  }

  function matches(position: number, one: number, other: number): boolean {
    switch (filter) {
      case 'all':
        return true;
      case 'lost':
        return one >= run.right && other < run.right;
      case 'won':
        return other >= run.right && one < run.right;
      case 'worse':
        return other < one;
      case 'better':
        return other > one;
      case 'differ':
        return one < other || other < one;
      case 'unsolved':
        return totals.top[position]! < run.right;
      case 'failed':
        return totals.failures[position]! > 0;
    }
  }
}

/** Sorts examples without a score to the end. */
const last = (value: number): number => (Number.isNaN(value) ? 1e9 : value);
