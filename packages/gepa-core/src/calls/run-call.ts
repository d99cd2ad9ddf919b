import type { CallMeter } from '../adapter/call-meter.ts';
import { isZero } from '../budget/amount.ts';
import type { Budget } from '../budget/budget.ts';
import type { CallKind } from '../budget/max-of-call.ts';
import { Reservation } from '../budget/reservation.ts';
import type { SpendPhase, SpendReport } from '../budget/spend.ts';
import { addUsage, noUsage, soundUsage, type Usage } from '../budget/usage.ts';
import { RolloutError, RolloutTimeoutError, RunError } from '../errors.ts';
import type { ProgressEvent } from '../events.ts';
import type { CallCost, CallEntry, Journal, JournalPosition, KnownEntry } from '../journal/journal.ts';
import { AttemptMeter } from './attempt-meter.ts';
import { isUnbilled, messageOf } from './classify-error.ts';
import { Interrupted, type Interruption } from './interruption.ts';
import type { Outage } from './outage.ts';
import { classify, delayMs, type RetryOptions, sleep } from './retry.ts';
import type { Semaphore } from './semaphore.ts';
import { withTimeout } from './timeout.ts';

/** What all calls of a run share. */
export interface CallEnvironment {
  /** Aborted when the run ends. */
  readonly signal: AbortSignal;
  readonly budget: Budget;
  readonly spend: SpendReport;
  readonly outage: Outage;
  /** Absent without a `runDir`. */
  readonly journal: Journal | undefined;
  readonly retry: RetryOptions;
  /** For one attempt. */
  readonly timeoutMs: number;
  readonly dispatch: (event: ProgressEvent) => void;
  /** Set once the run cannot go on: no new call starts. */
  failure?: RunError;
}

/** A call to make: a rollout (the program and its metric), or one question to the reflection model. */
export interface Call<Value> {
  readonly kind: CallKind;
  readonly phase: SpendPhase;
  readonly iteration: number;
  /** Identifies the call in the journal. */
  readonly key: string;
  /** Limits how many run at once. */
  readonly semaphore?: Semaphore;
  /** A reason not to start after all, asked when it is its turn. */
  readonly skip?: () => Interruption | undefined;
  /** Makes the call. Whatever it pays for goes through `attempt`. */
  perform(attempt: RunAttempt): Promise<Value>;
  /** The value of a call that an earlier session made. */
  replayed(entry: KnownEntry): Value;
  /** The journal entry of a value, without its cost. */
  entryOf(value: Value, durationMs: number): CallEntry;
}

/** One step of a call that may take several attempts. */
export interface AttemptStep<T> {
  /** For the message of its timeout. */
  readonly name: string;
  /** `judge`: the step is the metric of a rollout. */
  readonly by?: 'judge';
  /** The usage that the result reports. */
  readonly usageOf: (result: T) => Usage | undefined;
}

/** What an attempt may use. */
export interface AttemptContext {
  readonly signal: AbortSignal;
  readonly meter: CallMeter;
}

export type RunAttempt = <T>(
  step: AttemptStep<T>,
  work: (context: AttemptContext) => Promise<T> | T,
) => Promise<T>;

/** A call that has a value. */
export interface CallOutcome<Value> {
  readonly value: Value;
  /** Program or model, and judge. */
  readonly usage: Usage;
  /** Of the run so far. */
  readonly metricCalls: number;
  readonly durationMs: number;
  readonly position: JournalPosition | undefined;
  readonly isReplayed: boolean;
}

/**
 * The only way to make a paid call: wait for a slot, reserve budget, attempt (with timeout and retries), settle the
 * reservation, write the journal entry, dispatch the event.
 *
 * @throws {RunError} when the run cannot go on.
 */
export async function runCall<Value>(
  run: CallEnvironment,
  call: Call<Value>,
): Promise<CallOutcome<Value> | { readonly interruption: Interruption }> {
  const earlier = run.journal?.replay(call.key);
  if (earlier !== undefined) return replayedOutcome(run, call, earlier.entry, earlier.position);

  if (call.semaphore !== undefined) await call.semaphore.acquire();
  try {
    const reservation = await reserve(run, call);
    return reservation instanceof Reservation ? await liveOutcome(run, call, reservation) : reservation;
  } finally {
    call.semaphore?.release();
  }
}

