import type { CallRequest } from '../adapter/call-meter.ts';
import { RunError } from '../errors.ts';
import { Interrupted } from '../interruption.ts';
import { type Amount, amountOf, oneMetricCall, plus, type Unit, zero } from './amount.ts';
import type { BudgetOptions } from './budget-options.ts';
import { ExpectedCost } from './expected-cost.ts';
import {
  crossedWarning,
  explainMissingTokens,
  explainTooLarge,
  explainUndeclared,
  explainUnpriced,
  uncertainWarning,
  unknownCallsWarning,
  waitNote,
} from './limit-messages.ts';
import { type CallKind, type Limit, type LimitName, maxOfCall } from './max-of-call.ts';
import { type BudgetAccount, Reservation } from './reservation.ts';
import type { SettledCall } from './spend.ts';
import { isUnknownUsage, priceUsage, type Usage } from './usage.ts';

/**
 * The one budget of a run: limits on metric calls, tokens and dollars, and all that is charged against them, earlier
 * sessions included. An attempt is reserved before it starts; where the caller declares no maximum (`reserve`), each of
 * its model calls is reserved too, at its own maximum. An unknown outcome stays charged at its maximum. Charges and
 * open reservations together therefore never exceed a limit.
 */
export class Budget implements BudgetAccount {
  readonly #options: BudgetOptions;
  readonly #limits: readonly Limit[];
  readonly #spendLimits: readonly Limit[];
  /** Called before each model call, whether or not anything is limited. */
  onRequest: ((request: CallRequest) => void) | undefined;
  readonly #expected = new ExpectedCost();
  readonly #open = new Set<Reservation>();
  #charged: Amount = zero;
  /** Charged for calls whose outcome is unknown: in all, and in this session. */
  #uncertain: Amount = zero;
  #uncertainNow: Amount = zero;
  /** Model calls that ended without a usable usage, in this session. */
  #unknownCalls = 0;
  #testsetCalls: number;
  #waiting: (() => void)[] = [];
  #nextNumber = 0;
  #hasNotedWait = false;

  constructor(options: BudgetOptions) {
    const limit = (name: LimitName, unit: Unit): Limit[] =>
      options[name] === undefined ? [] : [{ name, unit, max: options[name] }];
    this.#options = options;
    this.#testsetCalls = options.testsetCalls ?? 0;
    this.#spendLimits = [...limit('maxCostUsd', 'costUsd'), ...limit('maxTokens', 'tokens')];
    this.#limits = [...limit('maxMetricCalls', 'metricCalls'), ...this.#spendLimits];
  }

  /** Whether tokens or dollars are limited, so that every call must report its usage. */
  get limitsSpend(): boolean {
    return this.#spendLimits.length > 0;
  }

  /** Metric calls kept for the testset. */
  get testsetCalls(): number {
    return this.#testsetCalls;
  }

  releaseTestset(): void {
    this.#testsetCalls = 0;
  }

