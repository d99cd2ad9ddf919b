export {
  type SavedCandidate,
  type Split,
  type SplitOptions,
  splitExamples,
  type Tunable,
  tunable,
} from 'gepa-core';
export type { AgentOutput, RunConfig } from './adapter.ts';
export type { Draft, DraftOptions } from './compiled/drafts.ts';
export type { ExperimentOptions } from './compiled/experiment.ts';
export type { Undo } from './compiled/write-back.ts';
export { type DatasetExample, type DatasetOptions, fromDataset } from './data/dataset.ts';
export type { MastraExample, RequestContextValues } from './data/example.ts';
export { type GepaOptions, gepa, type MastraCompiled, type MastraTarget } from './gepa.ts';
export { fromModel, type ReflectionModel } from './language-model.ts';
export type { Skipped } from './program/discovery.ts';
export { fromScorers, type ScorerOptions } from './scorers/from-scorers.ts';
export type { Scorer } from './scorers/run-scorer.ts';
