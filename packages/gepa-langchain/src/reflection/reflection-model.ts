import { type LanguageModel, OptionsError } from 'gepa-core';
import type { Invocable } from '../adapter.ts';
import { fromChatModel } from '../language-model.ts';
import { errorMessage } from '../util/error-message.ts';
import { optionalPackage } from '../util/optional-package.ts';

/**
 * The model that reflects on traces: a LangChain chat model, or its name for `initChatModel` of the package
 * `langchain`, such as `'openai:gpt-5'`. Also any runnable from a string to a message or a string, or a function.
 */
export type ReflectionModel = string | Invocable<string> | LanguageModel;

/**
 * @throws {OptionsError} when a name is given and `langchain` or the provider's package is not installed, or when the model
 *   cannot create its client.
 */
export async function resolveReflectionModel(model: ReflectionModel): Promise<LanguageModel> {
  if (typeof model === 'function') return model;
  if (typeof model !== 'string') return fromChatModel(model);
  const { initChatModel } = await optionalPackage(
    'langchain',
    `\`reflectionModel\` "${model}"`,
    () => import('langchain'),
  );
  let created: object;
  try {
    created = await initChatModel(model);
  } catch (cause) {
    throw new OptionsError([`\`reflectionModel\` "${model}" could not be created: ${errorMessage(cause)}`], {
      cause,
    });
  }
  return fromChatModel(created as Invocable<string>);
}
