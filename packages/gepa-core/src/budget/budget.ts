import type { CallRequest } from '../adapter/call-meter.ts';
import { RunError } from '../errors.ts';
import { Interrupted } from '../interruption.ts';
import { Account } from './account.ts';
import { type Amount, amountBy, amountOf, plus, type Unit, zero } from './amount.ts';
import type { BudgetOptions } from './budget-options.ts';
import {
  crossedWarning,
  explainNoRoom,
  explainTooLarge,
  explainUndeclared,
  explainUnpriced,
  modelsOf,
  silentModelsWarnings,
  uncertainWarnings,
  unknownCallsWarning,
  unpricedWarning,
  waitNote,
} from './limit-messages.ts';
import { type CallKind, type Limit, type LimitName, maxOfCall } from './max-of-call.ts';
import { Reservation } from './reservation.ts';
import { isUnknownUsage, priceUsage, type Usage } from './usage.ts';

/**
 * The one budget of a run: limits on metric calls, tokens and dollars, and all that is charged against them, earlier
 * sessions included. An attempt is reserved before it starts; where the caller declares no maximum (`reserve`), each of
 * its model calls is reserved too, at its own maximum. An unknown outcome stays charged at its maximum. Charges and
 * open reservations together therefore never exceed a limit.
 */
export class Budget {
  /** Called before each model call, whether or not anything is limited. */
  onRequest: ((request: CallRequest) => void) | undefined;
  readonly account = new Account();
  /** The limits on tokens and dollars. */
  readonly spendLimits: readonly Limit[];
  /** Metric calls kept for the testset. */
  testsetCalls: number;
  readonly #options: BudgetOptions;
  readonly #limits: readonly Limit[];
  /** Model calls that ended without a usable usage, in this session. */
  #unknownCalls = 0;
  #nextNumber = 0;
  #hasNotedWait = false;
  /** The models whose calls have no known cost. */
  readonly #unpriced = new Set<string>();
  /** Why a call was refused that takes much of a limit by itself. */
  #refusal: string | undefined;

  constructor(options: BudgetOptions) {
    const limit = (name: LimitName, unit: Unit): Limit[] =>
      options[name] === undefined ? [] : [{ name, unit, max: options[name] }];
    this.#options = options;
    this.testsetCalls = options.testsetCalls ?? 0;
    this.spendLimits = [...limit('maxCostUsd', 'costUsd'), ...limit('maxTokens', 'tokens')];
    this.#limits = [...limit('maxMetricCalls', 'metricCalls'), ...this.spendLimits];
  }

  /** Whether tokens or dollars are limited, so that every call must report its usage. */
  get limitsSpend(): boolean {
    return this.spendLimits.length > 0;
  }

  releaseTestset(): void {
    this.testsetCalls = 0;
  }

  /** Whether the caller declares the maximum of an attempt in every limited unit. */
  isDeclared(kind: CallKind): boolean {
    const declared: Partial<Amount> = this.#options.reserve?.[kind] ?? {};
    return this.spendLimits.every(({ unit }) => declared[unit] !== undefined);
  }