function replayedOutcome<Value>(
  run: CallEnvironment,
  call: Call<Value>,
  entry: KnownEntry,
  position: JournalPosition,
): CallOutcome<Value> | { readonly interruption: Interruption } {
  const usage = addUsage(entry.usage ?? noUsage, entry.judgeUsage ?? noUsage);
  dispatchSettled(run, call, usage, true);
  if (entry.type === 'unavailable') {
    return { interruption: { reason: 'unavailable', error: new Error(entry.message) } };
  }
  const { durationMs } = entry;
  const { metricCalls } = run.spend;
  return { value: call.replayed(entry), usage, metricCalls, durationMs, position, isReplayed: true };
}

/** Waits until no outage is suspected and the budget has room. */
async function reserve<Value>(
  run: CallEnvironment,
  { kind, skip }: Call<Value>,
): Promise<Reservation | { readonly interruption: Interruption }> {
  const { signal, outage, budget } = run;
  for (;;) {
    if (outage.isSuspected) await outage.passed();
    if (signal.aborted || run.failure !== undefined) return { interruption: { reason: 'aborted' } };
    if (outage.final !== undefined) {
      return { interruption: { reason: 'providerUnavailable', error: outage.final.error } };
    }
    const interruption = skip?.();
    if (interruption !== undefined) return { interruption };
    const answer = budget.tryReserve(kind);
    if (typeof answer === 'string') return { interruption: { reason: answer } };
    if (answer instanceof Reservation) return answer;
    await answer;
  }
}

async function liveOutcome<Value>(
  run: CallEnvironment,
  call: Call<Value>,
  reservation: Reservation,
): Promise<CallOutcome<Value> | { readonly interruption: Interruption }> {
  const { budget, spend, journal } = run;
  const live = new LiveCall(run, call, reservation);
  const isScored = call.kind === 'rollout';
  const startedAt = performance.now();
  if (budget.limitsSpend) await budget.recordReservation(reservation);
  let value: Value;
  try {
    value = await call.perform((step, work) => live.attempt(step, work));
  } catch (error) {
    const isKnown = error instanceof Interrupted || RunError.isInstance(error) || isUnbilled(error);
    reservation.endAttempt(isKnown ? 'known' : 'unknown');
    spend.add({ phase: call.phase, isScored: false, ...live.spent });
    journalFailure(run, call, live, error);
    dispatchSettled(run, call, live.usage, false);
    return { interruption: interruptionOf(run, error) };
  }
  if (isScored) reservation.settleScored();
  else reservation.endAttempt('known');
  spend.add({ phase: call.phase, isScored, ...live.spent });
  const { metricCalls } = spend;
  const durationMs = performance.now() - startedAt;
  const position =
    journal && (await journal.add({ ...call.entryOf(value, Math.round(durationMs)), ...live.cost }));
  dispatchSettled(run, call, live.usage, false);
  // Thrown only now: the value was paid for, and a resumed run has it.
  if (live.problem !== undefined) fail(run, live.problem);
  return { value, usage: live.usage, metricCalls, durationMs, position, isReplayed: false };
}

/** A call in progress: its attempts, and what they took. */
class LiveCall {
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

