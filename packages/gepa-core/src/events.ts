import type { Phase } from './adapter/adapter.ts';
import type { SpendByPhase, SpendPhase, TimeSpent } from './budget/spend.ts';
import type { Usage } from './budget/usage.ts';
import type { Candidate } from './component.ts';
import type { ProposalRejection, RefusedTexts } from './rejection.ts';
import type { BudgetHeld, TestScores, TextLength } from './result.ts';
import type { CandidateSource, FrontierType } from './search/state/search-view.ts';
import type { StopReason } from './search/strategies/stop-reason.ts';

/**
 * A decision of the search. With the same random seed, the same decisions come in the same order, whatever the latencies
 * are; only times differ. A run can be rebuilt from them: see `replay`. Iterations are counted from 1, candidates from 0
 * (the seed candidate). Minibatches are positions in the trainset. `task` is the index within an iteration; `proposal`
 * numbers the tasks and merges of the whole run from 1.
 */
export type DecisionEvent<Name extends string = string> =
  | {
      readonly type: 'run_started';
      readonly runId: string;
      readonly seed: number;
      readonly components: readonly Name[];
      readonly trainsetSize: number;
      readonly valsetSize: number;
      readonly frontierType: FrontierType;
      /** The score from which a rollout counts as perfect; undefined where perfect minibatches are not skipped. */
      readonly perfectScore?: number;
      readonly maxMetricCalls: number | undefined;
      readonly maxIterations?: number;
      readonly maxCostUsd?: number;
      readonly maxTokens?: number;
      readonly maxDurationMs?: number;
      /** Milliseconds that earlier sessions of a resumed run took. */
      readonly earlierMs?: number;
    }
  | { readonly type: 'iteration_started'; readonly iteration: number }
  | {
      /** A parent was run on a minibatch. `skipped`: it was perfect there, so that no proposal follows. */
      readonly type: 'task_evaluated';
      readonly iteration: number;
      readonly task: number;
      readonly proposal: number;
      readonly parent: number;
      readonly minibatch: readonly number[];
      readonly scores: readonly number[];
      readonly skipped: boolean;
      /** The first line of the feedback on the lowest score. */
      readonly feedback?: string;
    }
  | {
      /** A task without a child to run. */
      readonly type: 'proposal_rejected';
      readonly iteration: number;
      readonly task: number;
      readonly proposal: number;
      readonly parent: number;
      readonly components: readonly Name[];
      readonly reason: ProposalRejection;
      readonly message: string;
      readonly refused?: RefusedTexts<Name>;
    }
  | {
      /** A child was run on its parent's minibatch. */
      readonly type: 'proposal_evaluated';
      readonly iteration: number;
      readonly task: number;
      readonly proposal: number;
      readonly parent: number;
      readonly texts: Partial<Candidate<Name>>;
      readonly before: readonly number[];
      readonly after: readonly number[];
      /** Passed the acceptance criterion. */
      readonly accepted: boolean;
      /** Selected for validation. */
      readonly selected: boolean;
      /** Components of the same task whose new texts were refused. */
      readonly refused?: RefusedTexts<Name>;
    }
  | {
      readonly type: 'merge_evaluated';
      readonly iteration: number;
      readonly proposal: number;
      readonly parents: readonly [number, number];
      /** Absent where a reflection combined the texts of the parents. */
      readonly ancestor?: number;
      readonly texts: Candidate<Name>;
      /** Positions in the valset. */
      readonly subsample: readonly number[];
      /** The merged candidate's scores there, and its parents'. */
      readonly scores: readonly number[];
      readonly parentScores: readonly [readonly number[], readonly number[]];
      readonly accepted: boolean;
    }
  | {
      readonly type: 'candidate_added';
      readonly index: number;
      readonly texts: Candidate<Name>;
      readonly parents: readonly number[];
      readonly source: CandidateSource;
      readonly iteration: number;
      /** The number of its proposal; absent for the seed. */
      readonly proposal?: number;
      /** By position in the valset; `null` where it was not run. */
      readonly scores: readonly (number | null)[];
      readonly objectiveScores?: Readonly<Record<string, readonly (number | null)[]>>;
      /** For the seed: the components that no rollout read. A proposal leaves them out, unless its minibatch reads them. */
      readonly unread?: readonly Name[];
      /** The number of these rollouts in which the program or the metric threw, and the first message. */
      readonly failed?: number;
      readonly error?: string;
      readonly metricCalls: number;
      readonly bestIndex: number;
    }
  | {
      /** The program changed since an earlier session: the seed, then the best candidate, was scored again. */
      readonly type: 'candidate_rescored';
      readonly index: number;
      readonly scores: readonly (number | null)[];
      readonly objectiveScores?: Readonly<Record<string, readonly (number | null)[]>>;
    }
  | {
      /** A candidate of the pool was run on further positions of the valset, or on some of them again. */
      readonly type: 'candidate_scored';
      readonly iteration: number;
      readonly index: number;
      readonly positions: readonly number[];
      /** By place in `positions`. */
      readonly scores: readonly number[];
      readonly objectiveScores?: Readonly<Record<string, readonly number[]>>;
      readonly purpose: 'pool' | 'finals';
    }
  | {
      /** Candidates left the pool, or the part of the valset changed on which they are compared. */
      readonly type: 'pool_changed';
      readonly iteration: number;
      readonly candidates: readonly number[];
      /** Positions in the valset. */
      readonly part: readonly number[];
      /** The reason, as a clause: "the search stalled". */
      readonly reason: string;
      readonly bestIndex: number;
    }
  | {
      /** The final choice of a search that compares its best candidates at the end. */
      readonly type: 'best_chosen';
      readonly index: number;
      /** The positions in the valset whose mean is the score of the best candidate. */
      readonly positions: readonly number[];
      /** The search used none of these examples. */
      readonly fresh: boolean;
    }
  | { readonly type: 'iteration_finished'; readonly iteration: number; readonly metricCalls: number }
  | {
      readonly type: 'run_finished';
      readonly stopReason: StopReason;
      /** As in the result: the seed, if the testset scores the best candidate of the search lower. */
      readonly bestIndex: number;
      readonly metricCalls: number;
      readonly metricCallsSaved: number;
      readonly cacheHits: number;
      readonly retries: number;
      readonly usage: Usage;
      readonly spend: SpendByPhase;
      readonly durationMs: number;
      readonly time: TimeSpent;
      readonly warnings: readonly string[];
      /** The length of each component in characters; empty if the seed was not scored. */
      readonly lengths: Readonly<Record<string, TextLength>>;
      readonly budgetHeld?: BudgetHeld;
      readonly test?: TestScores;
    };

