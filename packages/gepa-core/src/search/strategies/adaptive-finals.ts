import { meanAt } from '../state/scored-candidate.ts';
import type { SearchView } from '../state/search-view.ts';
import { isBetter, type Paired, paired, ranked } from './adaptive-comparison.ts';
import type { FinalStep, FinalsRequest, PolicyRequest } from './evaluation-policy.ts';

/** The share of the calls that the final comparison gets, and the share if leader and seed are close. */
const SHARE = 0.08;
const SHARE_IF_CLOSE = 0.2;
const FINALISTS = 3;
/** The number of positions on which all finalists are scored before the weakest is dropped. */
const BLOCK = 6;
/** The leader is clearly better than the seed beyond this many standard errors of their mean difference. */
const CLEAR_ERRORS = 2;
/** Beyond this many, the leader is returned. Closer to the seed it is about as often worse as better. */
const CHOICE_ERRORS = 0.5;
/** With this many positions that the search did not use, the score of the best candidate is that on these positions. */
const ENOUGH_POSITIONS = 10;
/** Without a limit on metric calls, the final comparison ends after this many positions. */
const MAX_POSITIONS = 30;

/** The share of the limits that the final comparison can use. */
export function reserveShare({ search, metricCalls: { limit } }: PolicyRequest): number {
  const { bestIndex, candidates, pool, valsetSize } = search;
  const open = valsetSize - new Set(pool.part).size;
  if (candidates.length < 2 || open === 0) return 0;
  const difference = compared(search, bestIndex, 0, pool.part);
  const isClose = bestIndex !== 0 && !isBetter(difference, CLEAR_ERRORS);
  if (!Number.isFinite(limit)) return isClose ? SHARE_IF_CLOSE : SHARE;
  if (!isClose) {
    const blocks = Array.from({ length: FINALISTS - 1 }, (_, block) =>
      Math.max(0, Math.min(BLOCK, open - block * BLOCK) * (FINALISTS - 1 - block)),
    );
    return Math.min(SHARE, (open + sum(blocks)) / limit);
  }
  // Not more than are needed to decide whether the leader is better.
  const needed =
    difference.mean > 0 ? (CLEAR_ERRORS ** 2 * difference.variance) / difference.mean ** 2 : open;
  return Math.min(SHARE_IF_CLOSE, Math.max(SHARE, (2 * needed) / limit), (2 * open) / limit);
}

/**
 * The final comparison, on positions outside of the part. First the leader and the seed, until one is clearly better; then
 * the best candidates, of which the weakest is dropped after every block. The last one gets the calls that are left.
 */
export class Finals {
  #finalists: readonly number[] | undefined;
  #guardsSeed = false;
  #taken = 0;

  next(request: FinalsRequest, order: readonly number[]): FinalStep {
    const { search, metricCalls, stopReason } = request;
    const fresh = order.slice(new Set(search.pool.part).size);
    // A single candidate cannot be compared.
    if (search.candidates.length === 1) return this.#choice(search, [0], fresh);
    const taken = fresh.slice(0, this.#taken);
    const scored = [...search.pool.part, ...taken];
    const open = fresh.length - this.#taken;
    let finalists = this.#nextFinalists(search, scored);
    // A search that ended early must not use up its calls.
    const left =
      stopReason === 'maxMetricCalls'
        ? metricCalls.left
        : Math.min(metricCalls.left, Math.max(0, MAX_POSITIONS - this.#taken) * finalists.length);
    const priceOf = (size: number) =>
      sum(finalists.map((index) => size + unscored(search, index, taken).length));
    if (finalists.length > 1 && !this.#guardsSeed && priceOf(Math.min(BLOCK, open)) > left) {
      finalists = [bestOf(search, finalists, scored)];
    }
    this.#finalists = finalists;
    const size = Math.min(
      finalists.length === 1 ? open : BLOCK,
      open,
      Math.floor((left - priceOf(0)) / finalists.length),
    );
    if (size < 1) return this.#choice(search, finalists, fresh);
    this.#taken += size;
    return { candidates: finalists, positions: fresh.slice(0, this.#taken) };
  }

  #nextFinalists(search: SearchView, positions: readonly number[]): readonly number[] {
    const { bestIndex } = search;
    const finalists = this.#finalists;
    if (finalists === undefined) {
      this.#guardsSeed =
        bestIndex !== 0 && !isBetter(compared(search, bestIndex, 0, positions), CLEAR_ERRORS);
      return this.#guardsSeed ? [bestIndex, 0] : bestFirst(search).slice(0, FINALISTS);
    }
    if (this.#guardsSeed) {
      const leaderWins = isBetter(compared(search, bestIndex, 0, positions), CLEAR_ERRORS);
      const seedWins = isBetter(compared(search, 0, bestIndex, positions), CLEAR_ERRORS);
      this.#guardsSeed = !leaderWins && !seedWins;
      if (seedWins) return [0];
      // First, score the others on the positions that they lack.
      return leaderWins
        ? bestFirst(search)
            .filter((index) => index !== 0)
            .slice(0, FINALISTS)
        : finalists;
    }
    if (finalists.length === 1) return finalists;
    const meanOf = (index: number) => meanAt(search.candidates[index]!, positions);
    const weakest = finalists.reduce((a, b) => (meanOf(b) <= meanOf(a) ? b : a));
    return finalists.filter((index) => index !== weakest);
  }

  #choice(search: SearchView, finalists: readonly number[], fresh: readonly number[]): FinalStep {
    const all = [...new Set(search.pool.part), ...fresh.slice(0, this.#taken)];
    const leader = bestOf(search, finalists, all);
    // The seed, unless another candidate is better on the positions of both.
    const { mean, error } = compared(search, leader, 0, all);
    const best = mean > CHOICE_ERRORS * error ? leader : 0;
    const scored = (positions: readonly number[]) =>
      positions.filter((position) => typeof search.candidates[best]!.scores[position] === 'number');
    const positions = scored(fresh).length >= ENOUGH_POSITIONS ? scored(fresh) : scored(all);
    return { best, positions };
  }
}

const compared = ({ candidates }: SearchView, a: number, b: number, positions: readonly number[]): Paired =>
  paired(candidates[a]!.scores, candidates[b]!.scores, positions);

/** The candidates of the pool, best first. */
const bestFirst = ({ candidates, pool, perfectScore }: SearchView): number[] =>
  ranked(
    pool.candidates.map((index) => candidates[index]!),
    pool.part,
    perfectScore,
  ).map(({ index }) => index);

/** The candidate with the highest mean; the first one among equals. */
function bestOf(
  { candidates }: SearchView,
  indices: readonly number[],
  positions: readonly number[],
): number {
  const meanOf = (index: number) => meanAt(candidates[index]!, positions);
  return indices.reduce((best, index) => (meanOf(index) > meanOf(best) ? index : best));
}

const unscored = ({ candidates }: SearchView, index: number, positions: readonly number[]): number[] =>
  positions.filter((position) => typeof candidates[index]!.scores[position] !== 'number');

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
