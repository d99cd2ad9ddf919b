import { type Amount, amountBy, plus, zero } from './amount.ts';
import type { CallKind } from './max-of-call.ts';

/** Many rollouts together rarely cost more than this factor above the mean so far. */
const TESTSET_MARGIN = 1.25;

/**
 * The expected cost of attempts without a declared maximum. It only decides whether an attempt starts; each of its model
 * calls reserves its own maximum.
 */
export class ExpectedCost {
  #rollouts = 0;
  #total: Amount = zero;
  /** The smallest maximum of a model call so far: below it, no call will be admitted. */
  readonly #smallestCall: Partial<Record<CallKind, Amount>> = {};
  #largestRolloutCall: Amount = zero;

  /** A rollout is complete. */
  learnRollout(cost: Amount): void {
    this.#rollouts++;
    this.#total = plus(this.#total, cost);
  }

  /** A model call was admitted at its maximum. */
  learnCall(kind: CallKind, max: Amount): void {
    const smallest = this.#smallestCall[kind] ?? max;
    this.#smallestCall[kind] = amountBy((unit) => Math.min(smallest[unit], max[unit]));
    if (kind !== 'rollout') return;
    const largest = this.#largestRolloutCall;
    this.#largestRolloutCall = amountBy((unit) => Math.max(largest[unit], max[unit]));
  }

  /** The expected cost of one attempt. */
  ofAttempt(kind: CallKind): Amount {
    const mean = kind === 'rollout' ? this.#ofRollout() : zero;
    const smallest = this.#smallestCall[kind] ?? zero;
    return amountBy((unit) => Math.max(mean[unit], smallest[unit]));
  }

  /** The expected cost of many rollouts; leaves room for the most expensive attempt until the last one has started. */
  ofRollouts(count: number, attempt: Amount): Amount {
    if (count === 0 || this.#rollouts === 0) return zero;
    const mean = this.#ofRollout();
    const largest = this.#largestRolloutCall;
    return amountBy((unit) => TESTSET_MARGIN * count * mean[unit] + Math.max(attempt[unit], largest[unit]));
  }

  #ofRollout(): Amount {
    return amountBy((unit) => this.#total[unit] / Math.max(1, this.#rollouts));
  }
}
