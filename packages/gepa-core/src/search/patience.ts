import { sentence } from '../calls/classify-error.ts';
import { ProposerError } from '../errors.ts';
import type { IterationOutcome } from './outcomes.ts';

import type { StopReason } from './strategies/stop-conditions.ts';

const MAX_FAILED_ITERATIONS = 3;
/** The search ends after at least this many iterations in a row without a measured child. */
const MIN_IDLE_ITERATIONS = 10;

/** A part of the `SearchContext`. */
interface PatienceOptions {
  readonly trainset: readonly unknown[];
  readonly settings: { readonly reflectionMinibatchSize: number };
  readonly warn: (message: string) => void;
}

/** Ends a search that gets nowhere: nothing to improve, nothing new proposed, or nothing that works. */
export class Patience {
  readonly #maxIdle: number;
  readonly #warn: (message: string) => void;
  #idle = 0;
  #perfect = 0;
  #failed = 0;

  constructor({ trainset, settings, warn }: PatienceOptions) {
    // Each training example gets its turn.
    this.#maxIdle = Math.max(
      MIN_IDLE_ITERATIONS,
      Math.ceil(trainset.length / settings.reflectionMinibatchSize),
    );
    this.#warn = warn;
  }

  /** `hasMeasured`: a child whose scores are all known already is nothing new. */
  after(outcome: IterationOutcome, hasMeasured: boolean): StopReason | undefined {
    if (outcome.kind === 'stopped') return outcome.reason;
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
