import { type Amount, amountOf, oneMetricCall, plus, sum, type Unit, zero } from './amount.ts';
import type { CallKind } from './max-of-call.ts';
import type { Usage } from './usage.ts';

/** What a reservation needs of the budget that it is part of. */
export interface BudgetAccount {
  charge(amount: Amount): void;
  chargeUncertain(amount: Amount): void;
  /** Something became free. */
  changed(): void;
  close(reservation: Reservation): void;
  /** A complete rollout shows what others are likely to cost. */
  learnRollout(cost: Amount): void;
  needOf(kind: CallKind, unit: Unit): number;
  isDeclared(kind: CallKind): boolean;
}

/** The share of one call in the budget: what it was charged, and what its present attempt may still take. */
export class Reservation {
  readonly kind: CallKind;
  /** Identifies the call in the journal of this session. */
  readonly number: number;
  /** Charged over all attempts for model calls whose outcome is unknown, at their maximum. */
  uncertain: Amount = zero;
  readonly #budget: BudgetAccount;
  /** Charged over all attempts, without `uncertain`. */
  #charged: Amount = zero;
  #chargedNow: Amount = zero;
  #uncertainNow: Amount = zero;
  #hasOpenedCalls = false;
  #lacksUsage = false;
  #isAttempting = true;
  /** The maxima of model calls in flight. */
  readonly #calls = new Set<Amount>();

  constructor(budget: BudgetAccount, kind: CallKind, number: number) {
    this.#budget = budget;
    this.kind = kind;
    this.number = number;
  }

  /** The amount that the attempt may still take: by its declared maximum, or else its expected cost. */
  outstanding(unit: Unit): number {
    const taken = this.#chargedNow[unit] + sum(this.#calls)[unit];
    return Math.max(this.#budget.needOf(this.kind, unit), taken) - this.#chargedNow[unit];
  }

  /** The part of it that has been admitted: the declared maximum, or else the model calls in flight. */
  admitted(unit: Unit): number {
    return this.#budget.isDeclared(this.kind) ? this.outstanding(unit) : sum(this.#calls)[unit];
  }

  /** The most that the call may come to cost in all, by what is admitted now. */
  max(): Amount {
    const open = { ...zero, tokens: this.admitted('tokens'), costUsd: this.admitted('costUsd') };
    return sum([this.#charged, this.uncertain, open]);
  }

  /** A further attempt of the call. */
  startAttempt(): void {
    this.#chargedNow = zero;
    this.#uncertainNow = zero;
    this.#hasOpenedCalls = false;
    this.#lacksUsage = false;
    this.#isAttempting = true;
  }

  /** A model call starts. */
  openCall(max: Amount): void {
    this.#hasOpenedCalls = true;
    this.#calls.add(max);
  }

  /** A model call ended; an unknown outcome stays charged at its maximum. */
  settleCall(max: Amount, actual: Amount | 'unknown'): void {
    if (!this.#calls.delete(max)) return;
    if (actual === 'unknown') this.#chargeUncertain(max);
    else this.#charge(actual);
    this.#budget.changed();
  }

  /** Charges the usage of an attempt whose model calls were not opened one by one. */
  charge(usage: Usage): void {
    this.#charge(amountOf(usage));
  }

  /** The usage of an attempt whose model calls were not opened is unknown: its declared maximum stays charged. */
  chargeMaximum(): void {
    this.#lacksUsage = true;
  }

  /** Ends an attempt. `unknown`: it may be billed for more than it reported, up to its declared maximum. */
  endAttempt(outcome: 'known' | 'unknown'): void {
    if (!this.#isAttempting) return;
    this.#isAttempting = false;
    for (const max of this.#calls) this.#chargeUncertain(max);
    this.#calls.clear();
    const isUnknown = this.#lacksUsage || (outcome === 'unknown' && !this.#hasOpenedCalls);
    if (isUnknown && this.#budget.isDeclared(this.kind)) {
      const rest = (unit: Unit) => Math.max(0, this.outstanding(unit) - this.#uncertainNow[unit]);
      this.#chargeUncertain({ ...zero, tokens: rest('tokens'), costUsd: rest('costUsd') });
    }
    this.#budget.close(this);
  }

  /** Ends a rollout that was scored. */
  settleScored(): void {
    this.#charge(oneMetricCall);
    // Its last attempt only: others may need no retry.
    this.#budget.learnRollout(this.#chargedNow);
    this.endAttempt('known');
  }

  #charge(amount: Amount): void {
    this.#chargedNow = plus(this.#chargedNow, amount);
    this.#charged = plus(this.#charged, amount);
    this.#budget.charge(amount);
  }

  #chargeUncertain(amount: Amount): void {
    this.uncertain = plus(this.uncertain, amount);
    this.#uncertainNow = plus(this.#uncertainNow, amount);
    this.#budget.chargeUncertain(amount);
  }
}
