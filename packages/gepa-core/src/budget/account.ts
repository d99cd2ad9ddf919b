import { type Amount, plus, sum, zero } from './amount.ts';
import { ExpectedCost } from './expected-cost.ts';
import type { Limit, LimitName } from './max-of-call.ts';

/** What one call may still take. */
export interface OpenReservation {
  /** The amount that its attempt may still take: by its declared maximum, or else its expected cost. */
  readonly outstanding: Amount;
  /** The part of it that has been admitted: the declared maximum, or else the model calls in flight. */
  readonly admitted: Amount;
}

/** All that is charged and reserved in a run. Calls that find no room wait here for the next change. */
export class Account {
  readonly expected = new ExpectedCost();
  /** Known spending of all sessions, and the maxima of calls of earlier sessions without an outcome. */
  charged: Amount = zero;
  /** The part of it that earlier sessions may have been billed for, or not. */
  earlierUncertain: Amount = zero;
  /** The maxima of calls of this session whose outcome is unknown. */
  uncertain: Amount = zero;
  readonly #open = new Set<OpenReservation>();
  #waiting: (() => void)[] = [];

  charge(amount: Amount): void {
    this.charged = plus(this.charged, amount);
    this.#changed();
  }

  /** Charges the maximum of an unknown outcome. */
  chargeUncertain(amount: Amount): void {
    this.uncertain = plus(this.uncertain, amount);
    this.#changed();
  }

  open(reservation: OpenReservation): void {
    this.#open.add(reservation);
  }

  /** An attempt ended: what it did not use is free again. */
  close(reservation: OpenReservation): void {
    this.#open.delete(reservation);
    this.#changed();
  }

  /**
   * Looks for room beside what is charged and reserved.
   *
   * @returns the limit that leaves no room, or `'wait'` if open reservations may leave some; `undefined` if there is room.
   */
  roomFor(
    amount: Amount,
    limits: readonly Limit[],
    reserved: keyof OpenReservation,
  ): LimitName | 'wait' | undefined {
    const needed = sum([this.charged, this.uncertain, amount]);
    const exceeded = limits.find(({ unit, max }) => needed[unit] > max);
    if (exceeded !== undefined) return exceeded.name;
    const withOpen = sum([needed, ...[...this.#open].map((reservation) => reservation[reserved])]);
    return limits.some(({ unit, max }) => withOpen[unit] > max) ? 'wait' : undefined;
  }

  nextChange(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const proceed of waiting) proceed();
  }
}
