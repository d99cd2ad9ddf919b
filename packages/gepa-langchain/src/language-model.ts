import type { RunnableConfig } from '@langchain/core/runnables';
import { type LanguageModel, OptionsError, type PromptImage } from 'gepa-core';
import { imageName, raceSignal, secretsIn, usageAndFinishReason } from 'gepa-core/adapter';
import type { Invocable } from './adapter.ts';
import { clientProblem } from './client-problem.ts';
import { mergeWithAmbient, withHandler } from './program/ambient-config.ts';
import { modelHosts } from './program/model-hosts.ts';
import { modelNames } from './program/model-names.ts';
import { isMessage, isNode, typeName } from './program/node.ts';
import { textOf } from './trace/message.ts';
import { watchRequests } from './trace/request-watch.ts';
import { toSteps } from './trace/steps.ts';
import { RolloutTracer } from './trace/tracer.ts';

/**
 * Makes a reflection model from a LangChain chat model, or from any runnable that takes a string and returns a message or a
 * string, such as a model piped into a StringOutputParser. The usage of all models in it is counted.
 *
 * @param options.readsImages Whether the chat model reads images. It then gets the images of its prompt as content parts.
 *   Default `false`: the prompt only mentions them.
 * @throws {OptionsError} when the value is not such a runnable, or its model cannot create its client, for example without an API
 *   key.
 */
export function fromChatModel(
  model: Invocable<string>,
  options: { readonly readsImages?: boolean } = {},
): LanguageModel {
  if (!isNode(model) || typeof model.invoke !== 'function') {
    throw new OptionsError([
      `The model must be a LangChain chat model or runnable, but it is ${typeName(model)}.`,
    ]);
  }
  const problem = clientProblem(model);
  if (problem !== undefined) throw new OptionsError([`The reflection model cannot be called: ${problem}`]);
  const names = modelNames(model);
  const ask: LanguageModel = async ({ prompt, images = [], signal, meter }) => {
    const input = images.length === 0 ? prompt : [withImages(prompt, images)];
    const tracer = new RolloutTracer(meter, { hosts: () => modelHosts(model) });
    const stopWatching = watchRequests();
    const callbacks = tracer.among(mergeWithAmbient({ callbacks: boundCallbacks(model) }).callbacks);
    const answer = await raceSignal(signal, () =>
      withHandler(tracer, () => model.invoke(input as string, { callbacks, signal })),
    ).finally(stopWatching);
    return { text: readAnswer(answer), ...usageAndFinishReason(toSteps(tracer.roots)) };
  };
  return Object.assign(ask, {
    metersCalls: true,
    readsImages: options.readsImages === true,
    secrets: secretsIn(model),
    modelName: names.length === 1 ? names[0] : undefined,
  });
}

/** A message with images, each after its name in the prompt, in the form that LangChain converts. */
function withImages(prompt: string, images: readonly PromptImage[]): object {
  const parts = images.flatMap((image) => {
    const { mediaType, data } = image;
    const isUrl = /^https?:/.test(data);
    const url = isUrl ? data : `data:${mediaType === 'image/*' ? 'image/png' : mediaType};base64,${data}`;
    return [
      { type: 'text', text: imageName(image) },
      { type: 'image_url', image_url: { url } },
    ];
  });
  return { role: 'user', content: [{ type: 'text', text: prompt }, ...parts] };
}

/** Callbacks of `withConfig`, which a model drops when a call has callbacks of its own. */
function boundCallbacks(model: object): RunnableConfig['callbacks'] {
  return (model as { defaultOptions?: Partial<RunnableConfig> }).defaultOptions?.callbacks;
}

function readAnswer(answer: unknown): string {
  if (typeof answer === 'string') return answer;
  if (isMessage(answer)) return textOf(textParts(answer.content)) ?? '';
  throw new OptionsError([
    `The model must answer with a message or a string, but it answered with ${typeName(answer)}.`,
  ]);
}

/** The text parts of content, without others such as the model's reasoning. */
function textParts(content: unknown): unknown {
  return Array.isArray(content) ? content.filter((part) => isNode(part) && part.type === 'text') : content;
}
