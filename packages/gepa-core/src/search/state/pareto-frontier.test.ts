import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrontierType, Survivor } from './search-view.ts';
import { SearchState } from './state.ts';

/** One candidate: a score (or none) per valset example, and two objectives where it has a score. */
type Scores = readonly (readonly [score: number, coverage: number, brevity: number] | null)[];

const objectiveNames = ['coverage', 'brevity'] as const;
const mean = (values: readonly (number | null)[]) => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? 0 : known.reduce((sum, value) => sum + value, 0) / known.length;
};

function stateOf(
  type: FrontierType,
  pool: readonly Scores[],
  afterEach: (state: SearchState) => void = () => {},
): SearchState {
  const state = new SearchState();
  state.apply({
    type: 'run_started',
    runId: '',
    seed: 0,
    components: ['prompt'],
    trainsetSize: 1,
    valsetSize: pool[0]!.length,
    frontierType: type,
    maxMetricCalls: undefined,
  });
  pool.forEach((scores, index) => {
    state.apply({
      type: 'candidate_added',
      index,
      texts: { prompt: `${index}` },
      parents: [],
      source: 'reflection',
      iteration: index,
      scores: scores.map((entry) => entry?.[0] ?? null),
      objectiveScores: {
        coverage: scores.map((entry) => entry?.[1] ?? null),
        brevity: scores.map((entry) => entry?.[2] ?? null),
      },
      metricCalls: 0,
      bestIndex: 0,
    });
    afterEach(state);
  });
  return state;
}

/** The values of all candidates by key, with the keys in order of first insertion. */
function valuesByKey(type: FrontierType, pool: readonly Scores[]): Map<string, Map<number, number>> {
  const keys = new Map<string, Map<number, number>>();
  const add = (key: string, index: number, value: number) => {
    keys.set(key, (keys.get(key) ?? new Map()).set(index, value));
  };
  pool.forEach((scores, index) => {
    if (type === 'instance' || type === 'hybrid') {
      scores.forEach((entry, example) => {
        if (entry !== null) add(`${example}`, index, entry[0]);
      });
    }
    if (type === 'objective' || type === 'hybrid') {
      objectiveNames.forEach((name, i) => {
        add(name, index, mean(scores.map((entry) => entry?.[(i + 1) as 1 | 2] ?? null)));
      });
    }
    if (type === 'cartesian') {
      scores.forEach((entry, example) => {
        objectiveNames.forEach((name, i) => {
          if (entry !== null) add(`${example} ${name}`, index, entry[(i + 1) as 1 | 2]);
        });
      });
    }
  });
  return keys;
}

/** The frontier by its definition: per key, all candidates with the highest value. */
function frontierOf(type: FrontierType, pool: readonly Scores[]) {
  return [...valuesByKey(type, pool)].map(([key, values]) => {
    const score = Math.max(...values.values());
    const candidates = [...values].flatMap(([index, value]) => (value === score ? [index] : []));
    return { key, score, candidates: candidates.sort((a, b) => a - b) };
  });
}

/** Dominance removal by its definition, which restarts its scan after every removal. */
function survivorsOf(keys: readonly (readonly number[])[], means: (index: number) => number): Survivor[] {
  const order = [...new Set(keys.flat())];
  const byMean = order.toSorted((a, b) => means(a) - means(b));
  const remaining = new Set(byMean);
  const isDominated = (candidate: number) =>
    keys
      .filter((members) => members.includes(candidate))
      .every((members) => members.some((other) => other !== candidate && remaining.has(other)));
  for (;;) {
    const dominated = byMean.find((candidate) => remaining.has(candidate) && isDominated(candidate));
    if (dominated === undefined) break;
    remaining.delete(dominated);
  }
  return order
    .filter((candidate) => remaining.has(candidate))
    .map((candidate) => ({
      candidate,
      keys: keys.filter((members) => members.includes(candidate)).length,
    }));
}

const value = fc.constantFrom(0, 0.25, 0.5, 0.75, 1);
const entry = fc.tuple(value, value, value);
const poolOf = (size: fc.Arbitrary<number>, cell: fc.Arbitrary<readonly [number, number, number] | null>) =>
  size.chain((length) =>
    fc.array(fc.array(cell, { minLength: length, maxLength: length }), { minLength: 1, maxLength: 12 }),
  );
const complete = poolOf(fc.integer({ min: 1, max: 70 }), entry);
const partial = poolOf(fc.integer({ min: 1, max: 12 }), fc.option(entry, { freq: 3 }));
const types: readonly FrontierType[] = ['instance', 'objective', 'hybrid', 'cartesian'];

describe.each(types)('the %s frontier', (type) => {
  it.each([
    ['complete', complete],
    ['partial', partial],
  ])(
    `the ${type} frontier contains all candidates with the highest value per key (%s scores)`,
    (_, pools) => {
      fc.assert(
        fc.property(pools, (pool) => {
          const actual = stateOf(type, pool).frontierKeys();
          const keyName = ({ example, objective }: { example?: number; objective?: string }) =>
            [example, objective].filter((part) => part !== undefined).join(' ');
          expect(
            actual.map(({ score, candidates, ...name }) => ({ key: keyName(name), score, candidates })),
          ).toEqual(frontierOf(type, pool));
        }),
      );
    },
  );

  it.each([
    ['complete', complete],
    ['partial', partial],
  ])(`the ${type} frontier removes dominated candidates as the reference does (%s scores)`, (_, pools) => {
    fc.assert(
      fc.property(pools, (pool) => {
        const state = stateOf(type, pool);
        const keys = frontierOf(type, pool).map(({ candidates }) => candidates);
        const survivors = state.survivors();
        expect(survivors).toEqual(survivorsOf(keys, (index) => state.candidates[index]!.mean));

        const left = new Set(survivors.map(({ candidate }) => candidate));
        expect(keys.every((members) => members.some((member) => left.has(member)))).toBe(true);
      }),
    );
  });

  it(`the ${type} frontier of a subset contains only its candidates and their keys`, () => {
    fc.assert(
      fc.property(partial, fc.infiniteStream(fc.boolean()), (pool, coin) => {
        const state = stateOf(type, pool);
        const among = [...pool.keys()].filter(() => coin.next().value).reverse();
        const keys = frontierOf(type, pool)
          .map(({ candidates }) => candidates.filter((index) => among.includes(index)))
          .filter((members) => members.length > 0);
        expect(state.survivors(among)).toEqual(survivorsOf(keys, (index) => state.candidates[index]!.mean));
      }),
    );
  });

  it(`the ${type} frontier does not depend on when it was read before`, () => {
    fc.assert(
      fc.property(partial, (pool) => {
        const read = stateOf(type, pool, (state) => state.survivors());
        expect(read.survivors()).toEqual(stateOf(type, pool).survivors());
      }),
    );
  });
});
