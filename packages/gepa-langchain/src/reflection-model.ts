import { type LanguageModel, OptionsError } from 'gepa-core';
import type { Invocable } from './adapter.ts';
import { fromChatModel } from './language-model.ts';
import { optionalPackage } from './optional-package.ts';

/**
 * A LangChain chat model; its name for `initChatModel` of the package langchain, such as `'openai:gpt-5'`; any
 * runnable that answers a string with a message or a string; or a plain function.
 */
export type ReflectionModel = string | Invocable<string> | LanguageModel;

/** @throws OptionsError when a name is given and langchain, or the provider's package, is not installed. */
export async function resolveReflectionModel(model: ReflectionModel): Promise<LanguageModel> {
  if (typeof model === 'function') return model;
  if (typeof model !== 'string') return fromChatModel(model);
  const { initChatModel } = await optionalPackage(
    'langchain',
    `\`reflectionModel\` "${model}"`,
    () => import('langchain'),
  );
  try {
    return fromChatModel((await initChatModel(model)) as unknown as Invocable<string>);
  } catch (cause) {
    throw new OptionsError(
      [
        `\`reflectionModel\` "${model}" could not be made: ${cause instanceof Error ? cause.message : String(cause)}`,
      ],
      { cause },
    );
  }
}
