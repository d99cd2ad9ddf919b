import type { Ledger } from '../budget/ledger.ts';
import type { Interruption } from '../calls/interruption.ts';
import type { Candidate } from '../component.ts';
import type { DecisionEvent } from '../events.ts';
import type { Proposer } from '../reflection/proposer.ts';
import type { Evaluator } from './evaluator.ts';
import type { ExampleRef } from './examples.ts';
import type { MergeProposer } from './merge-proposer.ts';
import type { SearchState } from './state.ts';
import type { StopReason } from './strategies/stop-conditions.ts';
import type { Strategies } from './strategies/strategies.ts';

/** Everything the loop and its steps work with. */
export interface SearchSetup<Example, Output, Trace, Name extends string> {
  readonly names: readonly Name[];
  readonly seedTexts: Candidate<Name>;
  readonly trainset: readonly ExampleRef<Example>[];
  readonly valset: readonly ExampleRef<Example>[];
  /** Changes only through `decide`. */
  readonly state: SearchState<Name>;
  readonly decide: (event: DecisionEvent<Name>) => void;
  readonly evaluator: Evaluator<Example, Output, Trace, Name>;
  readonly propose: Proposer<Example, Output, Trace, Name>;
  readonly merger: MergeProposer<Name> | undefined;
  readonly maxMergeInvocations: number;
  readonly strategies: Strategies<Name>;
  readonly ledger: Ledger;
  readonly skipDuplicates: boolean;
  readonly skipPerfectScore: boolean;
  readonly perfectScore: number;
  readonly failureScore: number;
  /** After so many iterations in a row that measured no child, the search ends. */
  readonly maxIdleIterations: number;
  readonly stopReason: () => Promise<StopReason | undefined>;
  readonly warn: (message: string) => void;
}

/** How an iteration went. */
export type IterationOutcome =
  /** Children were run; `accepted` of them joined the pool. */
  | { readonly kind: 'tried'; readonly accepted: number }
  /** There was nothing to run. */
  | { readonly kind: 'idle'; readonly why: 'allPerfect' }
  | { readonly kind: 'idle'; readonly why: 'noNewProposals'; readonly rejection: string }
  /** Every task failed for reasons that are not the program's. */
  | { readonly kind: 'failed'; readonly reason: 'unavailable' | 'proposer_failed'; readonly error: unknown }
  | { readonly kind: 'stopped'; readonly reason: StopReason };

/** The reason to stop at an interruption; one that could not be had while others could ends nothing. */
export function stopsRun(interruption: Interruption | undefined): StopReason | undefined {
  return interruption === undefined || interruption.reason === 'unavailable'
    ? undefined
    : interruption.reason;
}
