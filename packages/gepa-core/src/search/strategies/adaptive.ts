import type { Random } from '../random.ts';
import { meanAt as meanOn } from '../scored-candidate.ts';
import type { SearchView } from '../search-view.ts';
import type { BatchSampler } from './batch-sampling.ts';
import { type CandidateSelector, drawByKeys } from './candidate-selection.ts';
import { type EvaluationPolicy, type FinalStep, type PolicyRequest, unscored } from './evaluation-policy.ts';

/*
 * The search of the preset `search: 'adaptive'`, as three strategies. All candidates are compared on one part of the
 * valset, which starts small and grows when it has to. Most metric calls are then spent on proposals, and what is left
 * compares the best candidates on examples that the search has not used.
 */

/** The size of the part at the start. */
export const FIRST_PART = 6;
/** Rounds without a better leader after which the part grows. A round whose children fail on the minibatch counts half. */
const STALLED_ROUNDS = 4;
/** The candidates that stay when the part grows, besides the leader and the seed. */
const POOL_SIZE = 8;
/** The part should tell apart candidates whose mean scores differ by this much. */
const RESOLUTION = 0.1;
/** The part does not outgrow the calls left divided by this. */
const CALLS_PER_POSITION = 30;
/** The valset is scored again, against noise, in runs with more than this many calls per example. */
const CALLS_PER_REPEATED_EXAMPLE = 20;
const MAX_RUNS = 4;
/** Repeated positions without any difference after which the program counts as deterministic. */
const SAME_REPEATS = 4;
/** The share of the calls that the final comparison gets; and while the leader is not clearly better than the seed. */
const FINALS = 0.08;
const FINALS_IN_DOUBT = 0.2;
const FINALISTS = 3;
const FINAL_BLOCK = 6;
/** The score of the best candidate is that on new positions, if there are this many. */
const ENOUGH_FINAL_POSITIONS = 10;
/** Without a limit on metric calls, the final comparison ends after this many positions. */
const MAX_FINAL_POSITIONS = 30;

/** Selects the leader in half of the cases, and else draws from the Pareto frontier. */
export function leaderOrPareto(): CandidateSelector {
  return {
    select(search, random) {
      const open = search.pool.candidates.filter((index) => !isExhausted(search, index));
      const leads = random.random() < 0.5;
      if (open.length === 0) return undefined;
      if (leads && open.includes(search.bestIndex)) return search.bestIndex;
      const isWhole = open.length === search.pool.candidates.length;
      return drawByKeys(search.survivors(isWhole ? undefined : open, 'older'), random) ?? random.choice(open);
    },
  };
}

/** Whether a candidate is perfect on the whole trainset, so that there is nothing to learn from. */
function isExhausted(search: SearchView, index: number): boolean {
  const { perfectScore } = search;
  return (
    perfectScore !== undefined &&
    search.trainScores(index).every((score) => score !== null && score >= perfectScore)
  );
}

/**
 * Samples training examples on which the parent was run already, in half of the cases where it failed on one of them: its
 * rollouts there cost nothing. Else deals out the trainset in shuffled epochs, without examples on which the parent is
 * known to be perfect if all of the minibatch were such.
 */
export function reuseMeasured(): BatchSampler {
  let epoch: number[] = [];
  const deal = (trainsetSize: number, random: Random): number => {
    if (epoch.length === 0) {
      epoch = Array.from({ length: trainsetSize }, (_, position) => position);
      random.shuffle(epoch);
    }
    return epoch.shift()!;
  };
  return {
    next({ trainsetSize, minibatchSize, random, parent, search }) {
      const scores = parent === undefined ? [] : search.trainScores(parent);
      const { perfectScore = Number.POSITIVE_INFINITY } = search;
      const known = [...scores.keys()].filter((position) => scores[position] !== null);
      const failed = known.filter((position) => scores[position]! < perfectScore);
      if (random.random() < 0.5 && known.length >= minibatchSize && failed.length > 0) {
        const first = random.choice(failed);
        const others = known.filter((position) => position !== first);
        return [first, ...random.sample(others, minibatchSize - 1)];
      }
      const size = Math.min(minibatchSize, trainsetSize);
      const batch: number[] = [];
      const isUseful = (position: number) => (scores[position] ?? null) === null || failed.includes(position);
      for (let dealt = 0; dealt < 2 * trainsetSize && batch.length < size; dealt++) {
        const position = deal(trainsetSize, random);
        if (!batch.includes(position)) batch.push(position);
      }
      for (let dealt = 0; dealt < 2 * trainsetSize && !batch.some(isUseful); dealt++) {
        const position = deal(trainsetSize, random);
        if (isUseful(position)) batch[0] = position;
      }
      return batch;
    },
  };
}

