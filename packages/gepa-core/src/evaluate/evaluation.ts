import type { Usage } from '../budget/usage.ts';
import type { Candidate } from '../component.ts';
import type { StopReason } from '../search/strategies/stop-conditions.ts';

/** One run of the program on an example, as the metric scored it. */
export interface EvaluatedRollout<Output = unknown> {
  readonly score: number;
  /** Absent when the program threw. */
  readonly output?: Output;
  readonly feedback?: string;
  readonly objectives?: Readonly<Record<string, number>>;
  /** The message of the error, when the program or the metric threw. */
  readonly error?: string;
  readonly failedIn?: 'program' | 'metric';
  /** Program and judge. */
  readonly usage: Usage;
  readonly durationMs: number;
}

/** A candidate on one example. */
export interface EvaluatedExample<Output = unknown> {
  readonly exampleId: string;
  /** The mean over the repeats; `null` where it was not scored: a limit, an abort, or an outage came first. */
  readonly score: number | null;
  /** One for each repeat that was scored. */
  readonly rollouts: readonly EvaluatedRollout<Output>[];
}

/** A candidate on all examples. */
export interface CandidateEvaluation<Name extends string = string, Output = unknown> {
  readonly name: string;
  readonly texts: Candidate<Name>;
  /** The mean over the scored examples; 0 when there is none. */
  readonly mean: number;
  /** 95 % confidence interval of the mean: bootstrap over the examples. */
  readonly interval: readonly [number, number];
  /** The number of examples with a score. */
  readonly scored: number;
  /** Scored rollouts in which the program or the metric threw. */
  readonly failed: number;
  /** By position in `examples`. */
  readonly examples: readonly EvaluatedExample<Output>[];
  /** The mean of each objective, where the metric returns objectives. */
  readonly objectives?: Readonly<Record<string, number>>;
  /** Of all rollouts, judge included. */
  readonly usage: Usage;
  /** The mean time of a rollout in milliseconds. */
  readonly meanDurationMs: number;
  /** Length of all texts in characters. */
  readonly characters: number;
}

/** The plain data of a report, which `toJSON` returns. */
export interface EvaluationData<
  Names extends string = string,
  Name extends string = string,
  Output = unknown,
> {
  /** By name, in the given order. */
  readonly candidates: Readonly<Record<Names, CandidateEvaluation<Name, Output>>>;
  /** As in the run directory. */
  readonly runId: string;
  /** Scored rollouts. */
  readonly metricCalls: number;
  /** All model calls: program and judge. */
  readonly usage: Usage;
  readonly durationMs: number;
  /** Why the evaluation ended before every rollout was scored; `undefined` when all were. */
  readonly stopReason: StopReason | undefined;
  readonly warnings: readonly string[];
}