  get spent() {
    return { usage: this.#usage, judgeUsage: this.#judgeUsage, retries: this.#retries };
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
    const { outage, signal, retry, budget } = this.#run;
    for (let number = 1; ; number++) {
      try {
        const result = await this.#attemptOnce(step, work);
        outage.answered();
        // The metric of a rollout could cost more, and the run ends anyway.
        if (this.problem !== undefined && this.#call.kind === 'rollout') throw this.problem;
        return result;
      } catch (error) {
        this.#throwUnlessTransient(error, number);
        await sleep(delayMs(number, error, retry), signal);
      }
      try {
        await budget.renew(this.#reservation);
      } catch (refusal) {
        outage.stopWaiting();
        throw refusal;
      }
    }
  }

  async #attemptOnce<T>(step: AttemptStep<T>, work: (context: AttemptContext) => Promise<T> | T): Promise<T> {
    const { signal: runSignal, timeoutMs, budget } = this.#run;
    const timeoutError = () => new RolloutTimeoutError(`${step.name} did not end within ${timeoutMs} ms.`);
    let meter: AttemptMeter | undefined;
    let reported: Usage | undefined;
    try {
      const result = await withTimeout({ runSignal, timeoutMs, timeoutError }, ({ signal, abort }) => {
        meter = new AttemptMeter(budget, this.#reservation, abort);
        return work({ signal, meter });
      });
      reported = step.usageOf(result);
      return result;
    } catch (error) {
      reported = RolloutError.isInstance(error) ? error.usage : undefined;
      throw error;
    } finally {
      await this.#settleAttempt(step, meter, reported);
    }
  }

  /** @throws why one of its model calls was refused: whatever the program made of that does not count. */
  async #settleAttempt(
    { by }: Pick<AttemptStep<never>, 'by'>,
    meter: AttemptMeter | undefined,
    reported: Usage | undefined,
  ): Promise<void> {
    const { budget } = this.#run;
    const report = meter?.close();
    const usage = report?.usage ?? reported;
    if (usage !== undefined) {
      const isReportedByCall = report?.usage !== undefined;
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
    if (report?.refusal !== undefined) throw report.refusal;
  }

  #throwUnlessTransient(error: unknown, attempt: number): void {
    const { outage, signal, retry, dispatch } = this.#run;
    if (signal.aborted) throw error;
    if (this.problem !== undefined || error instanceof Interrupted || RunError.isInstance(error)) {
      // No answer will follow, so no other call should wait for one.
      outage.stopWaiting();
      throw this.problem ?? error;
    }
    const kind = classify(error, retry);
    if (kind === 'transient') outage.failed();
    if (kind !== 'transient' || attempt > (retry.retries ?? 8)) {
      outage.gaveUp(kind, error);
      throw error;
    }
    this.#retries++;
    this.#reservation.endAttempt(isUnbilled(error) ? 'known' : 'unknown');
    dispatch({ type: 'retried', what: this.#call.kind, attempt, message: messageOf(error) });
  }
}

function interruptionOf(run: CallEnvironment, error: unknown): Interruption {
  const { signal, outage } = run;
  if (RunError.isInstance(error)) fail(run, error);
  if (error instanceof Interrupted) return error.interruption;
  if (signal.aborted) return { reason: 'aborted' };
  if (outage.final !== undefined) return { reason: 'providerUnavailable', error };
  return { reason: 'unavailable', error };
}

function fail(run: CallEnvironment, error: RunError): never {
  run.failure ??= error;
  throw error;
}

/** A failure after which the run goes on decides its course, and one that cost something is part of the spend. */
function journalFailure<Value>(
  { journal, signal, outage }: CallEnvironment,
  { iteration, phase, key }: Call<Value>,
  { cost }: LiveCall,
  error: unknown,
): void {
  const endsRun =
    signal.aborted ||
    outage.final !== undefined ||
    error instanceof Interrupted ||
    RunError.isInstance(error);
  const { usage, judgeUsage, uncertain, reservation } = cost;
  const isFree = usage === undefined && judgeUsage === undefined && uncertain === undefined;
  if (!endsRun || !isFree) {
    void journal?.add({ type: 'unavailable', iteration, phase, key, message: messageOf(error), ...cost });
  } else if (reservation !== undefined) {
    void journal?.mark({ type: 'reserved', reservation, tokens: 0, costUsd: 0 });
  }
}

function dispatchSettled<Value>(
  { dispatch, spend }: CallEnvironment,
  { kind, phase, iteration }: Call<Value>,
  usage: Usage,
  replayed: boolean,
): void {
  const { metricCalls, usage: total } = spend;
  dispatch({ type: 'call_settled', what: kind, phase, iteration, usage, replayed, metricCalls, total });
}
