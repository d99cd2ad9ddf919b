import type { Random } from '../../statistics/random.ts';
import { countOf } from '../../text/format.ts';
import { scoresAt } from '../state/scored-candidate.ts';
import type { SearchView } from '../state/search-view.ts';
import { isBetter, paired, ranked } from './adaptive-comparison.ts';
import { Finals, reserveShare } from './adaptive-finals.ts';
import type { BatchSampler } from './batch-sampling.ts';
import { type CandidateSelector, drawByKeys } from './candidate-selection.ts';
import type { EvaluationPolicy, PolicyRequest } from './evaluation-policy.ts';

/*
 * The search of the preset `search: 'adaptive'`, as three strategies. All candidates are compared on one part of the
 * valset, which starts small and grows when necessary, so that most metric calls are spent on proposals. A final
 * comparison of the best candidates uses examples that the search has not used. docs/algorithm.md describes it.
 *
 * - `leaderOrPareto` selects parents, `reuseMeasured` samples minibatches.
 * - `growingPart` decides which candidates are scored on which examples: `next` for a new candidate, `pool` after each
 *   iteration (when the part grows, and which candidates stay), `best` for the leader, `reserve` and `finals` for the end
 *   (adaptive-finals.ts).
 * - adaptive-comparison.ts compares two candidates, and ranks several.
 */

/** The size of the part at the start. A new candidate is scored in blocks of this size or more. */
export const FIRST_PART = 6;
/** Rounds without a better leader after which the part grows. */
const STALLED_ROUNDS = 4;
/** How much a round counts in which no child passed the minibatch; most rounds are like this. */
const REJECTED_ROUND = 1 / 3;
/** The part grows at once when the leader is perfect on all but fewer than this many of its examples. */
const MIN_IMPERFECT = 4;
/** The part should be large enough to distinguish mean scores that differ by this much. */
const RESOLUTION = 0.1;
/** The maximum size of a part, as a share of the calls left: after a stall, and to distinguish candidates. */
const STALLED_SHARE = 1 / 6;
const RESOLVED_SHARE = 1 / 30;
/** The candidates that stay when the part grows, besides the leader and the seed. */
const POOL_SIZE = 8;
/** A new candidate that is worse than the leader by more standard errors than this is not scored further. */
const GIVE_UP_ERRORS = 1;
/** In runs with more calls per example than this, positions are scored repeatedly, against noise. */
const CALLS_PER_REPEATED_EXAMPLE = 20;
const MAX_RUNS = 4;
/** After this many repeated positions without a difference, the program counts as deterministic. */
const SAME_REPEATS = 4;

/** Selects the leader with a probability of one half, and otherwise draws from the Pareto frontier. */
export function leaderOrPareto(): CandidateSelector {
  return {
    select(search, random) {
      const open = search.pool.candidates.filter((index) => !isExhausted(search, index));
      const leads = random.random() < 0.5;
      if (open.length === 0) return undefined;
      if (leads && open.includes(search.bestIndex)) return search.bestIndex;
      const among = open.length === search.pool.candidates.length ? undefined : open;
      return drawByKeys(search.survivors(among, 'older'), random) ?? random.choice(open);
    },
  };
}

/** Whether a candidate is perfect on the whole trainset, so that there is nothing to learn from. */
function isExhausted(search: SearchView, index: number): boolean {
  const { perfectScore } = search;
  if (perfectScore === undefined) return false;
  return search.trainScores(index).every((score) => score !== null && score >= perfectScore);
}

/**
 * With a probability of one half, samples training examples on which the parent was run before and failed at least once:
 * these rollouts are free. Otherwise takes the next examples of shuffled epochs, and more of them if the parent is known to
 * be perfect on the whole minibatch.
 */
