export {
  type SavedCandidate,
  type Split,
  type SplitOptions,
  splitExamples,
  type Tunable,
  tunable,
} from 'gepa-core';
export { readCsv, readJsonl } from './data/files.ts';
export { type LangSmithDatasetOptions, readLangSmithDataset } from './data/langsmith.ts';
export type { RowOptions } from './data/rows.ts';
export { type Evaluator, type EvaluatorArgs, type EvaluatorOptions, fromEvaluators } from './evaluators.ts';
export { type ComponentName, type GepaOptions, gepa, type LangChainTarget } from './gepa.ts';
export { fromChatModel } from './language-model.ts';
export { metered } from './metered/metered.ts';
export type { Skipped } from './program/index.ts';
export { type PushedPrompt, type PushOptions, pushPrompts } from './push-prompts.ts';
export { type RecordedExample, Recorder, type RecorderOptions, type RunFeedback } from './recorder.ts';
export type { ReflectionModel } from './reflection-model.ts';
