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
  tunable,
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
export type { Draft, DraftOptions } from './compiled/drafts.ts';
export type { ExperimentOptions } from './compiled/experiment.ts';
export type { Undo } from './compiled/write-back.ts';
export { type DatasetExample, type DatasetOptions, fromDataset } from './data/dataset.ts';
export type { MastraExample } from './data/example.ts';
export type { TextOptions } from './find-texts.ts';
export { type GepaOptions, gepa, type MastraCompiled, type MastraTarget } from './gepa.ts';
export { fromModel, type ReflectionModel } from './language-model.ts';
export type { InstructionBlock, PromptBlockReference } from './program/instruction-blocks.ts';
export type { Parts } from './program/parts.ts';
export type { MastraLike } from './program/program.ts';
export { instructionBlocks } from './program/prompt-blocks.ts';
export type { RequestContextValues } from './program/request-context.ts';
export type { Skipped } from './program/skip-reasons.ts';
export type { MockedTools, ToolMock } from './program/tool-mocks.ts';
export type { AgentOutput, RunConfig } from './run-program.ts';
export { fromScorers } from './scorers/from-scorers.ts';
export type { Scorer } from './scorers/run-scorer.ts';
export type { ScorerOptions, ScorersByScope, ScorersInput } from './scorers/scorer-entries.ts';