/** The progress of calls, in order of time. */
export type ProgressEvent =
  | {
      readonly type: 'rollout_finished';
      readonly iteration: number;
      readonly phase: Phase;
      readonly candidateIndex: number | undefined;
      readonly exampleId: string;
      readonly score: number;
      readonly error: string | undefined;
      readonly durationMs: number;
      readonly usage: Usage;
      /** Metric calls made so far. */
      readonly metricCalls: number;
      /** An earlier session of the run made the rollout. */
      readonly replayed: boolean;
    }
  | {
      /** A paid call is over, whether or not it has a value. `metricCalls` and `total` are those of the run so far. */
      readonly type: 'call_settled';
      readonly what: 'rollout' | 'reflection';
      readonly phase: SpendPhase;
      readonly iteration: number;
      readonly usage: Usage;
      readonly metricCalls: number;
      readonly total: Usage;
      /** An earlier session of the run made the call. */
      readonly replayed: boolean;
    }
  | {
      /** A rollout or a reflection failed for a transient reason and is retried. */
      readonly type: 'retried';
      readonly what: 'rollout' | 'reflection';
      readonly attempt: number;
      readonly message: string;
    }
  | {
      /** A question to the reflection model, or to your own proposer, has started. */
      readonly type: 'reflection_started';
      readonly iteration: number;
      readonly task: number;
      readonly components: readonly string[];
    }
  | {
      readonly type: 'reflection_finished';
      readonly iteration: number;
      readonly task: number;
      /** The components that the question was about. */
      readonly components: readonly string[];
      /** The new texts by component. */
      readonly texts: Candidate;
      /** Why a text could not be used, by component. A component that the model left out is in neither map. */
      readonly rejected: Readonly<Record<string, { reason: ProposalRejection; message: string }>>;
      readonly usage: Usage;
      readonly durationMs: number;
    }
  | {
      /** A warning, which is also part of the result. */
      readonly type: 'warning';
      readonly message: string;
    }
  | {
      /** A message about this session, which is not part of the result. */
      readonly type: 'notice';
      readonly message: string;
    };

/** Every event that a run dispatches. */
export type GepaEvent<Name extends string = string> = DecisionEvent<Name> | ProgressEvent;

/** Receives every event, in order. It must not block; if it throws, the run warns once and goes on. */
export type Listener<Name extends string = string> = (event: GepaEvent<Name>) => void;

const progressTypes: ReadonlySet<GepaEvent['type']> = new Set([
  'rollout_finished',
  'call_settled',
  'retried',
  'reflection_started',
  'reflection_finished',
  'warning',
  'notice',
] satisfies ProgressEvent['type'][]);

/** Whether an event is a decision. */
export function isDecision<Name extends string>(event: GepaEvent<Name>): event is DecisionEvent<Name> {
  return !progressTypes.has(event.type);
}
