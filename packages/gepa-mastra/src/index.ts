export {
  type SavedCandidate,
  type Split,
  type SplitOptions,
  splitExamples,
  type Tunable,
  tunable,
} from 'gepa-core';
export type { AgentOutput, RunConfig } from './adapter.ts';
export { type DatasetExample, type DatasetOptions, fromDataset } from './dataset.ts';
export type { Draft, DraftOptions } from './editor.ts';
export type { MastraExample, RequestContextValues } from './example.ts';
export type { ExperimentOptions } from './experiment.ts';
export { type GepaOptions, gepa, type MastraCompiled, type MastraTarget } from './gepa.ts';
export { fromModel, type ReflectionModel } from './language-model.ts';
export type { Skipped } from './program/plan.ts';
export type { Scorer } from './run-scorer.ts';
export { fromScorers, type ScorerOptions } from './scorers.ts';
export type { Undo } from './write-back.ts';