  /**
   * Reserves an attempt: the first of a call, or a further one of `earlier`.
   *
   * @returns its reservation, or the limit that leaves no room for it; `undefined` after a wait for room: try again.
   */
  async reserve(kind: CallKind, earlier?: Reservation): Promise<Reservation | LimitName | undefined> {
    const need = this.#needOf(kind);
    const limits = kind === 'rollout' ? this.#limits : this.spendLimits;
    const answer =
      limits.length === 0
        ? undefined
        : this.account.roomFor(plus(need, this.#keptForTestset()), limits, 'outstanding');
    if (answer === 'wait') await this.account.nextChange();
    if (answer === 'wait') return undefined;
    if (answer !== undefined) {
      this.#explainNoRoom(answer, `a ${kind}`, need, this.#keptForTestset());
      return answer;
    }
    const reservation =
      earlier ?? new Reservation(this.account, kind, this.#nextNumber++, this.isDeclared(kind));
    reservation.startAttempt(need);
    if (this.limitsSpend && reservation.isDeclared) await this.#options.onReserve?.(reservation);
    return reservation;
  }

  /**
   * Reserves a further attempt of a call; waits while open reservations may leave room.
   *
   * @throws {Interrupted} when a limit leaves no room for it.
   */
  async renew(reservation: Reservation): Promise<void> {
    let answer: Reservation | LimitName | undefined;
    while (answer === undefined) answer = await this.reserve(reservation.kind, reservation);
    if (typeof answer === 'string') throw new Interrupted({ reason: answer });
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
    const { isDeclared, kind } = reservation;
    const max = this.maxOf(request);
    if (!isDeclared) this.#refuseTooLarge(kind, request, max);
    while (!isOver()) {
      const answer = isDeclared ? undefined : this.account.roomFor(max, this.spendLimits, 'admitted');
      if (answer === undefined) {
        const reserved = reservation.openCall(max);
        if (!isDeclared) await this.#options.onReserve?.(reservation);
        return reserved;
      }
      if (answer !== 'wait') {
        this.#explainNoRoom(answer, `a call of ${request.model ?? 'an unnamed model'}`, max);
        throw new Interrupted({ reason: answer });
      }
      this.#noteWait(request, max);
      await this.account.nextChange();
    }
    return undefined;
  }

  /** The maximum of a model call; zero in units without a limit. */
  maxOf(request: CallRequest): Amount {
    const { prices, reserve } = this.#options;
    const max = maxOfCall(request, prices, reserve?.outputTokens);
    const isLimited = (unit: Unit) => this.spendLimits.some((limit) => limit.unit === unit);
    return amountBy((unit) => (isLimited(unit) ? max[unit] : 0));
  }

  /** The limit that can never admit a model call with this maximum. */
  limitBelow(max: Amount): Limit | undefined {
    return this.spendLimits.find(({ unit, max: limit }) => !(max[unit] <= limit));
  }

  /** Before `price`, for a usage that was just reported. */
  loadPrices(usage: Usage): Promise<void> {
    return this.#options.prices.loadFor(usage);
  }

  /** The usage with its cost, if its models have known prices. */
  price(usage: Usage): Usage {
    const { priceOf } = this.#options.prices;
    const priced = priceUsage(usage, priceOf);
    if (priced.modelCalls > 0 && priced.costUsd === undefined) {
      for (const model of modelsOf(priced)) if (priceOf(model) === undefined) this.#unpriced.add(model);
    }
    return priced;
  }

  /** The charge for a model call that ended; `'unknown'` if it did not report its usage. */
  amountOfCall(usage: Usage, max: Amount): Amount | 'unknown' {
    if (this.noteUnknown(usage)) return 'unknown';
    const { costUsd, ...counts } = this.price(usage);
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
    const [limit] = this.spendLimits;
    if (limit === undefined || isReportedByCall || this.isDeclared(kind)) return undefined;
    return new RunError(explainUndeclared(limit, kind, who, usage));
  }

  /**
   * Warnings for the end of a run, one sentence each.
   *
   * @param spent what all calls reported.
   */
  warnings(stopReason: string | undefined, spent: Usage): string[] {
    const { charged, uncertain, earlierUncertain } = this.account;
    const [limit] = this.spendLimits;
    const isLimited = this.spendLimits.some(({ name }) => name === stopReason);
    const silent = limit === undefined ? silentModelsWarnings(spent) : [];
    return [
      ...(isLimited && this.#refusal !== undefined ? [this.#refusal] : []),
      ...(this.#unpriced.size === 0 || charged.costUsd === 0 ? [] : [unpricedWarning([...this.#unpriced])]),
      ...this.spendLimits
        .filter(({ unit, max }) => charged[unit] > max)
        .map((crossed) => crossedWarning(crossed, charged)),
      ...silent,
      ...(this.#unknownCalls === 0 || silent.length > 0
        ? []
        : [unknownCallsWarning(this.#unknownCalls, limit)]),
      // Those of earlier sessions only where they ended the run: its result should equal that of an uninterrupted one.
      ...uncertainWarnings(this.spendLimits, isLimited ? plus(uncertain, earlierUncertain) : uncertain),
    ];
  }

  /** The assumed need of an attempt: its declared maximum, or else its expected cost. */
  #needOf(kind: CallKind): Amount {
    const expected = this.account.expected.ofAttempt(kind);
    const { tokens = expected.tokens, costUsd = expected.costUsd } = this.#options.reserve?.[kind] ?? {};
    return { metricCalls: kind === 'rollout' ? 1 : 0, tokens, costUsd };
  }

  #keptForTestset(): Amount {
    const count = (this.#options.keepsTestset?.() ?? true) ? this.testsetCalls : 0;
    const kept = this.account.expected.ofTestset(count, this.#needOf('rollout'));
    return { ...kept, metricCalls: count };
  }

  #refuseTooLarge(kind: CallKind, request: CallRequest, max: Amount): void {
    const limit = this.limitBelow(max);
    if (limit === undefined) return;
    const why = explainTooLarge(limit, kind, request, max);
    // After the first spend there is a result to keep: the call then ends the run like any other that does not fit.
    const { tokens, costUsd } = this.account.charged;
    const hasSpent = tokens > 0 || costUsd > 0;
    if (!hasSpent || !(max[limit.unit] < Number.POSITIVE_INFINITY)) throw new RunError(why);
    this.#refusal = why;
    throw new Interrupted({ reason: limit.name });
  }

  /** A limit is too small for the program if one call may take half of it. */
  #explainNoRoom(name: LimitName, what: string, max: Amount, kept = zero): void {
    const limit = this.spendLimits.find((one) => one.name === name);
    if (limit === undefined || max[limit.unit] <= limit.max / 2) return;
    const { charged, uncertain } = this.account;
    const left = limit.max - charged[limit.unit] - uncertain[limit.unit];
    this.#refusal = explainNoRoom(limit, what, max, { left, kept });
  }

  #noteWait(request: CallRequest, max: Amount): void {
    if (this.#hasNotedWait || request.outputTokens !== undefined) return;
    this.#hasNotedWait = true;
    this.#options.note?.(waitNote(request, max));
  }
}
