import type { SpendReport } from '../budget/spend.ts';
import type { DecisionEvent } from '../events.ts';
import type { Settings } from '../options/settings.ts';
import type { Memory } from '../reflection/memory/memory.ts';
import type { Proposer } from '../reflection/proposer.ts';
import type { Draws } from './draws.ts';
import type { Evaluator } from './evaluation/evaluator.ts';
import type { ExampleRef } from './evaluation/examples.ts';
import type { SearchLimits } from './limits.ts';
import type { MergeProposer } from './merge/merge-proposer.ts';
import type { SearchState } from './state/state.ts';
import type { Strategies } from './strategies/strategies.ts';

/** The parts of a run that the search uses. Its functions take it as `search`. */
export interface SearchContext<Name extends string> {
  readonly settings: Settings<Name>;
  /** The first event of the run. */
  readonly started: Extract<DecisionEvent<Name>, { type: 'run_started' }>;
  readonly names: readonly Name[];
  readonly trainset: readonly ExampleRef[];
  readonly valset: readonly ExampleRef[];
  /** Changes only by `dispatch`. */
  readonly state: SearchState<Name>;
  /** Applies a decision to the state and passes it to the listeners. */
  readonly dispatch: (event: DecisionEvent<Name>) => void;
  readonly evaluator: Evaluator<Name>;
  readonly propose: Proposer<Name>;
  readonly memory: Memory<Name>;
  /** Absent without `useMerge`. */
  readonly merger: MergeProposer<Name> | undefined;
  readonly strategies: Strategies<Name>;
  readonly draws: Draws;
  readonly limits: SearchLimits<Name>;
  readonly spend: SpendReport;
  readonly warn: (message: string) => void;
}