  /** Reserves one attempt. Otherwise returns the limit that leaves no room for it, or a promise to await before trying again. */
  tryReserve(kind: CallKind): Reservation | LimitName | Promise<void> {
    const answer = this.#roomFor(kind);
    if (answer !== undefined) return answer === 'wait' ? this.#nextChange() : answer;
    const reservation = new Reservation(this, kind, this.#nextNumber++);
    // Without limits, no call waits for another.
    if (this.#limits.length > 0) this.#open.add(reservation);
    return reservation;
  }

  /** Reserves a further attempt of a call; waits while open reservations may leave room. */
  async renew(reservation: Reservation): Promise<void> {
    for (;;) {
      const answer = this.#roomFor(reservation.kind);
      if (answer === undefined) break;
      if (answer !== 'wait') throw new Interrupted({ reason: answer });
      await this.#nextChange();
    }
    reservation.startAttempt();
    this.#open.add(reservation);
    await this.recordReservation(reservation);
  }

  /** Records an attempt with a declared maximum before it starts. */
  async recordReservation(reservation: Reservation): Promise<void> {
    if (this.limitsSpend && this.isDeclared(reservation.kind)) await this.#record(reservation);
  }

  /**
   * Reserves the maximum of one model call within an attempt; waits while open reservations may leave room.
   *
   * @returns its maximum; `undefined` when nothing is limited, or the attempt ended meanwhile.
   * @throws {Interrupted} when a limit leaves no room for it.
   * @throws {RunError} when its maximum is unknown, or the first call of a run exceeds a limit by itself.
   */
  async reserveCall(
    reservation: Reservation,
    request: CallRequest,
    isOver: () => boolean,
  ): Promise<Amount | undefined> {
    if (!this.limitsSpend) return undefined;
    const { prices, reserve } = this.#options;
    await prices.waitFor(request.model);
    const declared = this.isDeclared(reservation.kind);
    const stated = maxOfCall(request, prices, reserve?.outputTokens);
    if (!declared) this.#refuseTooLarge(reservation.kind, request, stated);
    const max = declared ? this.#atMostDeclared(reservation.kind, stated) : this.#limitedPart(stated);
    while (!isOver()) {
      const answer = declared ? undefined : this.#roomForCall(max);
      if (answer === undefined) {
        this.#expected.learnCall(reservation.kind, max);
        reservation.openCall(max);
        if (!declared) await this.#record(reservation);
        return max;
      }
      if (answer !== 'wait') throw new Interrupted({ reason: answer });
      if (request.outputTokens === undefined) this.#noteWait(request, max);
      await this.#nextChange();
    }
    return undefined;
  }

  /** Whether the caller declares the maximum of an attempt in every limited unit. */
  isDeclared(kind: CallKind): boolean {
    return this.#spendLimits.every(({ unit }) => this.#declared(kind, unit) !== undefined);
  }

  /** The assumed need of an attempt: its declared maximum, or else its expected cost. */
  needOf(kind: CallKind, unit: Unit): number {
    if (unit === 'metricCalls') return kind === 'rollout' ? 1 : 0;
    return this.#declared(kind, unit) ?? this.#expected.ofAttempt(kind, unit);
  }

  /** The usage with its cost, if its models have known prices. Loads the prices first. */
  async price(usage: Usage): Promise<Usage> {
    await this.#options.prices.wait(usage);
    return this.priceLoaded(usage);
  }

  /** The same, with the prices that are loaded already. */
  priceLoaded(usage: Usage): Usage {
    return priceUsage(usage, this.#options.prices.priceOf);
  }

  /** The charge for a model call that ended; `'unknown'` if it did not report its usage. */
  amountOfCall(usage: Usage, max: Amount): Amount | 'unknown' {
    if (this.noteUnknown(usage)) return 'unknown';
    const { costUsd, ...counts } = this.priceLoaded(usage);
    const { tokens } = amountOf(counts);
    const isEmpty = usage.modelCalls === 0 && tokens === 0 && costUsd === undefined;
    return isEmpty ? zero : { ...zero, tokens: tokens || max.tokens, costUsd: costUsd ?? max.costUsd };
  }

  /** Whether a usage is unknown; the warnings of the run then count its model calls. */
  noteUnknown(usage: Usage): boolean {
    const isUnknown = isUnknownUsage(usage);
    if (isUnknown) this.#unknownCalls += usage.modelCalls;
    return isUnknown;
  }

  /** Charges known spending. */
  charge(amount: Amount): void {
    this.#charged = plus(this.#charged, amount);
    this.changed();
  }

  /** Charges the maximum of an unknown outcome. */
  chargeUncertain(amount: Amount): void {
    this.#uncertainNow = plus(this.#uncertainNow, amount);
    this.#uncertain = plus(this.#uncertain, amount);
  }

  /** Charges what earlier sessions may have been billed for without an outcome. */
  chargeEarlierUncertain(uncertain: Amount): void {
    this.#uncertain = plus(this.#uncertain, uncertain);
  }

  /**
   * Charges a call of an earlier session.
   *
   * @param hasUncertain whether the maximum of its unknown model calls is charged beside it.
   * @returns its cost.
   * @throws {RunError} when its usage does not report what a limit needs now.
   */
  chargeEarlier(kind: CallKind, { isScored, usage, judgeUsage }: SettledCall, hasUncertain: boolean): Amount {
    const [own, judge] = [this.priceLoaded(usage), this.priceLoaded(judgeUsage)];
    const problem =
      this.problemOf(kind, 'program', own, true) ??
      this.problemOf(kind, 'judge', judge, true) ??
      (hasUncertain ? undefined : (this.#lacksTokens(kind, own) ?? this.#lacksTokens(kind, judge)));
    if (problem !== undefined) throw problem;
    const cost = plus(amountOf(own), amountOf(judge));
    this.charge(isScored ? plus(cost, oneMetricCall) : cost);
    return cost;
  }

  /** An attempt ended: what it did not use is free again. */
  close(reservation: Reservation): void {
    this.#open.delete(reservation);
    this.changed();
  }

  /** Wakes the calls that wait for room. */
  changed(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const proceed of waiting) proceed();
  }

  /** Updates the expected cost of a rollout by a complete one. */
  learnRollout(cost: Amount): void {
    this.#expected.learnRollout(cost);
  }

  /** The error for a usage that lacks what a limit needs. */
  problemOf(
    kind: CallKind,
    who: 'program' | 'judge',
    usage: Usage,
    isReportedByCall: boolean,
  ): RunError | undefined {
    if (usage.modelCalls === 0) return undefined;
    if (this.#options.maxCostUsd !== undefined && usage.costUsd === undefined) {
      return new RunError(explainUnpriced(kind, usage));
    }
    const [limit] = this.#spendLimits;
    if (limit === undefined || isReportedByCall || this.isDeclared(kind)) return undefined;
    return new RunError(explainUndeclared(limit, kind, who, usage));
  }

  /** The error for a usage without tokens of an earlier session that had no limit, and so no maximum to charge. */
  #lacksTokens(kind: CallKind, usage: Usage): RunError | undefined {
    const isMissing = usage.modelCalls > 0 && usage.inputTokens + usage.outputTokens === 0;
    if (!isMissing || this.#options.maxTokens === undefined) return undefined;
    return new RunError(explainMissingTokens(kind, usage));
  }

  /** Warnings for the end of a run, one sentence each. */
  get warnings(): string[] {
    const crossed = this.#spendLimits.filter(({ unit, max }) => this.#charged[unit] > max);
    const [limit] = this.#spendLimits;
    return [
      ...crossed.map((one) => crossedWarning(one, this.#charged)),
      ...(this.#unknownCalls === 0 || limit === undefined
        ? []
        : [unknownCallsWarning(this.#unknownCalls, limit)]),
      ...this.#uncertainWarnings(this.#uncertainNow),
    ];
  }

  /** Warnings about uncertain charges of earlier sessions. */
  get earlierWarnings(): string[] {
    return this.#uncertainWarnings(this.#uncertain);
  }

  #uncertainWarnings(uncertain: Amount): string[] {
    return this.#spendLimits
      .filter(({ unit }) => uncertain[unit] > 0)
      .map(({ name, unit }) => uncertainWarning(name, uncertain[unit]));
  }

  /** Whether one more attempt fits. */
  #roomFor(kind: CallKind): LimitName | 'wait' | undefined {
    let mustWait = false;
    for (const { name, unit, max } of this.#limits) {
      if (unit === 'metricCalls' && kind !== 'rollout') continue;
      const used = this.#charged[unit] + this.#uncertain[unit];
      const needed = used + this.#keptForTestset(unit) + this.needOf(kind, unit);
      if (used >= max || needed > max) return name;
      mustWait ||= needed + this.#inFlight((reservation) => reservation.outstanding(unit)) > max;
    }
    return mustWait ? 'wait' : undefined;
  }

  /** Whether one more model call fits in the limits. Calls kept for the testset do not count. */
  #roomForCall(max: Amount): LimitName | 'wait' | undefined {
    let mustWait = false;
    for (const { name, unit, max: limit } of this.#spendLimits) {
      const needed = this.#charged[unit] + this.#uncertain[unit] + max[unit];
      if (needed > limit) return name;
      mustWait ||= needed + this.#inFlight((reservation) => reservation.admitted(unit)) > limit;
    }
    return mustWait ? 'wait' : undefined;
  }

  #inFlight(amountOf: (reservation: Reservation) => number): number {
    let total = 0;
    for (const reservation of this.#open) total += amountOf(reservation);
    return total;
  }

  #keptForTestset(unit: Unit): number {
    const count = (this.#options.keepsTestset?.() ?? true) ? this.#testsetCalls : 0;
    return unit === 'metricCalls'
      ? count
      : this.#expected.ofRollouts(count, unit, this.needOf('rollout', unit));
  }

  #declared(kind: CallKind, unit: Unit): number | undefined {
    return unit === 'metricCalls' ? undefined : this.#options.reserve?.[kind]?.[unit];
  }

  /** The maximum of one model call within an attempt whose maximum is declared. */
  #atMostDeclared(kind: CallKind, stated: Amount): Amount {
    const parts = this.#spendLimits.map(({ unit }) => {
      const declared = this.needOf(kind, unit);
      return { [unit]: stated[unit] <= declared ? stated[unit] : declared };
    });
    return Object.assign({ ...zero }, ...parts);
  }

  /** Zero in units without a limit. */
  #limitedPart(amount: Amount): Amount {
    return Object.assign({ ...zero }, ...this.#spendLimits.map(({ unit }) => ({ [unit]: amount[unit] })));
  }

  #refuseTooLarge(kind: CallKind, request: CallRequest, max: Amount): void {
    const limit = this.#spendLimits.find(({ unit, max: most }) => !(max[unit] <= most));
    if (limit === undefined) return;
    const why = explainTooLarge(limit, kind, request, max);
    // After the first spend there is a result to keep: the call then ends the run like any other that does not fit.
    const hasSpent = this.#charged.tokens > 0 || this.#charged.costUsd > 0;
    if (!hasSpent || !(max[limit.unit] < Number.POSITIVE_INFINITY)) throw new RunError(why);
    this.#options.note?.(why);
    throw new Interrupted({ reason: limit.name });
  }

  #noteWait(request: CallRequest, max: Amount): void {
    if (this.#hasNotedWait) return;
    this.#hasNotedWait = true;
    this.#options.note?.(waitNote(request, max));
  }

  async #record(reservation: Reservation): Promise<void> {
    await this.#options.onReserve?.(reservation, this.#limitedPart(reservation.max()));
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
