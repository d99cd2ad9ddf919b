import { type Amount, plus, type Unit, zero } from './amount.ts';
import type { CallKind } from './max-of-call.ts';

/** Many rollouts together rarely cost more than this factor above the mean so far. */
export const TESTSET_MARGIN = 1.25;

/**
 * The expected cost of attempts without a declared maximum. It only decides whether an attempt starts; each of its model
 * calls reserves its own maximum.
 */
export class ExpectedCost {
  #rollouts = 0;
  #total: Amount = zero;
  /** The smallest maximum of a model call so far: below it, no call will be admitted. */
  readonly #smallestCall: Record<CallKind, Partial<Amount>> = { rollout: {}, reflection: {} };
  #largestRolloutCall: Amount = zero;

  /** A rollout is complete. */
  learnRollout(cost: Amount): void {
    this.#rollouts++;
    this.#total = plus(this.#total, cost);
  }

  /** A model call was admitted at its maximum. */
  learnCall(kind: CallKind, max: Amount): void {
    const known = this.#smallestCall[kind];
    const smaller = (unit: Unit) => Math.min(known[unit] || Number.POSITIVE_INFINITY, max[unit]);
    this.#smallestCall[kind] = { tokens: smaller('tokens'), costUsd: smaller('costUsd') };
    if (kind !== 'rollout') return;
    const { tokens, costUsd } = this.#largestRolloutCall;
    this.#largestRolloutCall = {
      ...zero,
      tokens: Math.max(tokens, max.tokens),
      costUsd: Math.max(costUsd, max.costUsd),
    };
  }

  /** The expected cost of one attempt. */
  ofAttempt(kind: CallKind, unit: Unit): number {
    const mean = kind === 'rollout' && this.#rollouts > 0 ? this.#total[unit] / this.#rollouts : 0;
    return Math.max(mean, this.#smallestCall[kind][unit] ?? 0);
  }

  /** The expected cost of many rollouts; leaves room for the most expensive attempt until the last one has started. */
  ofRollouts(count: number, unit: Unit, attempt: number): number {
    if (count === 0 || this.#rollouts === 0) return 0;
    const mean = this.#total[unit] / this.#rollouts;
    return TESTSET_MARGIN * count * mean + Math.max(attempt, this.#largestRolloutCall[unit]);
  }
}
