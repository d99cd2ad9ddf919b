import type { RunnableConfig } from '@langchain/core/runnables';
import {
  type ComponentSelectionOptions,
  createTarget,
  type LanguageModel,
  NoComponentsError,
  type ProgramExample,
  type SelectedName,
  type Target,
} from 'gepa-core';
import { createAdapter, type Invocable } from './adapter.ts';
import { fromChatModel } from './language-model.ts';
import { discover, rewrite, type Skipped } from './program/index.ts';

/** What may be said about a program. */
export interface GepaOptions extends ComponentSelectionOptions {
  /**
   * Passed to the program on every rollout: callbacks, tags, configurable values. A function makes one for each
   * rollout, for what must not be shared, such as a session or a thread.
   */
  readonly config?: RunnableConfig | ((example: ProgramExample) => RunnableConfig);
}

/** A LangChain chat model, any runnable that answers a string with a message or a string, or a plain function. */
export type ReflectionModel = Invocable<string> | LanguageModel;

type InputOf<Program> = Program extends { invoke(input: infer Input, ...rest: never): unknown }
  ? Input
  : never;
type OutputOf<Program> = Program extends { invoke(...args: never): Promise<infer Output> } ? Output : never;

/** A LangChain program whose texts can be optimized. */
export interface LangChainTarget<Program, Name extends string = string>
  extends Target<Program, InputOf<Program>, OutputOf<Program>, Name, ReflectionModel> {
  /** What was passed over, with the reason and what would make it reachable. */
  readonly skipped: readonly Skipped[];
}

/**
 * Finds the texts of a LangChain program: prompts in sequences, maps, assigns, bindings, retries, fallbacks, branches
 * and routers. The program itself is never changed.
 *
 * @throws {NoComponentsError} when there is no text to optimize; the message says what was looked at.
 * @throws {OptionsError} when `include`, `exclude` or `rename` name what is not there.
 */
export function gepa<Program extends Invocable<never>, const Options extends GepaOptions = GepaOptions>(
  program: Program,
  options?: Options,
): LangChainTarget<Program, SelectedName<Options>> {
  const { config, include, exclude, rename } = options ?? ({} as Options);
  const named = include?.filter((name) => !name.includes('*'));
  const { components, skipped, inspected } = discover(program, named === undefined ? {} : { include: named });
  if (Object.keys(components).length === 0) {
    const seen = inspected.map(({ type, location }) => `${type} at ${location}`).join('; ');
    const passed = skipped.map(({ location, reason, hint }) => `${location}: ${reason} ${hint}`).join('\n- ');
    throw new NoComponentsError(
      `There is no text to optimize in this program. Looked at: ${seen || 'nothing'}.${passed === '' ? '' : `\nPassed over:\n- ${passed}`}`,
    );
  }
  type Input = InputOf<Program>;
  type Output = OutputOf<Program>;
  const target = createTarget<Program, Input, Output, SelectedName<Options>, ReflectionModel>(
    {
      components,
      apply: (candidate) => rewrite(program, candidate),
      adapter: (selected) =>
        createAdapter<Input, Output>({
          program: program as unknown as Invocable<Input, Output>,
          components: selected,
          ...(config === undefined ? {} : { config }),
        }),
      languageModel: (model) => (typeof model === 'function' ? model : fromChatModel(model)),
    },
    {
      ...(include === undefined ? {} : { include }),
      ...(exclude === undefined ? {} : { exclude }),
      ...(rename === undefined ? {} : { rename }),
    },
  );
  return { ...target, skipped };
}
