import type { CallMeter } from '../adapter/call-meter.ts';
import type { Budget } from '../budget/budget.ts';
import type { CallKind } from '../budget/max-of-call.ts';
import type { SpendPhase, SpendReport } from '../budget/spend.ts';
import type { Stopwatch } from '../budget/stopwatch.ts';
import type { Usage } from '../budget/usage.ts';
import type { RunError } from '../errors.ts';
import type { ProgressEvent } from '../events.ts';
import type { Interruption } from '../interruption.ts';
import type { CallEntry, Journal, KnownEntry } from '../journal/journal.ts';
import type { Outage } from './outage.ts';
import type { RetryOptions } from './retry.ts';
import type { Semaphore } from './semaphore.ts';
import type { AttemptTimeouts } from './timeout.ts';

/** What all calls of a run share. */
export interface CallEnvironment {
  /** Aborted when the run ends. */
  readonly signal: AbortSignal;
  readonly budget: Budget;
  readonly spend: SpendReport;
  readonly stopwatch: Stopwatch;
  readonly outage: Outage;
  /** Absent without a `runDir`. */
  readonly journal: Journal | undefined;
  readonly retry: RetryOptions;
  readonly timeouts: AttemptTimeouts;
  readonly dispatch: (event: ProgressEvent) => void;
  /** Warns once per message; the result contains the warning. */
  readonly warn: (message: string) => void;
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
  /** A reason not to start the call, asked for when it is its turn. */
  readonly skip?: () => Interruption | undefined;
  /** Makes the call. Whatever it pays for goes through `attempt`. */
  perform(attempt: RunAttempt): Promise<Value>;
  /** The value of a call that an earlier session made. */
  replayed(entry: KnownEntry): Value;
  /** The journal entry of a value, without its cost. */
  entryOf(value: Value, durationMs: number): CallEntry;
  /** Called when the outcome is in the journal, or when there is no journal. */
  end?(): void;
}

/** One step of a call that may take several attempts. */
export interface AttemptStep<T> {
  /** For the message of its timeout. */
  readonly name: string;
  /** `judge`: the step is the metric of a rollout. */
  readonly by?: 'judge';
  /** Whether the work limits its own time, because it may have to wait before it starts. Default `false`. */
  readonly limitsTime?: boolean;
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