/** Scores all candidates on one part of the valset, which grows as the search needs it, and compares the best at the end. */
export function growingPart(): EvaluationPolicy {
  let order: number[] | undefined;
  const stall = new Stall();
  const noise = new Noise();
  const finals = new Finals();

  return {
    next: ({ scores, search }) => {
      const open = new Set(unscored(scores));
      return search.pool.part.filter((position) => open.has(position));
    },

    pool(request) {
      const { search, metricCalls, random } = request;
      if (order === undefined) {
        order = Array.from({ length: search.valsetSize }, (_, position) => position);
        random.shuffle(order);
      }
      if (search.candidates.length === 0) {
        const size = Math.max(1, Math.min(FIRST_PART, order.length, Math.floor(metricCalls.limit / 4)));
        return { candidates: [], part: order.slice(0, size), reason: 'the search starts with a small part' };
      }
      stall.learn(search);
      noise.learn(search);
      const unchanged = { ...search.pool, reason: '' };
      const reason = reasonToGrow(request, stall);
      if (reason === undefined) return unchanged;

      const candidates = kept(search);
      const { part } = search.pool;
      const available = noise.positions(request, order).slice(part.length);
      const price = metricCalls.left - reserved(request) - proposalCost(request);
      const size = Math.min(
        Math.max(1, Math.round(part.length / 4)),
        available.length,
        Math.floor(price / candidates.length),
      );
      if (size < 1) return unchanged;
      stall.end();
      noise.expect(search, candidates, available.slice(0, size));
      return { candidates, part: [...part, ...available.slice(0, size)], reason };
    },

    best: (candidates, part) =>
      candidates.reduce((best, candidate) =>
        meanOn(candidate, part) >= meanOn(best, part) ? candidate : best,
      ).index,

    reserve: (request) => reserveShare(request),

    finals: (request) => finals.next(request, order!),
  };
}

/** Why the part should grow now. */
function reasonToGrow(request: PolicyRequest, stall: Stall): string | undefined {
  const { search, metricCalls } = request;
  const { bestIndex, pool, perfectScore = Number.POSITIVE_INFINITY } = search;
  const leader = search.candidates[bestIndex]!;
  if (pool.part.every((position) => leader.scores[position]! >= perfectScore)) {
    return 'the leader is perfect on the part';
  }
  if (pool.candidates.every((index) => isExhausted(search, index))) return 'the trainset is exhausted';
  if (!stall.isNewRound) return undefined;
  if (isExhausted(search, bestIndex)) return 'the leader is perfect on the trainset';
  if (stall.isOver) return 'the search stalled';
  const wanted = Math.min(sizeFor(search), metricCalls.left / CALLS_PER_POSITION);
  return new Set(pool.part).size < wanted ? 'the part does not tell the best candidates apart' : undefined;
}

/** Counts the rounds in which the leader did not become better. A tie is not better. */
class Stall {
  /** Whether an iteration has ended since the last call. */
  isNewRound = false;
  #rounds = 0;
  #seen = { iteration: -1, childrenTested: 0, candidates: 0, partSize: 0, mean: 0 };

  get isOver(): boolean {
    return this.#rounds >= STALLED_ROUNDS;
  }

  learn(search: SearchView): void {
    const { iteration, childrenTested, candidates, pool, bestIndex } = search;
    const seen = this.#seen;
    const now = {
      iteration,
      childrenTested,
      candidates: candidates.length,
      partSize: pool.part.length,
      mean: search.partMean(bestIndex),
    };
    this.#seen = now;
    this.isNewRound = now.iteration !== seen.iteration;
    // Means on different parts are not comparable.
    if (now.partSize !== seen.partSize || now.childrenTested === seen.childrenTested) return;
    if (now.mean > seen.mean) this.#rounds = 0;
    else this.#rounds += now.candidates > seen.candidates ? 1 : 0.5;
  }

