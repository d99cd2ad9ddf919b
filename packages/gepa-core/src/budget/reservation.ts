import type { Account, OpenReservation } from './account.ts';
import { type Amount, amountBy, amountOf, oneMetricCall, plus, sum, zero } from './amount.ts';
import type { CallKind } from './max-of-call.ts';
import type { Usage } from './usage.ts';

/** What one attempt may take, and what it was charged. */
class AttemptShare {
  readonly need: Amount;
  charged = zero;
  uncertain = zero;
  /** The maxima of model calls in flight. */
  readonly calls = new Set<Amount>();
  hasOpenedCalls = false;
  lacksUsage = false;
  isOver = false;

  constructor(need: Amount) {
    this.need = need;
  }
}

/** The share of one call in the budget: what it was charged, and what its present attempt may still take. */
export class Reservation implements OpenReservation {
  readonly kind: CallKind;
  /** Identifies the call in the journal of this session. */
  readonly number: number;
  /** Whether the caller declares the maximum of an attempt. Otherwise each of its model calls is admitted by itself. */
  readonly isDeclared: boolean;
  readonly #account: Account;
  readonly #attempts: AttemptShare[] = [];

  constructor(account: Account, kind: CallKind, number: number, isDeclared: boolean) {
    this.#account = account;
    this.kind = kind;
    this.number = number;
    this.isDeclared = isDeclared;
  }

  /** Charged over all attempts for model calls whose outcome is unknown, at their maximum. */
  get uncertain(): Amount {
    return sum(this.#attempts.map(({ uncertain }) => uncertain));
  }

  get outstanding(): Amount {
    const { need, charged, uncertain, calls } = this.#attempt;
    const inFlight = sum(calls);
    return amountBy((unit) => Math.max(need[unit] - charged[unit] - uncertain[unit], inFlight[unit]));
  }

  get admitted(): Amount {
    return this.isDeclared ? this.outstanding : sum(this.#attempt.calls);
  }

  /** The most that the call may come to cost in all, by what is admitted now. */
  get max(): Amount {
    return sum([...this.#attempts.map(({ charged }) => charged), this.uncertain, this.admitted]);
  }

  /** @param need the declared maximum of the attempt, or else its expected cost. */
  startAttempt(need: Amount): void {
    this.#attempts.push(new AttemptShare(need));
    this.#account.open(this);
  }

  /**
   * A model call starts.
   *
   * @returns its maximum, which is at most that of a declared attempt.
   */
  openCall(stated: Amount): Amount {
    const { need, calls } = this.#attempt;
    const max = this.isDeclared
      ? amountBy((unit) => (stated[unit] <= need[unit] ? stated[unit] : need[unit]))
      : stated;
    calls.add(max);
    this.#attempt.hasOpenedCalls = true;
    this.#account.expected.learnCall(this.kind, max);
    return max;
  }

  /** A model call ended; an unknown outcome stays charged at its maximum. */
  settleCall(max: Amount, actual: Amount | 'unknown'): void {
    if (!this.#attempt.calls.delete(max)) return;
    if (actual === 'unknown') this.#chargeUncertain(max);
    else this.#charge(actual);
  }

  /** Charges the usage of an attempt whose model calls were not opened one by one. */
  charge(usage: Usage): void {
    this.#charge(amountOf(usage));
  }

  /** The usage of an attempt whose model calls were not opened is unknown: its declared maximum stays charged. */
  chargeMaximum(): void {
    this.#attempt.lacksUsage = true;
  }

  /** Ends an attempt. `unknown`: it may be billed for more than it reported, up to its declared maximum. */
  endAttempt(outcome: 'known' | 'unknown'): void {
    const { calls, isOver, lacksUsage, hasOpenedCalls } = this.#attempt;
    if (isOver) return;
    this.#attempt.isOver = true;
    for (const max of calls) this.settleCall(max, 'unknown');
    const isUnknown = lacksUsage || (outcome === 'unknown' && !hasOpenedCalls);
    if (isUnknown && this.isDeclared) this.#chargeUncertain({ ...this.outstanding, metricCalls: 0 });
    this.#account.close(this);
  }

  /** Ends a rollout that was scored. */
  settleScored(): void {
    this.#charge(oneMetricCall);
    // Its last attempt only: others may need no retry.
    this.#account.expected.learnRollout(this.#attempt.charged);
    this.endAttempt('known');
  }

  get #attempt(): AttemptShare {
    return this.#attempts.at(-1)!;
  }

  #charge(amount: Amount): void {
    this.#attempt.charged = plus(this.#attempt.charged, amount);
    this.#account.charge(amount);
  }

  #chargeUncertain(amount: Amount): void {
    this.#attempt.uncertain = plus(this.#attempt.uncertain, amount);
    this.#account.chargeUncertain(amount);
  }
}
