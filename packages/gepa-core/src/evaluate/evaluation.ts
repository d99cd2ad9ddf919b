import type { Usage } from '../budget/usage.ts';
import type { Candidate } from '../component.ts';
import type { StopReason } from '../search/strategies/stop-reason.ts';

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
  /** The usage of program and judge. */
  readonly usage: Usage;
  readonly durationMs: number;
}

/** A candidate on one example. */
export interface EvaluatedExample<Output = unknown> {
  readonly exampleId: string;
  /** The mean over the repeats; `null` without a score, because a limit, an abort or an outage ended the evaluation. */
  readonly score: number | null;
  /** One rollout for each scored repeat. */
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
  /** The usage of all rollouts, judge included. */
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
  /** The usage of all model calls: program and judge. */
  readonly usage: Usage;
  readonly durationMs: number;
  /** Why the evaluation ended before every rollout was scored; `undefined` when all were. */
  readonly stopReason: StopReason | undefined;
  readonly warnings: readonly string[];
}
