import type { Phase } from '../adapter/adapter.ts';
import type { SpendByPhase, TimeSpent } from '../budget/spend.ts';
import type { Usage } from '../budget/usage.ts';
import type { Candidate, ComponentKind } from '../component.ts';
import type { ProposalRejection } from '../rejection.ts';
import type { BudgetHeld, FrontierKey, ScoreBasis, TestScores } from '../result.ts';
import type { CandidateSource, FrontierType } from '../search/state/search-view.ts';
import type { StopReason } from '../search/strategies/stop-reason.ts';

/**
 * The data of a run directory: see `readRun`. Candidates are numbered as in the result (0 is the seed), examples and
 * reflections from 0: their numbers are indices of the lists below. Proposals are numbered from 1.
 *
 * An evaluation (`evaluate`) has its examples as the valset and its candidates in the given order, without proposals.
 */
export interface RunData {
  readonly kind: 'search' | 'evaluation';
  readonly runId: string;
  /** Milliseconds since 1970: the start of the first session, and of the last line. */
  readonly startedAt: number;
  readonly updatedAt: number;
  /** `interrupted`: the last session has no end, and no process works on it. */
  readonly state: 'running' | 'ended' | 'interrupted';
  readonly stopReason?: StopReason;
  readonly budgetHeld?: BudgetHeld;
  readonly about: RunDescription;
  readonly examples: readonly ExampleData[];
  /** The data sets, as numbers of examples by position. Equal examples have one number. */
  readonly trainset: readonly number[];
  readonly valset: readonly number[];
  readonly testset: readonly number[];
  readonly candidates: readonly CandidateData[];
  readonly proposals: readonly ProposalData[];
  readonly reflections: readonly ReflectionData[];
  /** All scored rollouts, in the order in which they ended. */
  readonly rollouts: readonly RolloutData[];
  /** The best candidate so far; 0 before the seed was scored. */
  readonly bestIndex: number;
  /** The positions in the valset on which candidates are compared now. */
  readonly part: readonly number[];
  /** The candidates that are still compared. */
  readonly pool: readonly number[];
  /** Absent before the seed was scored. */
  readonly score?: {
    readonly seed: number;
    readonly best: number;
    /** The examples behind the two scores. */
    readonly seedOn: ScoreBasis;
    readonly bestOn: ScoreBasis;
  };
  readonly test?: TestScores;
  readonly frontier: {
    readonly type: FrontierType;
    readonly keys: readonly FrontierKey[];
    readonly candidates: readonly number[];
  };
  readonly iterations: number;
  /** Scored rollouts. */
  readonly metricCalls: number;
  readonly usage: Usage;
  readonly spend: SpendByPhase;
  /** Milliseconds by phase, and in all, over all sessions. */
  readonly time: TimeSpent;
  readonly durationMs: number;
  readonly retries: number;
  /** Present when the run has ended. */
  readonly cacheHits?: number;
  readonly warnings: readonly string[];
}

/** The options and versions of a run, as in its last session. */
export interface RunDescription {
  readonly components: readonly ComponentDescription[];
  /** `undefined` where a model is not known by name. */
  readonly models: { readonly task: readonly string[]; readonly reflection?: string };
  /** The options that decide the search, by name, as text. */
  readonly strategies: Readonly<Record<string, string>>;
  readonly limits: RunLimits;
  /** The versions of packages and of the runtime. */
  readonly versions: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly perfectScore?: number;
}

export interface ComponentDescription {
  readonly name: string;
  readonly kind?: ComponentKind;
  readonly variables?: readonly string[];
  readonly description?: string;
  /** Its text in code, if the program had loaded another text. */
  readonly original?: string;
}

/** The limits of a run. Absent: no limit. */
export interface RunLimits {
  readonly maxMetricCalls?: number;
  readonly maxIterations?: number;
  readonly maxCostUsd?: number;
  readonly maxTokens?: number;
  readonly maxDurationMs?: number;
}

/** An example, with secrets masked. */
export interface ExampleData {
  readonly example: number;
  /** Its own id, or the first one by set and position (`val:3`). */
  readonly id: string;
  readonly input?: unknown;
  readonly expected?: unknown;
  readonly metadata?: unknown;
  /** All other fields of the example. */
  readonly other?: Readonly<Record<string, unknown>>;
}