  end(): void {
    this.#rounds = 0;
  }
}

/** Finds out whether the same rollout scores the same again. */
class Noise {
  #isNoisy = false;
  #same = 0;
  #expected: { readonly index: number; readonly position: number; readonly score: number }[] = [];

  /** The positions in the order in which the part takes them; those of the whole valset again, if that is worth it. */
  positions({ metricCalls }: PolicyRequest, order: readonly number[]): readonly number[] {
    const isDeterministic = !this.#isNoisy && this.#same >= SAME_REPEATS;
    if (isDeterministic || metricCalls.limit <= CALLS_PER_REPEATED_EXAMPLE * order.length) return order;
    return Array.from({ length: MAX_RUNS }, () => order).flat();
  }

  expect({ candidates }: SearchView, pool: readonly number[], positions: readonly number[]): void {
    this.#expected = pool.flatMap((index) =>
      positions.flatMap((position) => {
        const score = candidates[index]!.scores[position] ?? null;
        return score === null ? [] : [{ index, position, score }];
      }),
    );
  }

  learn({ candidates }: SearchView): void {
    this.#isNoisy ||= this.#expected.some(
      ({ index, position, score }) => candidates[index]!.scores[position] !== score,
    );
    this.#same += new Set(this.#expected.map(({ position }) => position)).size;
    this.#expected = [];
  }
}

/** The size of a part that tells the leader from its closest rivals, by how much their scores differ per example. */
function sizeFor(search: SearchView): number {
  const { pool, bestIndex } = search;
  const rivals = byMean(search).filter((index) => index !== bestIndex).slice(0, FINALISTS);
  if (rivals.length < 2) return 0;
  const variances = rivals.map((rival) => comparison(search, bestIndex, rival, pool.part).variance);
  const variance = variances.reduce((sum, value) => sum + value, 0) / variances.length;
  return variance / RESOLUTION ** 2;
}

/** The pool after the part has grown: the seed, the leader and its equals, and those that are best on most positions. */
function kept(search: SearchView): number[] {
  const { pool, bestIndex } = search;
  const equals = pool.candidates.filter((index) => search.partMean(index) === search.partMean(bestIndex));
  const frontier = search
    .survivors(undefined, 'older')
    .toSorted((a, b) => b.keys - a.keys)
    .map(({ candidate }) => candidate);
  const others = [...new Set([...equals.toReversed(), ...frontier])].filter((index) => index !== bestIndex);
  return [...new Set([0, bestIndex, ...others.slice(0, POOL_SIZE)])].sort((a, b) => a - b);
}

/** The candidates of the pool, best first, of equals the newest. */
function byMean(search: SearchView): number[] {
  return search.pool.candidates.toSorted((a, b) => search.partMean(b) - search.partMean(a) || b - a);
}

/** The metric calls of a proposal whose child is accepted, at most. */
const proposalCost = ({ search, minibatchSize }: PolicyRequest): number =>
  2 * minibatchSize + search.pool.part.length;

const reserved = (request: PolicyRequest): number => {
  const { limit } = request.metricCalls;
  return Number.isFinite(limit) ? Math.floor(reserveShare(request) * limit) : 0;
};

/** The share of the limits that the final comparison can use. */
function reserveShare({ search, metricCalls: { limit } }: PolicyRequest): number {
  const { bestIndex, pool, valsetSize } = search;
  const open = valsetSize - new Set(pool.part).size;
  if (search.candidates.length === 0 || open === 0) return 0;
  const share = (calls: number) => calls / limit;
  const { isClear, variance, mean } = comparison(search, bestIndex, 0, pool.part);
  if (bestIndex === 0 || isClear) {
    const blocks = [3, 2].map((finalists, i) => (finalists - 1) * Math.min(FINAL_BLOCK, Math.max(0, open - i * FINAL_BLOCK)));
    return Math.min(FINALS, Number.isFinite(limit) ? share(open + blocks[0]! + blocks[1]!) : 1);
  }
  if (!Number.isFinite(limit)) return FINALS_IN_DOUBT;
  // No more than it takes to decide whether the leader is better.
  const needed = mean > 0 ? (4 * variance) / mean ** 2 : open;
  return Math.min(FINALS_IN_DOUBT, Math.max(FINALS, share(2 * needed)), share(2 * open));
}