export function reuseMeasured(): BatchSampler {
  let epoch: number[] = [];
  /** The minibatches of this iteration that were sampled from measured examples, by parent. */
  let reused = { iteration: 0, minibatches: new Set<string>() };
  const deal = (trainsetSize: number, random: Random): number => {
    if (epoch.length === 0) {
      epoch = Array.from({ length: trainsetSize }, (_, position) => position);
      random.shuffle(epoch);
    }
    return epoch.shift()!;
  };
  return {
    next({ trainsetSize, minibatchSize, iteration, random, parent, search }) {
      const scores = parent === undefined ? [] : search.trainScores(parent);
      const { perfectScore = Number.POSITIVE_INFINITY } = search;
      const known = [...scores.keys()].filter((position) => scores[position] !== null);
      const failed = known.filter((position) => scores[position]! < perfectScore);
      const reuses = random.random() < 0.5;
      if (reuses && known.length >= minibatchSize && failed.length > 0) {
        const first = random.choice(failed);
        const others = known.filter((position) => position !== first);
        const minibatch = [first, ...random.sample(others, minibatchSize - 1)];
        // Two tasks of one iteration with the same examples would propose the same texts.
        const name = `${parent}: ${minibatch.toSorted((a, b) => a - b)}`;
        if (reused.iteration !== iteration) reused = { iteration, minibatches: new Set() };
        if (!reused.minibatches.has(name)) {
          reused.minibatches.add(name);
          return minibatch;
        }
      }
      const batch = new Set<number>();
      while (batch.size < Math.min(minibatchSize, trainsetSize)) batch.add(deal(trainsetSize, random));
      // Two epochs contain every example that is not in the minibatch.
      const canTeach = (position: number) => failed.includes(position) || !known.includes(position);
      for (let dealt = 0; dealt < 2 * trainsetSize && ![...batch].some(canTeach); dealt++) {
        const position = deal(trainsetSize, random);
        if (!canTeach(position)) continue;
        const [first] = batch;
        batch.delete(first!);
        batch.add(position);
      }
      return [...batch];
    },
  };
}

/** Scores all candidates on one part of the valset, which grows when necessary, and compares the best at the end. */
export function growingPart(): EvaluationPolicy {
  /** The order in which the part takes the positions of the valset. */
  let order: readonly number[] = [];
  let perfectScore: number | undefined;
  /** Candidates that were clearly worse than the leader before they were scored on the whole part. */
  const givenUp = new Set<number>();
  const stall = new Stall();
  const noise = new Noise();
  const finals = new Finals();

  return {
    next({ scores, search }) {
      const { pool, candidates, bestIndex } = search;
      const part = [...new Set(pool.part)];
      const open = part.filter((position) => scores[position] === null);
      const leader = candidates[bestIndex];
      if (leader !== undefined && isBetter(paired(leader.scores, scores, part), GIVE_UP_ERRORS)) {
        if (open.length > 0) givenUp.add(candidates.length);
        return [];
      }
      return open.slice(0, Math.max(FIRST_PART, part.length - open.length));
    },

    pool(request) {
      const { search, metricCalls, random } = request;
      const { part } = search.pool;
      if (search.candidates.length === 0) {
        const shuffled = Array.from({ length: search.valsetSize }, (_, position) => position);
        random.shuffle(shuffled);
        order = shuffled;
        perfectScore = search.perfectScore;
        const size = Math.max(1, Math.min(FIRST_PART, Math.floor(metricCalls.limit / 4)));
        return { candidates: [], part: order.slice(0, size), reason: 'the search starts' };
      }
      stall.learn(search);
      noise.learn(search);
      const growth = reasonToGrow(request, stall);
      const candidates = kept(search).filter((index) => !givenUp.has(index));
      const unseen = order.slice(
        new Set(part).size,
        growth?.needsAll === true ? undefined : -keptForFinals(search),
      );
      const available = unseen.length > 0 ? unseen : noise.repeats(request, order);
      const size = Math.min(
        Math.max(1, Math.round(part.length / 4)),
        available.length,
        Math.floor(callsToGrow(request) / candidates.length),
      );
      if (growth === undefined || size < 1) {
        const members = search.pool.candidates.filter((index) => !givenUp.has(index));
        return { candidates: members, part, reason: 'a new candidate is clearly worse than the leader' };
      }
      stall.end();
      const taken = available.slice(0, size);
      noise.expect(search, candidates, taken);
      return { candidates, part: [...part, ...taken], reason: growth.reason };
    },

    best(candidates, part) {
      const complete = candidates.filter((candidate) => scoresAt(candidate, part).isComplete);
      return ranked(complete.length > 0 ? complete : candidates, part, perfectScore)[0]!.index;
    },

    reserve: reserveShare,
    finals: (request) => finals.next(request, order),
  };
}

