import type { SpendByPhase, TimeSpent } from './budget/spend.ts';
import type { Usage } from './budget/usage.ts';
import type { Candidate } from './component.ts';
import type { ProposalRejection } from './rejection.ts';
import type { FrontierKeyName, FrontierType, ScoredCandidate } from './search/state/search-view.ts';
import type { StopReason } from './search/strategies/stop-reason.ts';

/** The seed and the candidate that the search found best, on examples the search never saw. */
export interface TestScores {
  /** The number of the best candidate of the search; 0 for the seed. */
  readonly candidate: number;
  /** The number of examples with scores of both candidates. Unavailable examples do not count. */
  readonly size: number;
  readonly seedScore: number;
  readonly bestScore: number;
  /** By position in the testset; `null` where a rollout was unavailable, so that the example counts for neither. */
  readonly seedScores: readonly (number | null)[];
  readonly bestScores: readonly (number | null)[];
  /** `bestScore − seedScore`. */
  readonly gain: number;
  /** 95 % confidence interval of the gain: paired bootstrap over the examples. */
  readonly interval: readonly [number, number];
  readonly metricCalls: number;
}

/** The valset examples behind a score. */
export interface ScoreBasis {
  /** Their number. 0 for a run that ended before its seed was scored: the score, 0, then says nothing. */
  readonly examples: number;
  /** Their positions in the valset. */
  readonly positions: readonly number[];
  /** Whether the search used none of these examples, so that the score was not selected for being high. */
  readonly fresh: boolean;
  /** Whether the candidate was chosen among others for this score, which then tends to be too high. */
  readonly optimistic: boolean;
}

/** Why a run did not use all of its metric calls. */
export interface BudgetHeld {
  /** The metric calls that are left of `maxMetricCalls`. */
  readonly left: number;
  /** The maximum of another proposal: its minibatch twice, and its validation. */
  readonly needed: number;
}

/** One key of the Pareto frontier. */
export interface FrontierKey extends FrontierKeyName {
  readonly score: number;
  /** All candidates that reach the score, ascending. */
  readonly candidates: readonly number[];
}

/** The proposals for one component. */
export interface ComponentProposals {
  readonly accepted: number;
  readonly rejected: number;
  /** Why this component's text was rejected, with the number of proposals. */
  readonly byReason: Readonly<Partial<Record<RejectedProposal['reason'], number>>>;
}

/** A proposal that led to no candidate. */
export interface RejectedProposal {
  readonly proposal: number;
  /** Empty for a merge. */
  readonly components: readonly string[];
  /** `not_better`: it was tested on the minibatch, and not accepted. Otherwise there was no text to test. */
  readonly reason: ProposalRejection | 'not_better';
  readonly message: string;
  /** One line of the feedback on its minibatch. */
  readonly feedback?: string;
}

/** The outcomes of the proposals of a run. */
export interface ProposalCounts<Name extends string = string> {
  /** `accepted` and `rejected` together, merges included. */
  readonly made: number;
  /** Passed the test on the minibatch. */
  readonly accepted: number;
  readonly rejected: number;
  /** Why, with the number of proposals. */
  readonly byReason: Readonly<Partial<Record<RejectedProposal['reason'], number>>>;
  /** Merges do not count. */
  readonly byComponent: Readonly<Record<Name, ComponentProposals>>;
  /** The minibatches that led to no proposal, since the parent was perfect on them. */
  readonly perfectMinibatches: number;
  /** The minibatches on which the parent scored 0 everywhere. */
  readonly zeroMinibatches: number;
  readonly lastRejected?: RejectedProposal;
}

/** The length of a component's text in characters. */
export interface TextLength {
  readonly seed: number;
  readonly best: number;
}

/** The result of a run. */
export interface OptimizationResult<Name extends string = string> {
  readonly runId: string;
  /** The texts of the best candidate: what `compiled.program` runs with and `save` writes. */
  readonly bestCandidate: Candidate<Name>;
  /**
   * Its number in `candidates`: the best on the valset; or the seed (0), where the testset scores that one (`test.candidate`)
   * lower than the seed and `onRegression` is `'useSeed'`.
   */
  readonly bestIndex: number;
  /** The mean score of the best candidate on the valset examples of `scoredOn`. */
  readonly bestScore: number;
  /** The examples behind `bestScore`. */
  readonly scoredOn: ScoreBasis;
  /** The mean score of the seed on the valset examples of `seedScoredOn`. */
  readonly seedScore: number;
  /** The examples behind `seedScore`. */
  readonly seedScoredOn: ScoreBasis;
  /** The part of the valset on which the search compared its candidates last, as positions. */
  readonly part: readonly number[];
  readonly candidates: readonly ScoredCandidate<Name>[];
  readonly frontier: {
    readonly type: FrontierType;
    readonly keys: readonly FrontierKey[];
    /** The candidates left after dominance removal, ascending. */
    readonly candidates: readonly number[];
  };
  /** Present when the metric returns objectives. */
  readonly objectives?: {
    /** For each objective, the candidate with the highest mean (lowest number on ties). */
    readonly best: Readonly<Record<string, number>>;
    /** The candidates that no other dominates (at least equal on all objectives, better on one), ascending. */
    readonly undominated: readonly number[];
  };
  /** The length of each component in characters, in the seed and in the best candidate. */
  readonly lengths: Readonly<Record<Name, TextLength>>;
  readonly stopReason: StopReason;
  /** Present when too few metric calls were left for another proposal. */
  readonly budgetHeld?: BudgetHeld;
  readonly iterations: number;
  readonly proposals: ProposalCounts<Name>;
  /** Scored rollouts, those on the testset included. */
  readonly totalMetricCalls: number;
  /** Metric calls that the evaluation policy left out. */
  readonly metricCallsSaved: number;
  /** Rollouts that came from the cache. */
  readonly cacheHits: number;
  /** Attempts that failed for a transient reason and were retried; they are not metric calls. */
  readonly retries: number;
  /** All model calls: program, judge and reflection. */
  readonly usage: Usage;
  /** Metric calls and usage by phase; a judge's model calls count under `judge`. */
  readonly spend: SpendByPhase;
  /** Over all sessions of the run. */
  readonly durationMs: number;
  /** `durationMs` by phase. Phases that run at the same time share it. */
  readonly time: TimeSpent;
  /** Present when there is a testset and it was scored; if not, a warning says why. */
  readonly test?: TestScores;
  readonly warnings: readonly string[];
}
