export type * from './adapter.ts';
export { type AutoBudget, autoBudget } from './auto-budget.ts';
export type * from './call-meter.ts';
export { checkOptionNames } from './check-options.ts';
export type { Candidate, Component, ComponentKind } from './component.ts';
export { freeName, seedOf } from './component.ts';
export { type FailureKind, failureKind } from './effects/failures.ts';
export type { RetryOptions } from './effects/retry.ts';
export { replay } from './engine/state.ts';
export * from './errors.ts';
export { type Estimated, type EstimateOptions, estimate, type RunEstimate } from './estimate/estimate.ts';
export * from './events.ts';
export type { LanguageModel, LanguageModelAnswer, LanguageModelRequest } from './language-model.ts';
export type { Metric, MetricArgs, MetricResult, MetricScore } from './metric.ts';
export { withAbsoluteRunDir } from './node/run-directory.ts';
export { optimize } from './optimize.ts';
export type { AdapterOptions, FunctionOptions, OptimizeOptions, SearchOptions } from './options.ts';
export { raceSignal } from './race-signal.ts';
export { Random } from './random.ts';
export { defaultRecords } from './reflection/records.ts';
export type { FrontierKey, OptimizationResult, TestScores } from './result.ts';
export type * from './search-view.ts';
export type { Expense, Spend, SpendByPhase, TimeSpent } from './spend.ts';
export { type Split, type SplitOptions, splitExamples } from './split-examples.ts';
export type { AcceptanceCriterion, Trial } from './strategies/acceptance.ts';
export { type BatchSampler, type BatchSamplerOption, epochShuffled } from './strategies/batch-sampling.ts';
export {
  type CandidateSelectionStrategy,
  type CandidateSelector,
  currentBest,
  epsilonGreedy,
  pareto,
  topKPareto,
} from './strategies/candidate-selection.ts';
export {
  allComponents,
  type ComponentSelection,
  type ComponentSelector,
  type ComponentSelectorOption,
  roundRobin,
} from './strategies/component-selection.ts';
export {
  type EvaluationPolicy,
  type EvaluationPolicyOption,
  fullEvaluation,
  stagedEvaluation,
  type ValsetProgress,
} from './strategies/evaluation-policy.ts';
export type { ProposalSampler, SamplingStrategy, Task } from './strategies/proposal-sampling.ts';
export type { SelectionStrategy } from './strategies/proposal-selection.ts';
export type { StopCondition, StopReason, StopState } from './strategies/stop-conditions.ts';
export * as stopConditions from './strategies/stop-conditions.ts';
export type { SavedCandidate } from './target/saved-candidate.ts';
export type { ComponentSelectionOptions, SelectedName } from './target/select-components.ts';
export {
  type Compiled,
  type CompileOptions,
  createTarget,
  type ProgramExample,
  type Target,
  type TargetBinding,
} from './target/target.ts';
export { type Step, type StepKind, stepsOf, usageOfSteps, walkSteps } from './trace.ts';
export { type Tunable, tunable, tunableComponents, withTexts } from './tunable.ts';
export * from './usage.ts';
