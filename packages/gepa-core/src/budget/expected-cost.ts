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
  /** The largest maximum of a model call so far: an attempt without room for it would probably be cut off. */
  readonly #largestCall: Record<CallKind, Amount> = { rollout: zero, reflection: zero };

  /** A rollout is complete. */
  learnRollout(cost: Amount): void {
    this.#rollouts++;
    this.#total = plus(this.#total, cost);
  }

  /** A model call was admitted at its maximum. */
  learnCall(kind: CallKind, max: Amount): void {
    this.#largestCall[kind] = larger(this.#largestCall[kind], max);
  }

  /** The expected cost of one attempt. */
  ofAttempt(kind: CallKind): Amount {
    const mean = kind === 'rollout' ? this.#ofRollouts(1) : zero;
    return larger(mean, this.#largestCall[kind]);
  }

  /** The expected cost of the testset; leaves room for an attempt until the last one has started. */
  ofTestset(count: number, attempt: Amount): Amount {
    return count === 0 || this.#rollouts === 0
      ? zero
      : plus(this.#ofRollouts(TESTSET_MARGIN * count), attempt);
  }

  #ofRollouts(count: number): Amount {
    return amountBy((unit) => (count * this.#total[unit]) / Math.max(1, this.#rollouts));
  }
}

const larger = (a: Amount, b: Amount): Amount => amountBy((unit) => Math.max(a[unit], b[unit]));
