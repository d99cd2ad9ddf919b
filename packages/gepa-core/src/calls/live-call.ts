import { isZero } from '../budget/amount.ts';
import type { Reservation } from '../budget/reservation.ts';
import { addUsage, noUsage, soundUsage, type Usage } from '../budget/usage.ts';
import { RolloutError, RunError } from '../errors.ts';
import type { CallCost } from '../journal/journal.ts';
import { AttemptMeter } from './attempt-meter.ts';
import type { AttemptContext, AttemptStep, Call, CallEnvironment } from './call.ts';
import { isUnbilled, isUnreached, messageOf, retryAfterMs } from './classify-error.ts';
import { ClientRetries, type Failing } from './client-retries.ts';
import { Interrupted } from './interruption.ts';
import { afterFailure, classify, giveUpAfterMs, sleep } from './retry.ts';

/** A call in progress: its attempts, and what they took. */
export class LiveCall {
  /** A usage that lacks what a limit needs: ends the run once the outcome is written. */
  problem: RunError | undefined;
  readonly #run: CallEnvironment;
  readonly #call: Pick<Call<never>, 'kind' | 'phase'>;
  readonly #reservation: Reservation;
  #usage = noUsage;
  #judgeUsage = noUsage;
  #retries = 0;

  constructor(run: CallEnvironment, call: Pick<Call<never>, 'kind' | 'phase'>, reservation: Reservation) {
    this.#run = run;
    this.#call = call;
    this.#reservation = reservation;
  }

  get usage(): Usage {
    return addUsage(this.#usage, this.#judgeUsage);
  }

  /** Ends the call: what it took is charged and part of the spend. */
  settle(outcome: 'scored' | 'known' | 'unknown'): void {
    const isScored = outcome === 'scored';
    if (isScored) this.#reservation.settleScored();
    else this.#reservation.endAttempt(outcome);
    this.#run.spend.add({
      phase: this.#call.phase,
      isScored,
      usage: this.#usage,
      judgeUsage: this.#judgeUsage,
      retries: this.#retries,
    });
  }

  /** For its journal entry. */
  get cost(): CallCost {
    const { uncertain, number } = this.#reservation;
    const { tokens, costUsd } = uncertain;
    return {
      reservation: this.#run.budget.limitsSpend ? number : undefined,
      uncertain: isZero(uncertain) ? undefined : { tokens, costUsd },
      usage: this.#usage === noUsage ? undefined : this.#usage,
      judgeUsage: this.#judgeUsage === noUsage ? undefined : this.#judgeUsage,
      retries: this.#retries || undefined,
    };
  }

  /** Repeats an attempt while its failures are transient. */
  async attempt<T>(step: AttemptStep<T>, work: (context: AttemptContext) => Promise<T> | T): Promise<T> {
    const { outage, signal, budget } = this.#run;
    const failing: Failing = {};
    for (let number = 1; ; number++) {
      for (let ms = outage.waitFor(step.name); ms > 0; ms = outage.waitFor(step.name))
        await sleep(ms, signal);
      try {
        const result = await this.#attemptOnce(step, work, failing, number);
        outage.noteAnswer(step.name);
        outage.answered();
        // The metric of a rollout could cost more, and the run ends anyway.
        if (this.problem !== undefined && this.#call.kind === 'rollout') throw this.problem;
        return result;
      } catch (error) {
        failing.since ??= performance.now();
        await sleep(this.#delayOrThrow(step.name, error, number, failing), signal);
      }
      try {
        await budget.renew(this.#reservation);
      } catch (refusal) {
        outage.stopWaiting();
        throw refusal;
      }
    }
  }

  async #attemptOnce<T>(
    step: AttemptStep<T>,
    work: (context: AttemptContext) => Promise<T> | T,
    failing: Failing,
    number: number,
  ): Promise<T> {
    const { timeouts, budget, outage, retry, dispatch } = this.#run;
    const attempt = timeouts.start(step.name, step.limitsTime);
    const retries = new ClientRetries({
      retry,
      failing,
      hasAnswered: () => outage.hasAnswered(step.name),
      onRetry: (error) =>
        dispatch({ type: 'retried', what: this.#call.kind, attempt: number, message: messageOf(error) }),
      remainingMs: () => giveUpAfterMs(retry) - this.#unansweredMs(step.name, failing),
      giveUp: (error) => {
        if (isUnreached(error)) meter.endUnreached();
        attempt.abort(error);
      },
    });
    const meter = new AttemptMeter(budget, this.#reservation, {
      retries,
      answer: ({ outputTokens }) => {
        if (outputTokens > 0) outage.noteAnswer(step.name);
        retries.answered(outputTokens);
      },
      refusal: (reason) => attempt.abort(reason),
    });
    let reported: Usage | undefined;
    try {
      const result = await attempt.run(() => work({ signal: attempt.signal, meter }));
      reported = step.usageOf(result);
      return result;
    } catch (error) {
      reported = RolloutError.isInstance(error) ? error.usage : undefined;
      throw error;
    } finally {
      timeouts.stop(attempt);
      retries.close();
      const usage = meter.close();
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
    const { budget } = this.#run;
    const sound = soundUsage(usage);
    const priced = await budget.price(sound);
    if (!isReportedByCall) {
      if (budget.noteUnknown(sound)) this.#reservation.chargeMaximum();
      else this.#reservation.charge(priced);
    }
    if (by === 'judge') this.#judgeUsage = addUsage(this.#judgeUsage, priced);
    else this.#usage = addUsage(this.#usage, priced);
    this.problem ??= budget.problemOf(this.#call.kind, by ?? 'program', priced, isReportedByCall);
  }

  /** Milliseconds before the next attempt. @throws the error when there is none. */
  #delayOrThrow(step: string, error: unknown, attempt: number, failing: Failing): number {
    const { outage, signal, retry, dispatch } = this.#run;
    if (signal.aborted) throw error;
    if (this.problem !== undefined || error instanceof Interrupted || RunError.isInstance(error)) {
      // No answer will follow, so no other call should wait for one.
      outage.stopWaiting();
      throw this.problem ?? error;
    }
    const kind = classify(error, retry);
    if (kind === 'transient') outage.failed();
    if (kind === 'program') outage.noteAnswer(step);
    // The provider answered some of the attempt's model calls.
    if (RolloutError.isInstance(error) && (error.usage?.outputTokens ?? 0) > 0) outage.noteAnswer(step);
    const hasAnswered = outage.hasAnswered(step);
    const unansweredMs = this.#unansweredMs(step, failing);
    const next =
      kind === 'transient'
        ? afterFailure({ attempt, error, unansweredMs, hasAnswered }, retry)
        : 'unavailable';
    if (typeof next === 'string') {
      outage.gaveUp(next === 'outage' ? 'refused' : kind, error);
      throw error;
    }
    // All reflections ask one model. Rollouts may ask several.
    if (this.#call.kind === 'reflection') outage.pause(step, Math.min(retryAfterMs(error) ?? 0, next));
    this.#retries++;
    this.#reservation.endAttempt(isUnbilled(error) ? 'known' : 'unknown');
    dispatch({ type: 'retried', what: this.#call.kind, attempt, message: messageOf(error) });
    return next;
  }

  #unansweredMs(step: string, { since = performance.now() }: Failing): number {
    return performance.now() - Math.max(since, this.#run.outage.answeredAt(step));
  }
}
