import { sentence } from '../calls/classify-error.ts';
import { ProposerError } from '../errors.ts';
import { mergeStep } from './merge.ts';
import { mutationStep } from './mutate.ts';
import type { IterationOutcome, SearchSetup } from './search-setup.ts';
import type { StopReason } from './strategies/stop-conditions.ts';
import { scoreSeed } from './validate.ts';

/**
 * GEPA (paper, algorithm 1): keep a pool of candidates and a Pareto front over the valset; again and again pick a
 * parent from the front, let a model rewrite one of its components from what is seen on a minibatch, keep the child
 * if it does better there, and now and then cross two lineages. Returns why the search ended.
 */
export async function search<Example, Output, Trace, Name extends string>(
  setup: SearchSetup<Example, Output, Trace, Name>,
): Promise<StopReason> {
  const { state, decide, ledger } = setup;
  const patience = new Patience(setup);
  let mergeIsDue = false;

  let reason = (await scoreSeed(setup)) ?? (await setup.stopReason());
  while (reason === undefined) {
    const callsBefore = ledger.metricCalls;
    decide({ type: 'iteration_started', iteration: state.iteration + 1 });
    const merged: IterationOutcome | undefined = mergeIsDue ? await mergeStep(setup) : undefined;
    const outcome: IterationOutcome = merged ?? (await mutationStep(setup));
    decide({ type: 'iteration_finished', iteration: state.iteration, metricCalls: ledger.metricCalls });

    // A merge waits for the next accepted mutation, whatever became of the last one.
    mergeIsDue = merged === undefined && outcome.kind === 'tried' && outcome.accepted > 0;
    const learned = ledger.metricCalls > callsBefore;
    reason =
      outcome.kind === 'stopped'
        ? outcome.reason
        : (patience.after(outcome, learned) ?? (await setup.stopReason()));
  }
  return reason;
}

const MAX_FAILED_ITERATIONS = 3;

/** Ends a search that gets nowhere: nothing left to improve, nothing new proposed, or nothing that works. */
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

  /** `learned`: there was something to measure. Children whose every score is known already are nothing new. */
  after(outcome: Exclude<IterationOutcome, { kind: 'stopped' }>, learned: boolean): StopReason | undefined {
    if (outcome.kind === 'failed') {
      this.#failed++;
      return this.#failed < MAX_FAILED_ITERATIONS ? undefined : this.#giveUp(outcome);
    }
    this.#failed = 0;
    if (outcome.kind === 'tried' && learned) {
      this.#idle = this.#perfect = 0;
      return undefined;
    }
    this.#idle++;
    if (outcome.kind === 'idle' && outcome.why === 'allPerfect') this.#perfect++;
    if (this.#idle < this.#maxIdle) return undefined;
    if (this.#perfect === this.#idle) return 'allPerfect';
    if ('rejection' in outcome) this.#warn(`The last new text was rejected: ${outcome.rejection}`);
    return 'noNewProposals';
  }

  /** A proposer that throws is broken; models that cannot be had are not. */
  #giveUp({ reason, error }: Extract<IterationOutcome, { kind: 'failed' }>): StopReason {
    if (reason === 'unavailable') {
      this.#warn(`Rollouts keep failing for a reason that is not the program's: ${sentence(error)}`);
      return 'providerUnavailable';
    }
    throw new ProposerError(
      `No new text can be had: ${sentence(error)} See to the proposer; the error's \`result\` holds what was found so far.`,
      { cause: error },
    );
  }
}
