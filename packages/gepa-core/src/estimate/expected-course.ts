import { laterMargin } from '../budget/spending-bounds.ts';
import { type Amount, amountOf, type CallSizes, type Load, nothing, product, sum, times } from './load.ts';
import type { SearchSize } from './search-size.ts';
import type { Asks } from './worst-course.ts';

/** The part of proposals that is taken to be accepted. */
export const ACCEPTANCE = 1 / 3;

/** How much there may be of what a run takes; infinite where nothing bounds it. */
export type Bounds = Readonly<
  Record<Extract<Amount, 'metricCalls' | 'iterations' | 'tokens' | 'costUsd' | 'durationMs'>, number>
>;

/** A likely course of a run, and which bound ends it. */
export interface ExpectedCourse {
  readonly load: Load;
  readonly endsBy: keyof Bounds;
  /** Whether the testset is scored. */
  readonly tested: boolean;
  /** Whether there is room for at least one iteration. */
  readonly searches: boolean;
}

interface Steps {
  readonly seed: Load;
  readonly mutation: Load;
  readonly merge: Load;
  readonly test: Load;
  /** Metric calls that must be left for an iteration to start. */
  readonly startsWith: number;
  /** How many merges become due for each mutation. */
  readonly mergesPerMutation: number;
}

/**
 * A likely course: each iteration takes what it takes on average, until a bound is reached. `undefined` when nothing
 * bounds it that can be told beforehand.
 */
export function expectedCourse(
  size: SearchSize,
  sizes: CallSizes,
  bounds: Bounds,
  how: { readonly maxMerges: number; readonly concurrency: number; readonly asks: Asks },
): ExpectedCourse | undefined {
  const steps = stepsOf(size, how.concurrency, how.asks);
  const counted = countedIterations(steps, size, bounds, how.maxMerges);
  const metered = meteredIterations(steps, sizes, bounds, counted.merges);
  if (Math.min(counted.mutations, metered.mutations) === Number.POSITIVE_INFINITY) return undefined;

  if (metered.mutations < counted.mutations) {
    // The run is cut off in the middle. Time is not set aside for the testset.
    const { mutations, endsBy } = metered;
    const merges = Math.min(counted.merges, Math.floor(steps.mergesPerMutation * Math.max(0, mutations)));
    const seedPart = mutations >= 0 ? 1 : metered.seedPart;
    const search = sum(times(Math.max(0, mutations), steps.mutation), times(merges, steps.merge));
    const load = sum(times(seedPart, steps.seed), search);
    const whole = sum(load, steps.test);
    const tested =
      endsBy !== 'durationMs' &&
      (amountOf(whole, sizes, endsBy) ?? Number.POSITIVE_INFINITY) <= bounds[endsBy];
    return { load: tested ? whole : load, endsBy, tested, searches: mutations > 0 };
  }
  const { mutations, merges, endsBy } = counted;
  const search = sum(steps.seed, times(mutations, steps.mutation), times(merges, steps.merge));
  const whole = sum(search, steps.test);
  const exceeded = meters.find((meter) => (amountOf(whole, sizes, meter) ?? 0) > bounds[meter]);
  return {
    load: exceeded === undefined ? whole : search,
    endsBy: exceeded ?? endsBy,
    tested: exceeded === undefined,
    searches: mutations > 0,
  };
}

const meters = ['costUsd', 'tokens', 'durationMs'] as const;

function stepsOf(size: SearchSize, concurrency: number, asks: Asks): Steps {
  const { valset, minibatch, known, merge, testset, tasks, rewritten } = size;
  const rounds = (calls: number) => Math.ceil(calls / concurrency);
  const pass = (calls: number): Load => ({
    ...nothing,
    metricCalls: calls,
    rolloutRounds: rounds(calls),
  });
  const parents = minibatch.likely * (1 - known);
  // Of its pass over the valset, a child has made what its minibatch had of it.
  const valsetPass = pass(Math.max(0, valset - minibatch.likely * known));
  const mutation = (proposals: number, accepted: number): Load =>
    sum(pass(proposals * parents), pass(proposals * minibatch.likely), times(accepted, valsetPass), {
      ...nothing,
      iterations: 1,
      reflections: asks === 'once' ? proposals : proposals * rewritten.likely,
      reflectionRounds: 1,
    });
  const chances = distribution(tasks.likely);
  const accepted = chances.reduce((total, chance, n) => total + chance * size.mostSelected(n), 0);
  return {
    seed: pass(valset),
    mutation: mutation(tasks.likely, accepted),
    merge: { ...pass(merge), iterations: 1 },
    test: times(2, pass(testset.likely)),
    startsWith: mutation(1, 1).metricCalls,
    mergesPerMutation: 1 - chances[0]!,
  };
}

/** How likely it is that 0, 1, … of so many proposals are accepted. */
function distribution(proposals: number): number[] {
  let chances = [1];
  for (let i = 0; i < proposals; i++) {
    chances = [...chances, 0].map(
      (chance, n) => chance * (1 - ACCEPTANCE) + (chances[n - 1] ?? 0) * ACCEPTANCE,
    );
  }
  return chances;
}

/** What the bounds on metric calls and iterations allow. */
function countedIterations(
  { seed, mutation, merge, startsWith, mergesPerMutation }: Steps,
  { reserved }: SearchSize,
  bounds: Bounds,
  maxMerges: number,
): { mutations: number; merges: number; endsBy: keyof Bounds } {
  const allowed = (merges: number) => {
    const left = bounds.metricCalls - reserved - seed.metricCalls - product(merges, merge.metricCalls);
    // An iteration only starts if it can be carried through; after that there is as much left as it did not take.
    const byCalls = left < startsWith ? 0 : Math.floor((left - startsWith) / mutation.metricCalls) + 1;
    return { byCalls, byIterations: bounds.iterations - merges };
  };
  const mergesAfter = (mutations: number) => Math.min(maxMerges, Math.floor(mergesPerMutation * mutations));
  const first = allowed(0);
  const merges = mergesAfter(Math.min(first.byCalls, first.byIterations));
  const { byCalls, byIterations } = allowed(merges);
  return {
    mutations: Math.max(0, Math.min(byCalls, byIterations)),
    merges,
    endsBy: byCalls < byIterations ? 'metricCalls' : 'iterations',
  };
}

/** What the bounds on dollars, tokens and time allow, as far as it is known what a call takes of them. */
function meteredIterations(
  { seed, mutation, merge, test }: Steps,
  sizes: CallSizes,
  bounds: Bounds,
  merges: number,
): Metered {
  return meters
    .flatMap((meter): Metered[] => {
      const perMutation = amountOf(mutation, sizes, meter);
      const later = meter === 'durationMs' ? nothing : times(laterMargin, test);
      const before = amountOf(sum(seed, times(merges, merge), later), sizes, meter);
      const seedAlone = amountOf(seed, sizes, meter);
      if (!perMutation || before === undefined || !seedAlone) return [];
      const mutations = (bounds[meter] - before) / perMutation;
      return [{ mutations, seedPart: Math.min(1, bounds[meter] / seedAlone), endsBy: meter }];
    })
    .reduce((tightest, next) => (next.mutations < tightest.mutations ? next : tightest), {
      mutations: Number.POSITIVE_INFINITY,
      seedPart: 1,
      endsBy: 'costUsd',
    });
}

interface Metered {
  /** Less than none, when not even the seed and the merges can be paid. */
  readonly mutations: number;
  /** The part of the seed's pass that can be paid. */
  readonly seedPart: number;
  readonly endsBy: keyof Bounds;
}