/** The final comparison, on positions outside of the part. */
class Finals {
  #finalists: number[] | undefined;
  #guardsSeed = false;
  #taken = 0;

  next(request: PolicyRequest, order: readonly number[]): FinalStep {
    const { search, metricCalls } = request;
    const { bestIndex, pool } = search;
    const fresh = order.slice(new Set(pool.part).size);
    if (this.#finalists === undefined) {
      this.#guardsSeed = bestIndex !== 0 && !comparison(search, bestIndex, 0, pool.part).isClear;
      this.#finalists = this.#guardsSeed ? [bestIndex, 0] : byMean(search).slice(0, FINALISTS);
    } else this.#dropWeakest(search, [...pool.part, ...fresh.slice(0, this.#taken)]);

    const open = fresh.length - this.#taken;
    const block = this.#finalists.length === 1 ? open : Math.min(FINAL_BLOCK, open);
    const most = Number.isFinite(metricCalls.left)
      ? metricCalls.left
      : Math.max(0, MAX_FINAL_POSITIONS - this.#taken) * this.#finalists.length;
    if (most < this.#finalists.length * block && this.#finalists.length > 1 && !this.#guardsSeed) {
      this.#finalists = [bestOf(search, this.#finalists, [...pool.part, ...fresh.slice(0, this.#taken)])];
    }
    const size = Math.min(block, Math.floor(most / this.#finalists.length));
    if (size < 1) return this.#choice(search, fresh);
    const positions = fresh.slice(this.#taken, this.#taken + size);
    this.#taken += size;
    return { candidates: this.#finalists, positions };
  }

  #dropWeakest(search: SearchView, positions: readonly number[]): void {
    const finalists = this.#finalists!;
    if (finalists.length === 1) return;
    if (this.#guardsSeed) {
      const [leader] = finalists as [number];
      if (!comparison(search, leader, 0, positions).isClear) return;
      this.#guardsSeed = false;
      this.#finalists = [leader];
      return;
    }
    const weakest = finalists.reduce((a, b) =>
      meanOn(search.candidates[b]!, positions) <= meanOn(search.candidates[a]!, positions) ? b : a,
    );
    this.#finalists = finalists.filter((index) => index !== weakest);
  }

  #choice(search: SearchView, fresh: readonly number[]): FinalStep {
    const { candidates, pool } = search;
    const all = [...new Set(pool.part), ...fresh.slice(0, this.#taken)];
    const leader = bestOf(search, this.#finalists!, all);
    // The seed, unless something is better where both were scored.
    const both = all.filter((position) => typeof candidates[0]!.scores[position] === 'number');
    const best = meanOn(candidates[leader]!, both) > meanOn(candidates[0]!, both) ? leader : 0;
    const scored = fresh.filter((position) => typeof candidates[best]!.scores[position] === 'number');
    const positions =
      scored.length >= ENOUGH_FINAL_POSITIONS
        ? scored
        : all.filter((position) => typeof candidates[best]!.scores[position] === 'number');
    return { best, positions };
  }
}

/** Of some candidates the one with the highest mean, the first of equals. */
function bestOf({ candidates }: SearchView, indices: readonly number[], positions: readonly number[]): number {
  return indices.reduce((best, index) =>
    meanOn(candidates[index]!, positions) > meanOn(candidates[best]!, positions) ? index : best,
  );
}

/** The paired difference of two candidates per example. It is clear when its mean exceeds two standard errors. */
function comparison(
  { candidates }: SearchView,
  a: number,
  b: number,
  positions: readonly number[],
): { readonly mean: number; readonly variance: number; readonly isClear: boolean } {
  const differences = [...new Set(positions)].flatMap((position) => {
    const [x, y] = [candidates[a]!.scores[position] ?? null, candidates[b]!.scores[position] ?? null];
    return x === null || y === null ? [] : [x - y];
  });
  const count = differences.length;
  if (count < 2) return { mean: differences[0] ?? 0, variance: 0, isClear: false };
  const mean = differences.reduce((sum, value) => sum + value, 0) / count;
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { mean, variance, isClear: mean > 0 && mean > 2 * Math.sqrt(variance / count) };
}
