import type { Usage } from '../budget/usage.ts';
import type { Candidate, Component } from '../component.ts';
import type { CallMeter } from './call-meter.ts';
import type { Step } from './trace.ts';

/** Where in the run a rollout belongs; goes into the metadata of the user's own tracing. */
export type Phase = 'seed' | 'minibatch' | 'proposal' | 'valset' | 'merge' | 'testset';

/** What the engine tells an adapter about one rollout. */
export interface RunContext {
  /** Aborted when the run ends or the rollout's time is over. */
  readonly signal: AbortSignal;
  /** To be told of model calls as they are made; absent outside of a run. See `Adapter.metersCalls`. */
  readonly meter?: CallMeter | undefined;
  /** The same for all rollouts of one `optimize` call. */
  readonly runId: string;
  /** Counted from 1; 0 is the seed's pass over the valset. */
  readonly iteration: number;
  readonly phase: Phase;
  /** The candidate's number; `undefined` while it is only proposed. */
  readonly candidateIndex: number | undefined;
  /** The example's `id`, or `train:3`, `val:0`, `test:7` by its position. */
  readonly exampleId: string;
}

/** What came of running the program once. */
export interface Execution<Output, Trace = readonly Step[]> {
  readonly output: Output;
  readonly trace?: Trace;
  readonly usage?: Usage;
}

/** A measured rollout: the program's output on one example and the metric's word on it. */
export interface Rollout<Example, Output, Trace = readonly Step[]> {
  readonly example: Example;
  readonly exampleId: string;
  /** Absent when the program threw. */
  readonly output?: Output;
  readonly trace?: Trace;
  readonly score: number;
  readonly feedback?: string;
  readonly objectives?: Readonly<Record<string, number>>;
  readonly componentFeedback?: Readonly<Record<string, string>>;
  /** The message of the error, when the program or the metric threw. */
  readonly error?: string;
  /** Which of them threw. */
  readonly failedIn?: 'program' | 'metric';
}

/** What the reflection model is shown of one rollout: headings and their contents, in order. */
export type ReflectiveRecord = Readonly<Record<string, unknown>>;

/**
 * The seam between the engine and a program. The engine owns concurrency, caching, retries and the budget; an
 * adapter runs the program once and says what happened.
 */
export interface Adapter<Example, Output, Trace = readonly Step[], Name extends string = string> {
  /** What may change. The order of the keys is the order of round robin. */
  readonly components: Readonly<Record<Name, Component>>;
  /**
   * The names of the models the program is known to call, as its usage will report them. Under `maxCostUsd` a run is
   * refused before the start when the price of one is unknown. Leave out those whose usage brings its own `costUsd`.
   */
  readonly models?: readonly string[];
  /**
   * Whether `run` tells `context.meter` of every model call before it is made, so that `maxCostUsd` and `maxTokens` can
   * be kept. Otherwise they need `reserve.rollout`. Default `false`.
   */
  readonly metersCalls?: boolean;
  /**
   * Runs the program with the candidate's texts on one example. Many calls run at once and must not see each
   * other's candidate. Throw what the program throws: transient errors (rate limit, overload, connection, timeout)
   * are retried, any other is the candidate's failure. To keep the trace of a failed run, throw a `RolloutError`.
   */
  run(candidate: Candidate<Name>, example: Example, context: RunContext): Promise<Execution<Output, Trace>>;
  /** What to show the reflection model for one component. Default: made from the neutral trace. */
  reflectiveRecords?(request: {
    readonly candidate: Candidate<Name>;
    readonly component: Name;
    readonly rollouts: readonly Rollout<Example, Output, Trace>[];
  }): readonly ReflectiveRecord[];
  /**
   * What is written down of a rollout in a run directory, as plain data; records are then made from what is read back.
   * Default: output and trace as `JSON.stringify` sees them. An instance that a reader should see otherwise (a chat
   * message, say) is put into plain words here.
   */
  toPlain?(execution: { readonly output?: Output; readonly trace?: Trace }): {
    readonly output?: unknown;
    readonly trace?: unknown;
  };
  /** A proposer of the adapter's own, in place of the reflection model. A component left out stays as it is. */
  propose?(request: ProposeRequest<Name>): Promise<Partial<Record<Name, string>>>;
  /** Called once when the run is over, however it ended. */
  close?(): Promise<void>;
}

/** What a custom proposer is asked. */
export interface ProposeRequest<Name extends string = string> {
  readonly candidate: Candidate<Name>;
  /** The components to rewrite. */
  readonly components: readonly Name[];
  /** For each of them, a record for every rollout of the minibatch. */
  readonly records: Readonly<Record<Name, readonly ReflectiveRecord[]>>;
  readonly signal: AbortSignal;
  /** To be told of model calls, so that what they take counts; absent outside of a run. */
  readonly meter?: CallMeter | undefined;
}
