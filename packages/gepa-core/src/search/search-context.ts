import type { SpendReport } from '../budget/spend.ts';
import type { Interruption } from '../calls/interruption.ts';
import type { Candidate } from '../component.ts';
import type { DecisionEvent } from '../events.ts';
import type { Memory } from '../reflection/memory/memory.ts';
import type { Proposer } from '../reflection/proposer.ts';
import type { Draws } from './draws.ts';
import type { Evaluator } from './evaluation/evaluator.ts';
import type { ExampleRef } from './evaluation/examples.ts';
import type { MergeProposer } from './merge/merge-proposer.ts';
import type { SearchState } from './state/state.ts';
import type { StopReason } from './strategies/stop-conditions.ts';
import type { Strategies } from './strategies/strategies.ts';

/** Everything that the loop and its steps work with. */
export interface SearchContext<Example, Output, Trace, Name extends string> {
  /** The first event of the run. */
  readonly started: Extract<DecisionEvent<Name>, { type: 'run_started' }>;
  readonly names: readonly Name[];
  readonly seedCandidate: Candidate<Name>;
  /** Those that join the pool after the seed. */
  readonly givenCandidates: readonly Candidate<Name>[];
  readonly trainset: readonly ExampleRef<Example>[];
  readonly valset: readonly ExampleRef<Example>[];
  /** Changes only by `dispatch`. */
  readonly state: SearchState<Name>;
  /** Applies a decision to the state and passes it to the listeners. */
  readonly dispatch: (event: DecisionEvent<Name>) => void;
  readonly evaluator: Evaluator<Example, Output, Trace, Name>;
  readonly propose: Proposer<Example, Output, Trace, Name>;
  readonly memory: Memory<Name>;
  readonly merger: MergeProposer<Name> | undefined;
  /** Whether a reflection merges candidates that cannot be crossed. The reference has no such merge. */
  readonly combines: boolean;
  readonly maxMergeInvocations: number;
  readonly strategies: Strategies<Name>;
  readonly spend: SpendReport;
  /** The metric calls of the run without those kept for the testset, and what is left of them; `Infinity` without a limit. */
  readonly metricCalls: () => { readonly limit: number; readonly left: number; readonly testset: number };
  readonly draws: Draws;
  readonly minibatchSize: number;
  readonly skipDuplicates: boolean;
  readonly skipPerfectScore: boolean;
  readonly perfectScore: number;
  /** Whether `perfectScore` was given, and is not just the default. */
  readonly isScaleGiven: boolean;
  readonly failureScore: number;
  /** The outputs of the seed for which the metric is asked again. */
  readonly metricRepeats: number;
  /** The search ends after this many iterations in a row without a measured child. */
  readonly maxIdleIterations: number;
  readonly stopReason: () => Promise<StopReason | undefined>;
  readonly warn: (message: string) => void;
}

/** How an iteration ended. */
export type IterationOutcome =
  /** Children were measured; `accepted` of them joined the pool. */
  | { readonly kind: 'tried'; readonly accepted: number }
  /** There was nothing to measure. */
  | { readonly kind: 'idle'; readonly why: 'perfectMinibatches' | 'noNewProposals' }
  /** Every task failed for a reason that is not the program's. */
  | { readonly kind: 'failed'; readonly reason: 'unavailable' | 'proposer_failed'; readonly error: unknown }
  | { readonly kind: 'stopped'; readonly reason: StopReason };

/** The reason to stop at an interruption; a single unavailable call does not stop the run. */
export function stopsRun(interruption: Interruption | undefined): StopReason | undefined {
  return interruption === undefined || interruption.reason === 'unavailable'
    ? undefined
    : interruption.reason;
}
