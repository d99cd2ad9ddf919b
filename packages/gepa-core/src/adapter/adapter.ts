import type { Usage } from '../budget/usage.ts';
import type { Candidate, Component } from '../component.ts';
import type { ScoredCandidate } from '../search/state/search-view.ts';
import type { CallMeter } from './call-meter.ts';
import type { Learned, TriedText } from './experience.ts';
import type { PromptImage } from './prompt-image.ts';
import type { Step } from './trace.ts';

/** What a rollout is made for. Also in the metadata of the user's tracing. */
export type Phase = 'seed' | 'minibatch' | 'proposal' | 'valset' | 'merge' | 'testset';

/** The last argument of `Adapter.run`: what belongs to one rollout. */
export interface RunContext {
  /** Aborted when the run ends, or on `rolloutTimeoutMs`. */
  readonly signal: AbortSignal;
  /** Reports each model call. Undefined outside a run. See `Adapter.metersCalls`. */
  readonly meter?: CallMeter | undefined;
  /** The id of the run, the same for all its rollouts. */
  readonly runId: string;
  /** Counted from 1; 0 while the seed is scored on the valset. */
  readonly iteration: number;
  readonly phase: Phase;
  /** The number of the candidate; `undefined` before it is in the pool. */
  readonly candidateIndex: number | undefined;
  /** The example's `id`, or `train:3`, `val:0`, `test:7` by its position. */
  readonly exampleId: string;
}

/** The outcome of running the program once. */
export interface Execution<Output, Trace = readonly Step[]> {
  readonly output: Output;
  readonly trace?: Trace | undefined;
  readonly usage?: Usage | undefined;
  /**
   * The components whose texts this rollout certainly did not read; leave out what the adapter cannot know. A component
   * that no rollout of the seed candidate reads is left out of the search, with a warning.
   */
  readonly unread?: readonly string[] | undefined;
  /**
   * The images that the calls were given or returned, for a reflection model that reads images: see `RolloutImages`. They
   * are kept in memory only. Default: the images found in the trace.
   */
  readonly images?: readonly PromptImage[] | undefined;
}

/** A scored rollout: the program's output on one example, and the metric's result. */
export interface Rollout<Example, Output, Trace = readonly Step[]> {
  readonly example: Example;
  readonly exampleId: string;
  /** Absent when the program threw. */
  readonly output?: Output | undefined;
  readonly trace?: Trace | undefined;
  readonly score: number;
  /** A second score of the same output, which shows whether the metric is noisy. */
  readonly repeatScore?: number | undefined;
  readonly feedback?: string | undefined;
  readonly objectives?: Readonly<Record<string, number>> | undefined;
  readonly componentFeedback?: Readonly<Record<string, string>> | undefined;
  /** See `Execution.unread`. */
  readonly unread?: readonly string[] | undefined;
  /** See `Execution.images`. Absent where no reflection model reads images, and in rollouts from before a resume. */
  readonly images?: readonly PromptImage[] | undefined;
  /** The message of the error, when the program or the metric threw. */
  readonly error?: string | undefined;
  /** Which of the two threw. */
  readonly failedIn?: 'program' | 'metric' | undefined;
  /** Whether the program failed before a model was called, or in another way that other texts cannot help with. */
  readonly isHopeless?: boolean | undefined;
}

/** One rollout as the reflection model reads it: headings and their contents, in order. */
export type ReflectiveRecord = Readonly<Record<string, unknown>>;

/**
 * Connects the engine to a program. An adapter runs the program once and returns output, trace and usage; the engine does
 * concurrency, caching, retries and the budget.
 */
