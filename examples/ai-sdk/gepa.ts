import { generateText, type LanguageModel, type ModelMessage } from 'ai';
import type { ComponentSelectionOptions, LanguageModel as ReflectionModel, Target } from 'gepa-core';
import {
  aFlag,
  aList,
  checkOptions,
  createTarget,
  raceSignal,
  selectionKinds,
  usageAndFinishReason,
} from 'gepa-core/adapter';
import { createAdapter } from './adapter.ts';
import { type Agent, findTexts, type Program, type TextOptions } from './texts.ts';
import { observed, Recorder } from './trace.ts';

export { observed } from './trace.ts';

export interface GepaOptions extends TextOptions, ComponentSelectionOptions {}

type InputOf<Source> = Source extends Agent
  ? string | ModelMessage[]
  : Source extends (input: infer Input, ...more: never[]) => unknown
    ? Input
    : never;
type OutputOf<Source> = Source extends {
  generate(options: never): PromiseLike<{ readonly output: infer Output }>;
}
  ? [Output] extends [never]
    ? string
    : Output
  : Source extends (...parameters: never[]) => Promise<infer Output>
    ? Output
    : never;

/**
 * Finds the texts of a `ToolLoopAgent`, or of a function with `tunables`.
 *
 * @throws {NoComponentsError} when there is none.
 * @throws {OptionsError} when an option does not exist or names a component that does not.
 */
export function gepa<Source extends Program>(
  program: Source,
  options: GepaOptions = {},
): Target<Source, InputOf<Source>, OutputOf<Source>, string, LanguageModel | ReflectionModel> {
  checkOptions(options, { ...selectionKinds, tools: aFlag, tunables: aList });
  const { tools: _tools, tunables: _tunables, ...selection } = options;
  return createTarget(
    {
      ...findTexts(program, options),
      adapter: (components) => createAdapter(program, components),
      languageModel: reflectionModelOf,
    },
    selection,
  );
}

export function reflectionModelOf(model: LanguageModel | ReflectionModel): ReflectionModel {
  if (typeof model === 'function') return model;
  const watched = observed(model);
  const ask: ReflectionModel = async ({ prompt, signal, meter }) => {
    const recorder = new Recorder({}, meter);
    const request = { model: watched, prompt, abortSignal: signal, maxRetries: 0 };
    const { text } = await raceSignal(signal, () => recorder.run(() => generateText(request)));
    return { text, ...usageAndFinishReason(recorder.steps) };
  };
  return Object.assign(ask, { metersCalls: true, modelName: watched.modelId });
}
