import type { SpendByPhase, TimeSpent } from './budget/spend.ts';
import type { Usage } from './budget/usage.ts';
import type { Candidate } from './component.ts';
import type { FrontierType, FrontKeyName, ScoredCandidate } from './search/search-view.ts';
import type { StopReason } from './search/strategies/stop-conditions.ts';

/** The seed and the best candidate on examples the search never saw. */
export interface TestScores {
  /** How many of them both were scored on: all, but for those that could not be had. */
  readonly size: number;
  readonly seedScore: number;
  readonly bestScore: number;
  /** By position in the testset; `null` where a score could not be had, and then that example counts for neither. */
  readonly seedScores: readonly (number | null)[];
  readonly bestScores: readonly (number | null)[];
  /** `bestScore − seedScore`. */
  readonly gain: number;
  /** 95 % confidence interval of the gain: paired bootstrap over the examples. */
  readonly interval: readonly [number, number];
  readonly metricCalls: number;
}

/** One key of the Pareto front. */
export interface FrontierKey extends FrontKeyName {
  readonly score: number;
  /** All candidates that reach the score, ascending. */
  readonly candidates: readonly number[];
}

/** What a run found, and what it took. */
export interface OptimizationResult<Name extends string = string> {
  readonly runId: string;
  readonly bestCandidate: Candidate<Name>;
  readonly bestIndex: number;
  /** Mean score on the valset. */
  readonly bestScore: number;
  readonly seedScore: number;
  readonly candidates: readonly ScoredCandidate<Name>[];
  readonly frontier: {
    readonly type: FrontierType;
    readonly keys: readonly FrontierKey[];
    /** The candidates left after dominance removal, ascending. */
    readonly candidates: readonly number[];
  };
  /** Where the metric gives objectives. */
  readonly objectives?: {
    /** For every objective, the candidate with the highest mean (lowest number on ties). */
    readonly best: Readonly<Record<string, number>>;
    /** The candidates to which no other is equal on all objectives and better on one, ascending. */
    readonly undominated: readonly number[];
  };
  readonly stopReason: StopReason;
  readonly iterations: number;
  /** Scored rollouts, those on the testset included. */
  readonly totalMetricCalls: number;
  /** Metric calls that a partial evaluation policy did not make. */
  readonly metricCallsSaved: number;
  /** Metric calls that were asked for again, and not made again. */
  readonly cacheHits: number;
  /** Attempts that failed for a passing reason and were repeated; they are not metric calls. */
  readonly retries: number;
  /** All model calls: program, judge and reflection. */
  readonly usage: Usage;
  /** Metric calls and usage by what they were spent on; a judge's model calls stand under `judge`. */
  readonly spend: SpendByPhase;
  /** Over all sessions of the run. */
  readonly durationMs: number;
  /** Where that time went. What goes on at the same time shares it. */
  readonly time: TimeSpent;
  /** Present when a testset was given and could be scored; if not, a warning says why. */
  readonly test?: TestScores;
  readonly warnings: readonly string[];
}