export interface Adapter<Example, Output, Trace = readonly Step[], Name extends string = string> {
  /** The texts that may change. The order of the keys is the order of round robin. */
  readonly components: Readonly<Record<Name, Component>>;
  /**
   * The names of the models that the program calls, as its usage reports them. With `maxCostUsd`, a run is refused before
   * the start when one of them has no known price. Leave out models whose usage has its own `costUsd`.
   */
  readonly models?: readonly string[] | undefined;
  /**
   * Versions of packages by name: the adapter's own and its framework's. Written to the run directory and to saved files, for
   * people.
   */
  readonly versions?: Readonly<Record<string, string>> | undefined;
  /**
   * A text that changes whenever the program changes, components and models excepted: its source, for example. When it has
   * changed, a resumed run warns and scores the seed again. Default: the source of `run`.
   */
  readonly source?: string | undefined;
  /**
   * Whether `run` calls `context.meter.begin()` before every model call. Otherwise `maxCostUsd` and `maxTokens` require
   * `reserve.rollout`. Default `false`.
   */
  readonly metersCalls?: boolean | undefined;
  /**
   * The API keys, tokens and passwords that the program uses; `secretsIn` finds them. Used for masking only, never
   * stored: they are replaced in the run directory, in events and warnings, and in what a reflection model or proposer
   * receives.
   */
  readonly secrets?: readonly string[] | undefined;
  /** Warnings about the program, such as a text that depends on the request. Part of the result of every run. */
  readonly warnings?: readonly string[] | undefined;
  /**
   * Runs the program with a candidate on one example. Many calls run concurrently, each with its own candidate.
   * Throw what the program throws: transient errors (rate limit, overload, connection, timeout) are retried, any other
   * scores `failureScore`. To keep the trace of a failed run, throw a `RolloutError`.
   */
  run(candidate: Candidate<Name>, example: Example, context: RunContext): Promise<Execution<Output, Trace>>;
  /** The records of rollouts for one component. Default: made from the neutral trace. */
  reflectiveRecords?(request: {
    readonly candidate: Candidate<Name>;
    readonly component: Name;
    readonly rollouts: readonly Rollout<Example, Output, Trace>[];
  }): readonly ReflectiveRecord[];
  /**
   * The output and trace of a rollout as plain data, for the run directory and for records; for records also the `input`
   * of the example. Default: as `JSON.stringify` writes them. Convert here what should read differently, such as chat
   * messages. Fields that the result leaves out stay as they are.
   */
  toPlain?(execution: { readonly output?: Output; readonly trace?: Trace; readonly input?: unknown }): {
    readonly output?: unknown;
    readonly trace?: unknown;
    readonly input?: unknown;
  };
  /**
   * The adapter's own proposer, instead of the reflection model. A component that it leaves out is unchanged. Components
   * have the names that the user's option `rename` gives them, as in `reflectiveRecords`.
   */
  propose?(request: ProposeRequest<Name>): Promise<Partial<Record<Name, string>>>;
  /** Called once at the end of a run, however it ended. */
  close?(): Promise<void>;
}

/** The request to a custom proposer. */
export interface ProposeRequest<Name extends string = string> {
  /** The texts of the parent. */
  readonly candidate: Candidate<Name>;
  /** The parent with its scores on the valset. */
  readonly parent: ScoredCandidate<Name>;
  /** The components to rewrite. */
  readonly components: readonly Name[];
  /** Those components, with their kinds and variables. */
  readonly definitions: Readonly<Record<Name, Component>>;
  /** By component: one record for every rollout of the minibatch. */
  readonly records: Readonly<Record<Name, readonly ReflectiveRecord[]>>;
  /** By component: the newest texts that were tried for the parent, then those for its ancestors; each in order, at most 60. */
  readonly history: Readonly<Record<Name, readonly TriedText[]>>;
  /** By component: what the feedback of the whole run has revealed. */
  readonly learned: Readonly<Record<Name, Learned>>;
  /** With `useMerge`: another candidate, whose strengths the new texts should add, and its scores by place in the minibatch. */
  readonly other?:
    | { readonly candidate: ScoredCandidate<Name>; readonly scores: readonly number[] }
    | undefined;
  readonly signal: AbortSignal;
  /** Reports each model call, so that its usage counts. Undefined outside a run. */
  readonly meter?: CallMeter | undefined;
}
