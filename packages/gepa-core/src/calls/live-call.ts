import { isZero } from '../budget/amount.ts';
import type { CallKind } from '../budget/max-of-call.ts';
import type { Reservation } from '../budget/reservation.ts';
import type { SpendPhase } from '../budget/spend.ts';
import { addUsage, noUsage, soundUsage, type Usage } from '../budget/usage.ts';
import { RolloutError, RunError } from '../errors.ts';
import { Interrupted } from '../interruption.ts';
import type { CallCost } from '../journal/journal.ts';
import { messageOf } from '../text/error-message.ts';
import { type Attempted, AttemptMeter } from './attempt-meter.ts';
import type { AttemptContext, AttemptStep, Call, CallEnvironment } from './call.ts';
import { isUnbilled, retryAfterMs } from './classify-error.ts';
import { FailingStep } from './failing-step.ts';
import { afterFailure, classify, sleep } from './retry.ts';

/** A call in progress: its attempts and their cost. */
export class LiveCall {
  /** A usage that lacks what a limit needs: ends the run once the outcome is written. */
  problem: RunError | undefined;
  readonly calls: CallEnvironment;
  readonly kind: CallKind;
  readonly reservation: Reservation;
  readonly #phase: SpendPhase;
  #usage = noUsage;
  #judgeUsage = noUsage;
  #retries = 0;

  constructor(
    calls: CallEnvironment,
    { kind, phase }: Pick<Call<never>, 'kind' | 'phase'>,
    reservation: Reservation,
  ) {
    this.calls = calls;
    this.kind = kind;
    this.reservation = reservation;
    this.#phase = phase;
  }

  get usage(): Usage {
    return addUsage(this.#usage, this.#judgeUsage);
  }

  get isUncertain(): boolean {
    return !isZero(this.reservation.uncertain);
  }

  /** Ends the call: what it took is charged and part of the spend. */
  settle(outcome: 'scored' | 'known' | 'unknown'): void {
    const isScored = outcome === 'scored';
    if (isScored) this.reservation.settleScored();
    else this.reservation.endAttempt(outcome);
    this.calls.spend.add({
      phase: this.#phase,
      isScored,
      usage: this.#usage,
      judgeUsage: this.#judgeUsage,
      retries: this.#retries,
    });
  }

  /** The cost, for the journal entry. */
  get cost(): CallCost {
    const { uncertain, number } = this.reservation;
    const { tokens, costUsd } = uncertain;
    return {
      reservation: this.calls.budget.limitsSpend ? number : undefined,
      uncertain: isZero(uncertain) ? undefined : { tokens, costUsd },
      usage: this.#usage === noUsage ? undefined : this.#usage,
      judgeUsage: this.#judgeUsage === noUsage ? undefined : this.#judgeUsage,
      retries: this.#retries || undefined,
    };
  }

  /** Repeats an attempt while its failures are transient. */
  async attempt<T>(step: AttemptStep<T>, work: (context: AttemptContext) => Promise<T> | T): Promise<T> {
    const { outage, signal, budget, retry } = this.calls;
    const failing = new FailingStep(step.name, outage, retry);
    for (let number = 1; ; number++) {
      for (let ms = outage.waitFor(step.name); ms > 0; ms = outage.waitFor(step.name))
        await sleep(ms, signal);
      try {
        const result = await this.#attemptOnce(step, work, failing, number);
        outage.noteAnswer(step.name);
        outage.answered();
        // Do not run the metric: it could cost more, and the run ends anyway.
        if (this.problem !== undefined && this.kind === 'rollout') throw this.problem;
        return result;
      } catch (error) {
        failing.failed();
        await sleep(this.#delayOrThrow(step, failing, error, number), signal);
      }
      try {
        await budget.renew(this.reservation);
      } catch (refusal) {
        outage.stopWaiting();
        throw refusal;
      }
    }
  }

  async #attemptOnce<T>(
    step: AttemptStep<T>,
    work: (context: AttemptContext) => Promise<T> | T,
    failing: FailingStep,
    number: number,
  ): Promise<T> {
    const { timeouts } = this.calls;
    const attempt = timeouts.start(step.name, step.limitsTime);
    const meter = new AttemptMeter(this, failing, attempt, number);
    let reported: Usage | undefined;
    let returned: Attempted | undefined;
    try {
      const result = await attempt.run(() => work({ signal: attempt.signal, meter }));
      reported = step.usageOf(result);
      if (this.kind === 'rollout') returned = step.by === 'judge' ? 'metric' : 'program';
      return result;
    } catch (error) {
      reported = RolloutError.isInstance(error) ? error.usage : undefined;
      throw error;
    } finally {
      timeouts.stop(attempt);
      const usage = meter.close(returned);
      if (usage !== undefined) await this.#count(step, usage, true);
      else if (reported !== undefined) await this.#count(step, reported, false);
      meter.throwIfRefused();
    }
  }

  async #count(
    { by }: Pick<AttemptStep<never>, 'by'>,
    usage: Usage,
    isReportedByCall: boolean,
  ): Promise<void> {
    const { budget } = this.calls;
    const sound = soundUsage(usage);
    await budget.loadPrices(sound);
    const priced = budget.price(sound);
    if (!isReportedByCall) {
      // Functions may ask models without a report, which matters under a limit only.
      if (budget.limitsSpend && budget.noteUnknown(sound)) this.reservation.chargeMaximum();
      else this.reservation.charge(priced);
    }
    if (by === 'judge') this.#judgeUsage = addUsage(this.#judgeUsage, priced);
    else this.#usage = addUsage(this.#usage, priced);
    this.problem ??= budget.problemOf(this.kind, by ?? 'program', priced, isReportedByCall);
  }

  /** Milliseconds before the next attempt. @throws the error when there is none. */
  #delayOrThrow(
    { by }: Pick<AttemptStep<never>, 'by'>,
    step: FailingStep,
    error: unknown,
    attempt: number,
  ): number {
    const { outage, signal, retry, dispatch } = this.calls;
    if (signal.aborted) throw error;
    if (this.problem !== undefined || error instanceof Interrupted || RunError.isInstance(error)) {
      // No answer will follow, so no other call should wait for one.
      outage.stopWaiting();
      throw this.problem ?? error;
    }
    const kind = classify(error, retry);
    if (kind === 'transient') outage.failed();
    if (kind === 'program') outage.noteAnswer(step.name);
    // The provider answered some of the attempt's model calls.
    if (RolloutError.isInstance(error) && (error.usage?.outputTokens ?? 0) > 0) outage.noteAnswer(step.name);
    const { unansweredMs, hasAnswered } = step;
    const next =
      kind === 'transient'
        ? afterFailure({ attempt, error, unansweredMs, hasAnswered }, retry)
        : 'unavailable';
    if (typeof next === 'string') {
      const named = by === 'judge' && kind !== 'program' ? judgeError(error) : error;
      outage.gaveUp(next === 'outage' ? 'refused' : kind, named);
      throw named;
    }
    // All reflections ask one model. Rollouts may ask several.
    if (this.kind === 'reflection') outage.pause(step.name, Math.min(retryAfterMs(error) ?? 0, next));
    this.#retries++;
    this.reservation.endAttempt(isUnbilled(error) ? 'known' : 'unknown');
    dispatch({ type: 'retried', what: this.kind, attempt, message: messageOf(error) });
    return next;
  }
}

/** Says which of a rollout's models failed. */
const judgeError = (error: unknown) =>
  new Error(`the metric could not ask its model: ${messageOf(error)}`, { cause: error });
