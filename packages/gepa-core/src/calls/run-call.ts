import { Reservation } from '../budget/reservation.ts';
import { addUsage, noUsage, type Usage } from '../budget/usage.ts';
import { RunError } from '../errors.ts';
import { Interrupted, type Interruption } from '../interruption.ts';
import type { JournalPosition, KnownEntry } from '../journal/journal.ts';
import { messageOf } from '../text/error-message.ts';
import type { Call, CallEnvironment } from './call.ts';
import { isUnbilled } from './classify-error.ts';
import { LiveCall } from './live-call.ts';

/** A call that has a value. */
export interface CallOutcome<Value> {
  readonly value: Value;
  /** Program or model, and judge. */
  readonly usage: Usage;
  /** The metric calls of the run so far. */
  readonly metricCalls: number;
  readonly durationMs: number;
  readonly position: JournalPosition | undefined;
  readonly isReplayed: boolean;
  /** Whether model calls may have been billed without an answer: under a limit, their maxima stay reserved. */
  readonly isUncertain: boolean;
}

/**
 * The only way to make a paid call: wait for the semaphore, reserve budget, attempt (with timeout and retries), settle the
 * reservation, write the journal entry, dispatch the event.
 *
 * @throws {RunError} when the run cannot go on.
 */
export async function runCall<Value>(
  calls: CallEnvironment,
  call: Call<Value>,
): Promise<CallOutcome<Value> | { readonly interruption: Interruption }> {
  const earlier = calls.journal?.replay(call.key);
  if (earlier !== undefined) return replayedOutcome(calls, call, earlier.entry, earlier.position);

  await call.semaphore?.acquire();
  try {
    const reservation = await reserve(calls, call);
    if (!(reservation instanceof Reservation)) return reservation;

    const live = new LiveCall(calls, call, reservation);
    const startedAt = performance.now();
    let value: Value;
    try {
      value = await call.perform((step, work) => live.attempt(step, work));
    } catch (error) {
      live.settle(isKnownOutcome(error) ? 'known' : 'unknown');
      if (journalFailure(calls, call, live, error)) call.end?.();
      dispatchSettled(calls, call, live.usage, false);
      return { interruption: interruptionOf(calls, error) };
    }
    live.settle(call.kind === 'rollout' ? 'scored' : 'known');
    const { metricCalls } = calls.spend;
    const durationMs = performance.now() - startedAt;
    const position = await calls.journal?.add({
      ...call.entryOf(value, Math.round(durationMs)),
      ...live.cost,
    });
    if (calls.journal === undefined || position !== undefined) call.end?.();
    dispatchSettled(calls, call, live.usage, false);
    // Thrown only now: the value was paid for, and a resumed run has it.
    if (live.problem !== undefined) fail(calls, live.problem);
    return {
      value,
      usage: live.usage,
      metricCalls,
      durationMs,
      position,
      isReplayed: false,
      isUncertain: live.isUncertain,
    };
  } finally {
    call.semaphore?.release();
  }
}

function replayedOutcome<Value>(
  calls: CallEnvironment,
  call: Call<Value>,
  entry: KnownEntry,
  position: JournalPosition,
): CallOutcome<Value> | { readonly interruption: Interruption } {
  const usage = addUsage(entry.usage ?? noUsage, entry.judgeUsage ?? noUsage);
  dispatchSettled(calls, call, usage, true);
  if (entry.type === 'unavailable') {
    return { interruption: { reason: 'unavailable', error: new Error(entry.message) } };
  }
  const { durationMs } = entry;
  const { metricCalls } = calls.spend;
  return {
    value: call.replayed(entry),
    usage,
    metricCalls,
    durationMs,
    position,
    isReplayed: true,
    isUncertain: false,
  };
}

/** Waits until no outage is suspected and the budget has room. */
async function reserve<Value>(
  calls: CallEnvironment,
  call: Call<Value>,
): Promise<Reservation | { readonly interruption: Interruption }> {
  const { signal, outage, budget } = calls;
  for (;;) {
    if (outage.isSuspected) await outage.passed();
    if (signal.aborted || calls.failure !== undefined) return { interruption: { reason: 'aborted' } };
    if (outage.final !== undefined) {
      return { interruption: { reason: 'providerUnavailable', error: outage.final.error } };
    }
    const interruption = call.skip?.();
    if (interruption !== undefined) return { interruption };
    const answer = await budget.reserve(call.kind);
    if (typeof answer === 'string') return { interruption: { reason: answer } };
    if (answer !== undefined) return answer;
  }
}

/** Whether a failed attempt took no more than it reported. */
const isKnownOutcome = (error: unknown) =>
  error instanceof Interrupted || RunError.isInstance(error) || isUnbilled(error);

function interruptionOf(calls: CallEnvironment, error: unknown): Interruption {
  const { signal, outage } = calls;
  if (RunError.isInstance(error)) fail(calls, error);
  if (error instanceof Interrupted) return error.interruption;
  if (signal.aborted) return { reason: 'aborted' };
  if (outage.final !== undefined) return { reason: 'providerUnavailable', error };
  return { reason: 'unavailable', error };
}

function fail(calls: CallEnvironment, error: RunError): never {
  calls.failure ??= error;
  throw error;
}

/**
 * Writes a failed call to the journal if the run continues after it, which decides the further search, or if it cost
 * something.
 *
 * @returns whether a resumed run repeats the failure.
 */
function journalFailure<Value>(
  { journal, signal, outage }: CallEnvironment,
  { iteration, phase, key }: Call<Value>,
  { cost }: LiveCall,
  error: unknown,
): boolean {
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
  return !endsRun;
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
