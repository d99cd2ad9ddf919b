import { ProposerError } from '../errors.ts';
import type { Settings } from '../options/settings.ts';
import { sentence } from '../text/error-message.ts';
import type { IterationOutcome } from './outcomes.ts';
import type { SearchContext } from './search-context.ts';
import { unreadError } from './state/unread-components.ts';
import type { StopReason } from './strategies/stop-reason.ts';

const MAX_FAILED_ITERATIONS = 3;
/** The search ends after at least this many iterations in a row without a measured child. */
const MIN_IDLE_ITERATIONS = 10;

type PatienceContext = Pick<SearchContext<string>, 'names' | 'trainset' | 'warn'> & {
  readonly settings: Pick<Settings, 'reflectionMinibatchSize'> & { readonly propose?: unknown };
};

/**
 * Ends a search without progress: there is nothing to improve, nothing new is proposed, no component is read, or every
 * call fails.
 */
export class Patience {
  readonly #search: PatienceContext;
  readonly #maxIdle: number;
  #idle = 0;
  #perfect = 0;
  #unread = 0;
  #failed = 0;

  constructor(search: PatienceContext) {
    this.#search = search;
    const { trainset, settings } = search;
    // Each training example gets its turn.
    this.#maxIdle = Math.max(
      MIN_IDLE_ITERATIONS,
      Math.ceil(trainset.length / settings.reflectionMinibatchSize),
    );
  }

  /** @param hasMeasured Whether the iteration made metric calls: a child with cached scores only is not progress. */
  after(outcome: IterationOutcome, hasMeasured: boolean): StopReason | undefined {
    if (outcome.kind === 'stopped') return outcome.reason;
    if (outcome.kind === 'failed') {
      this.#failed++;
      return this.#failed < MAX_FAILED_ITERATIONS ? undefined : this.#giveUp(outcome);
    }
    this.#failed = 0;
    if (outcome.kind === 'tried' && hasMeasured) {
      this.#idle = this.#perfect = this.#unread = 0;
      return undefined;
    }
    this.#idle++;
    if (outcome.kind === 'idle' && outcome.why === 'perfectMinibatches') this.#perfect++;
    if (outcome.kind === 'idle' && outcome.why === 'unreadComponents') this.#unread++;
    if (this.#idle < this.#maxIdle) return undefined;
    if (this.#unread === this.#idle) throw unreadError(this.#search.names);
    if (this.#perfect === this.#idle) {
      this.#search.warn(
        `The parents were perfect on the last ${this.#idle} minibatches, so there is nothing to learn from them. Give more or harder training examples to continue.`,
      );
      return 'trainsetExhausted';
    }
    return 'noNewProposals';
  }

  /** Ends the run: by a stop reason if the provider is unavailable, by an error if the proposer throws. */
  #giveUp({ reason, error }: Extract<IterationOutcome, { kind: 'failed' }>): StopReason {
    if (reason === 'unavailable') {
      this.#search.warn(`Rollouts keep failing for a reason that is not the program's: ${sentence(error)}`);
      return 'providerUnavailable';
    }
    const proposer = this.#search.settings.propose === undefined ? 'reflection model' : 'proposer';
    throw new ProposerError(
      `The ${proposer} keeps failing: ${sentence(error)} The error's \`result\` has what was found so far.`,
      { cause: error },
    );
  }
}