/** Why the part should grow now. `needsAll`: also by the positions that are kept for the final comparison. */
function reasonToGrow(
  { search, metricCalls }: PolicyRequest,
  stall: Stall,
): { readonly reason: string; readonly needsAll?: boolean } | undefined {
  const { bestIndex, candidates, pool, perfectScore = Number.POSITIVE_INFINITY } = search;
  const { scores } = candidates[bestIndex]!;
  const imperfect = pool.part.filter((position) => scores[position]! < perfectScore).length;
  if (imperfect === 0) return { reason: 'the leader is perfect on the part so far', needsAll: true };
  if (pool.candidates.every((index) => isExhausted(search, index))) {
    return { reason: 'the trainset is exhausted', needsAll: true };
  }
  const size = new Set(pool.part).size;
  const isStalledSize = size < STALLED_SHARE * metricCalls.left;
  if (imperfect < MIN_IMPERFECT && isStalledSize)
    return { reason: `the leader fails on only ${countOf(imperfect, 'example')} of the part so far` };
  if (!stall.isNewRound) return undefined;
  if (isExhausted(search, bestIndex)) return { reason: 'the leader is perfect on the trainset' };
  if (stall.isOver && isStalledSize) return { reason: 'the search stalled' };
  return size < Math.min(sizeFor(search), RESOLVED_SHARE * metricCalls.left)
    ? { reason: 'the part is too small to distinguish the best candidates' }
    : undefined;
}

/** The number of positions that the part leaves for the final comparison. */
const keptForFinals = ({ valsetSize }: SearchView): number =>
  // At least one, for `slice`.
  Math.max(1, Math.min(valsetSize - FIRST_PART, Math.max(4, Math.min(10, Math.floor(valsetSize / 3)))));

/** The metric calls for more scores that leave room for one more proposal. */
function callsToGrow({ search, metricCalls, ...request }: PolicyRequest): number {
  const { limit, left } = metricCalls;
  if (!Number.isFinite(limit)) return left;
  const reserve = Math.floor(limit * reserveShare({ search, metricCalls, ...request }));
  return left - reserve - 2 * request.minibatchSize - search.pool.part.length;
}

/** The size of a part that distinguishes the leader from its closest rivals, by the spread of their differences. */
function sizeFor(search: SearchView): number {
  const { candidates, pool, bestIndex, perfectScore } = search;
  const leader = candidates[bestIndex]!;
  const rivals = ranked(
    pool.candidates.filter((index) => index !== bestIndex).map((index) => candidates[index]!),
    pool.part,
    perfectScore,
  ).slice(0, 3);
  if (rivals.length < 2) return 0;
  const variances = rivals.map((rival) => paired(leader.scores, rival.scores, pool.part).variance);
  return variances.reduce((sum, variance) => sum + variance, 0) / rivals.length / RESOLUTION ** 2;
}

/** The pool after the part has grown: the seed, the leader and its equals, and the best candidates on most positions. */
function kept(search: SearchView): number[] {
  const { pool, bestIndex } = search;
  const equals = pool.candidates.filter((index) => search.partMean(index) === search.partMean(bestIndex));
  const frontier = search
    .survivors(undefined, 'older')
    .toSorted((a, b) => b.keys - a.keys)
    .map(({ candidate }) => candidate);
  const others = [...new Set([...equals.reverse(), ...frontier])].filter((index) => index !== bestIndex);
  return [...new Set([0, bestIndex, ...others.slice(0, POOL_SIZE)])].sort((a, b) => a - b);
}

/** Counts the rounds without a better leader. A tie does not count as better. */
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
    else this.#rounds += now.candidates > seen.candidates ? 1 : REJECTED_ROUND;
  }

  end(): void {
    this.#rounds = 0;
  }
}

/** Finds out whether repeated rollouts have different scores. */
class Noise {
  #isNoisy = false;
  #same = 0;
  #expected: { readonly index: number; readonly position: number; readonly score: number }[] = [];

  /** The positions to score again, in order; empty when repeats are not worth their calls. */
  repeats({ search, metricCalls }: PolicyRequest, order: readonly number[]): readonly number[] {
    const isDeterministic = !this.#isNoisy && this.#same >= SAME_REPEATS;
    const { limit } = metricCalls;
    const isAffordable = Number.isFinite(limit) && limit > CALLS_PER_REPEATED_EXAMPLE * search.valsetSize;
    if (isDeterministic || !isAffordable) return [];
    const { part } = search.pool;
    const distinct = new Set(part).size;
    const repeats = Array.from({ length: MAX_RUNS - 1 }, () => order.slice(0, distinct)).flat();
    return repeats.slice(part.length - distinct);
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
