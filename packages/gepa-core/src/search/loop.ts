import { sentence } from '../calls/classify-error.ts';
import { ProposerError } from '../errors.ts';
import { compareFinalists } from './finals.ts';
import { merge } from './merge/merge.ts';
import { mutate } from './mutate.ts';
import { comparePool, startPool } from './pool.ts';
import type { IterationOutcome, SearchContext } from './search-context.ts';
import type { StopReason } from './strategies/stop-conditions.ts';
import { validateGiven, validateSeed } from './validate.ts';
import { warnOfFewProposals } from './warn-of-few-proposals.ts';

/**
 * GEPA (paper, algorithm 1): keep a pool of candidates and a Pareto frontier over the valset; again and again select a
 * parent from the frontier, let a model rewrite its components from what it reads of a minibatch, keep the child if it
 * is better there, and now and then merge two lineages. At the end, compare the best once more.
 *
 * @returns why the search ended.
 */
export async function runSearch<Example, Output, Trace, Name extends string>(
  search: SearchContext<Example, Output, Trace, Name>,
): Promise<StopReason> {
  const { state, dispatch, spend } = search;
  const patience = new Patience(search);
  let mergeIsDue = false;

  dispatch(search.started);
  startPool(search);
  warnOfFewProposals(search);
  let reason =
    (await validateSeed(search)) ??
    (await validateGiven(search)) ??
    (await comparePool(search)) ??
    perfection(search) ??
    (await search.stopReason());
  while (reason === undefined) {
    const callsBefore = spend.metricCalls;
    dispatch({ type: 'iteration_started', iteration: state.iteration + 1 });
    const merged: IterationOutcome | undefined = mergeIsDue ? await merge(search) : undefined;
    const outcome: IterationOutcome = merged ?? (await mutate(search));
    const interruption = outcome.kind === 'stopped' ? undefined : await comparePool(search);
    dispatch({ type: 'iteration_finished', iteration: state.iteration, metricCalls: spend.metricCalls });

    // A merge becomes due with each accepted mutation, whatever came of the last merge.
    mergeIsDue = merged === undefined && outcome.kind === 'tried' && outcome.accepted > 0;
    const hasMeasured = spend.metricCalls > callsBefore;
    reason =
      outcome.kind === 'stopped'
        ? outcome.reason
        : (interruption ??
          patience.after(outcome, hasMeasured) ??
          perfection(search) ??
          (await search.stopReason()));
  }
  return compareFinalists(search, reason);
}

/**
 * A candidate with a perfect score on every example of the valset cannot be beaten. Where the frontier has objectives,
 * each of them must be perfect too.
 */
function perfection<Example, Output, Trace, Name extends string>({
  started,
  state,
  skipPerfectScore,
  perfectScore,
}: SearchContext<Example, Output, Trace, Name>): StopReason | undefined {
  if (!skipPerfectScore) return undefined;
  const isPerfect = (scores: readonly (number | null)[]) =>
    scores.every((score) => score !== null && score >= perfectScore);
  const { candidates, bestIndex } = state;
  if (!isPerfect(candidates[bestIndex]!.scores)) return undefined;
  const isBeyond =
    started.frontierType === 'instance' ||
    candidates.some(
      ({ scores, objectiveScores = {} }) =>
        isPerfect(scores) && Object.values(objectiveScores).every(isPerfect),
    );
  return isBeyond ? 'allPerfect' : undefined;
}

const MAX_FAILED_ITERATIONS = 3;

/** Ends a search that gets nowhere: nothing to improve, nothing new proposed, or nothing that works. */
class Patience {
  readonly #maxIdle: number;
  readonly #warn: (message: string) => void;
  #idle = 0;
  #perfect = 0;
  #failed = 0;

  constructor(options: { readonly maxIdleIterations: number; readonly warn: (message: string) => void }) {
    this.#maxIdle = options.maxIdleIterations;
    this.#warn = options.warn;
  }

  /** `hasMeasured`: a child whose scores are all known already is nothing new. */
  after(
    outcome: Exclude<IterationOutcome, { kind: 'stopped' }>,
    hasMeasured: boolean,
  ): StopReason | undefined {
    if (outcome.kind === 'failed') {
      this.#failed++;
      return this.#failed < MAX_FAILED_ITERATIONS ? undefined : this.#giveUp(outcome);
    }
    this.#failed = 0;
    if (outcome.kind === 'tried' && hasMeasured) {
      this.#idle = this.#perfect = 0;
      return undefined;
    }
    this.#idle++;
    if (outcome.kind === 'idle' && outcome.why === 'perfectMinibatches') this.#perfect++;
    if (this.#idle < this.#maxIdle) return undefined;
    if (this.#perfect === this.#idle) {
      this.#warn(
        `The last ${this.#idle} minibatches had nothing to teach: their parents were perfect on them. Give more or harder training examples to go on.`,
      );
      return 'trainsetExhausted';
    }
    return 'noNewProposals';
  }

  /** A proposer that throws is broken; an unavailable provider is not. */
  #giveUp({ reason, error }: Extract<IterationOutcome, { kind: 'failed' }>): StopReason {
    if (reason === 'unavailable') {
      this.#warn(`Rollouts keep failing for a reason that is not the program's: ${sentence(error)}`);
      return 'providerUnavailable';
    }
    throw new ProposerError(
      `The proposer keeps failing: ${sentence(error)} The error's \`result\` has what was found so far.`,
      { cause: error },
    );
  }
}
