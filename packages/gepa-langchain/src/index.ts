export type {
  Candidate,
  CandidateEvaluation,
  CandidateToEvaluate,
  Comparison,
  Compiled,
  CompileOptions,
  Component,
  EstimateOptions,
  EvaluationOptions,
  FailureKind,
  GepaEvent,
  LanguageModel,
  Metric,
  MetricArgs,
  MetricResult,
  MetricScore,
  OptimizationResult,
  ProgramExample,
  RetryOptions,
  RunEstimate,
  SavedCandidate,
  Split,
  SplitOptions,
  Step,
  StopCondition,
  Target,
  Tunable,
} from 'gepa-core';
export {
  allComponents,
  assertNotWorse,
  autoBudget,
  CandidateMismatchError,
  currentBest,
  EvaluationReport,
  epochShuffled,
  epsilonGreedy,
  FileAccessError,
  FileFormatError,
  failureKind,
  fullEvaluation,
  GepaError,
  isDecision,
  JournalDamagedError,
  MetricError,
  NoComponentsError,
  OptionsError,
  ProposerError,
  pareto,
  RegressionError,
  RolloutError,
  RolloutTimeoutError,
  RunDirectoryError,
  RunDirectoryLockedError,
  RunDirectoryMismatchError,
  RunError,
  roundRobin,
  SeedError,
  StrategyError,
  splitExamples,
  stagedEvaluation,
  stopConditions,
  topKPareto,
} from 'gepa-core';
export { type ExampleSchema, type ReadOptions, type RowOptions, readCsv, readJsonl } from 'gepa-core/node';
export {
  describeComponents,
  describeEstimate,
  diffCandidates,
  diffTexts,
  summarize,
  supportsColor,
  terminalProgress,
} from 'gepa-core/report';
export { type LangSmithDatasetOptions, readLangSmithDataset } from './data/langsmith-dataset.ts';
export { type RecordedExample, Recorder, type RecorderOptions, type RunFeedback } from './data/recorder.ts';
export {
  type Evaluator,
  type EvaluatorArgs,
  type EvaluatorOptions,
  fromEvaluators,
} from './evaluators/from-evaluators.ts';
export { type ComponentName, gepa, type LangChainTarget } from './gepa.ts';
export { type PushedPrompt, type PushOptions, pushPrompts } from './langsmith/push-prompts.ts';
export { fromChatModel } from './language-model.ts';
export { metered } from './metered/metered-client.ts';
export type { GepaOptions, RolloutConfig } from './options.ts';
export type { Skipped } from './program/discover.ts';
export type { ReflectionModel } from './reflection/reflection-model.ts';
export { type TunablePrompt, tunable } from './tunable.ts';
