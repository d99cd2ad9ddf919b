/**
 * Type tests, in a project with `exactOptionalPropertyTypes`: what users write may have `undefined` in every optional field,
 * as in `runDir: process.env.CI ? 'run' : undefined`. Nothing here runs.
 */
import type {
  AdapterOptions,
  Component,
  ComponentSelectionOptions,
  EstimateOptions,
  EvaluationOptions,
  Execution,
  FunctionOptions,
  GateOptions,
  LanguageModelAnswer,
  MetricScore,
  Price,
  ProgramExample,
  RetryOptions,
  SaveOptions,
  SplitOptions,
  Step,
  Usage,
} from 'gepa-core';
import type { LoadProgramOptions } from 'gepa-core/load';
import type { ReadOptions, ReportOptions } from 'gepa-core/node';
import type { GepaOptions as LangChainOptions } from 'gepa-langchain';
import type { GepaOptions as MastraOptions } from 'gepa-mastra';

/** The names of optional fields that do not take `undefined`. */
type Strict<Fields> = {
  [Name in keyof Fields]-?: Record<never, never> extends Pick<Fields, Name>
    ? { readonly [Only in Name]?: undefined } extends Pick<Fields, Name>
      ? never
      : Name
    : never;
}[keyof Fields];

type None<Name extends never> = Name;

export type Tested = [
  None<Strict<AdapterOptions<string, string, string, 'a'>>>,
  None<Strict<Component>>,
  None<Strict<ComponentSelectionOptions>>,
  None<Strict<EstimateOptions>>,
  None<Strict<EvaluationOptions<string, string, string, 'a', 'b'>>>,
  None<Strict<FunctionOptions<string, string, string, 'a'>>>,
  None<Strict<GateOptions>>,
  None<Strict<LangChainOptions>>,
  None<Strict<LanguageModelAnswer>>,
  None<Strict<LoadProgramOptions>>,
  None<Strict<MastraOptions>>,
  None<Strict<MetricScore>>,
  None<Strict<Price>>,
  None<Strict<ProgramExample>>,
  None<Strict<ReadOptions<string>>>,
  None<Strict<ReportOptions>>,
  None<Strict<RetryOptions>>,
  None<Strict<Execution<string>>>,
  None<Strict<SaveOptions>>,
  None<Strict<SplitOptions<string>>>,
  None<Strict<Step>>,
  None<Strict<Usage>>,
];