/** A candidate of the pool. */
export interface CandidateData {
  readonly index: number;
  readonly texts: Candidate;
  readonly parents: readonly number[];
  readonly source: CandidateSource;
  readonly iteration: number;
  /** The number of its proposal; absent for the seed. */
  readonly proposal?: number;
  /** When it was first scored, in milliseconds of the run. */
  readonly at: number;
  /** Metric calls before its validation. */
  readonly metricCalls: number;
  /** By position in the valset; `null` where it was not run. */
  readonly scores: readonly (number | null)[];
  readonly objectiveScores?: Readonly<Record<string, readonly (number | null)[]>>;
  /** The number of rollouts on the valset that threw when it was added, and the first message. */
  readonly failed?: number;
  readonly error?: string;
  /** The mean over all examples with a score, and their number. */
  readonly mean: number;
  readonly coverage: number;
  /** The mean on the part of the valset on which candidates are compared now. */
  readonly partMean: number;
  /** Present in an evaluation. */
  readonly evaluated?: EvaluatedCandidateData;
}

/** The results of an evaluated candidate besides its scores. */
export interface EvaluatedCandidateData {
  readonly name: string;
  /** 95 % confidence interval of the mean: bootstrap over the examples. */
  readonly interval: readonly [number, number];
  /** The usage of all rollouts, judge included. */
  readonly usage: Usage;
  /** The mean time of a rollout in milliseconds. */
  readonly meanDurationMs: number;
}

/** A task of an iteration, and its outcome. */
export interface ProposalData {
  readonly number: number;
  readonly iteration: number;
  /** The index within its iteration. */
  readonly task: number;
  readonly kind: 'mutation' | 'merge';
  readonly parents: readonly number[];
  /** The components with new texts; of a proposal without any, those that were to get one. */
  readonly components: readonly string[];
  /** The new texts; absent when there are none. */
  readonly texts?: Readonly<Partial<Record<string, string>>>;
  /** Numbers of examples. */
  readonly minibatch: readonly number[];
  /** Scores of the parent and of the child by position in the minibatch; empty when they were not run. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /**
   * `open`: not decided yet. `skipped`: the parent was perfect on the minibatch. `refused`: there was no usable
   * text. `rejected`: the child was tested and was not good enough. `accepted`: it passed the test on the minibatch.
   */
  readonly status: 'open' | 'skipped' | 'refused' | 'rejected' | 'accepted';
  /** Why it was refused. */
  readonly reason?: ProposalRejection;
  readonly message?: string;
  /** The texts that were refused, by component. */
  readonly refused?: Readonly<
    Partial<Record<string, { readonly reason: ProposalRejection; readonly message: string }>>
  >;
  /** One line of the feedback on its minibatch. */
  readonly feedback?: string;
  /** The candidate that was made of it. */
  readonly candidate?: number;
  readonly reflections: readonly number[];
}

/** One question to the reflection model, and its answer. */
export interface ReflectionData {
  readonly number: number;
  readonly proposal?: number;
  readonly iteration: number;
  readonly task: number;
  readonly components: readonly string[];
  /** 0 for the first question of a proposal, 1 for the second, about texts that could not be used. */
  readonly attempt: number;
  readonly at: number;
  readonly durationMs: number;
  readonly usage?: Usage;
  /** Where its prompt and answer are: `ReflectionDetail`. */
  readonly detail: DetailRef;
}

/** A scored rollout. It has a `candidate` if its texts are in the pool, and otherwise the `proposal` that it tested. */
export interface RolloutData {
  readonly example: number;
  readonly candidate?: number;
  readonly proposal?: number;
  readonly phase: Phase;
  readonly iteration: number;
  readonly score: number;
  /** The message of the error, shortened. */
  readonly error?: string;
  readonly failedIn?: 'program' | 'metric';
  /** When it ended, in milliseconds of the run. */
  readonly at: number;
  readonly durationMs: number;
  /** Where its output, trace and feedback are: `RolloutDetail`. */
  readonly detail: DetailRef;
}

/** A line of `journal.jsonl`, in bytes. */
export interface DetailRef {
  readonly offset: number;
  readonly length: number;
}

export interface RolloutDetail {
  readonly exampleId: string;
  readonly score: number;
  readonly objectives?: Readonly<Record<string, number>>;
  readonly feedback?: string;
  readonly componentFeedback?: Readonly<Record<string, string>>;
  readonly error?: string;
  readonly output?: unknown;
  readonly trace?: unknown;
  readonly usage?: Usage;
  readonly judgeUsage?: Usage;
}

export interface ReflectionDetail {
  readonly prompt: string;
  readonly answer: string;
  readonly finishReason?: string;
}
