export type * from './adapter/adapter.ts';
export type * from './adapter/call-meter.ts';
export type * from './adapter/experience.ts';
export type { PromptImage } from './adapter/prompt-image.ts';
export type { Step, StepKind, StepTool } from './adapter/trace.ts';
export type { Spend, SpendByPhase, SpendPhase, TimeSpent } from './budget/spend.ts';
export { type ModelUsage, modelCallUsage, type Price, type PriceOf, type Usage } from './budget/usage.ts';
export { type FailureKind, failureKind } from './calls/classify-error.ts';
export type { RetryOptions } from './calls/retry.ts';
export type { Candidate, Component, ComponentKind } from './component.ts';
export * from './errors.ts';
export { type Estimated, type EstimateOptions, estimate, type RunEstimate } from './estimate/estimate.ts';
export {
  type CandidateToEvaluate,
  type EvaluateOptions,
  type EvaluationOptions,
  evaluate,
} from './evaluate/evaluate.ts';
export type * from './evaluate/evaluation.ts';
export { EvaluationReport } from './evaluate/evaluation-report.ts';
export { assertNotWorse, type GateOptions } from './evaluate/gate.ts';
export * from './events.ts';
export type { LanguageModel, LanguageModelAnswer, LanguageModelRequest } from './language-model.ts';
export type { Metric, MetricArgs, MetricResult, MetricScore } from './metric.ts';
export { optimize } from './optimize.ts';
export { type AutoBudget, autoBudget } from './options/auto-budget.ts';
export type {
  AdapterOptions,
  FunctionOptions,
  OptimizeOptions,
  SearchOptions,
  SearchPreset,
} from './options/options.ts';
export type { ComponentSelectionOptions, SelectedName } from './program/select-components.ts';
export type {
  Compiled,
  CompileOptions,
  ProgramExample,
  SaveOptions,
  Target,
} from './program/target.ts';
export { type Tunable, tunable } from './program/tunable.ts';
export type { ProposalRejection, RefusedTexts } from './rejection.ts';
export { replay } from './report/result-of.ts';
export type {
  BudgetHeld,
  ComponentProposals,
  FrontierKey,
  OptimizationResult,
  ProposalCounts,
  RejectedProposal,
  ScoreBasis,
  TestScores,
  TextLength,
} from './result.ts';
export type { GivenCandidate } from './saved/given-candidate.ts';
export type { Provenance, SavedCandidate } from './saved/saved-candidate.ts';
export type * from './search/state/search-view.ts';
export type { AcceptanceCriterion, Trial } from './search/strategies/acceptance.ts';
export { growingPart, leaderOrPareto, reuseMeasured } from './search/strategies/adaptive.ts';
export {
  type BatchSampler,
  type BatchSamplerOption,
  epochShuffled,
} from './search/strategies/batch-sampling.ts';
export {
  type CandidateSelectionStrategy,
  type CandidateSelector,
  currentBest,
  epsilonGreedy,
  pareto,
  topKPareto,
} from './search/strategies/candidate-selection.ts';
export {
  allComponents,
  type ComponentSelection,
  type ComponentSelector,
  type ComponentSelectorOption,
  roundRobin,
} from './search/strategies/component-selection.ts';
export {
  type EvaluationPolicy,
  type EvaluationPolicyOption,
  type FinalStep,
  type FinalsRequest,
  fullEvaluation,
  type PolicyRequest,
  stagedEvaluation,
  type ValsetProgress,
} from './search/strategies/evaluation-policy.ts';
export type { ProposalSampler, SamplingStrategy, Task } from './search/strategies/proposal-sampling.ts';
export type { SelectionStrategy } from './search/strategies/proposal-selection.ts';
export type { StopCondition, StopState } from './search/strategies/stop-conditions.ts';
export * as stopConditions from './search/strategies/stop-conditions.ts';
export type { StopReason } from './search/strategies/stop-reason.ts';
export { type Split, type SplitOptions, splitExamples } from './split-examples.ts';
export type { Comparison, ScoreChange, Verdict } from './statistics/compare.ts';
export { Random } from './statistics/random.ts';
