import { Agent } from '@mastra/core/agent';
import type { MastraModelConfig } from '@mastra/core/llm';
import type { Mastra } from '@mastra/core/mastra';
import { GepaError, type LanguageModel, OptionsError, type PromptImage } from 'gepa-core';
import { imageName, raceSignal, usageAndFinishReason } from 'gepa-core/adapter';
import { deriveProgram } from './program/derive-program.ts';
import { modelNames, modelOptions } from './program/model-names.ts';
import { modelSecrets } from './program/model-secrets.ts';
import { isAgent, typeName } from './program/program.ts';
import { classifyModelError, missingApiKey } from './program/unusable-model.ts';
import { recordingOf } from './recording/rollout-recording.ts';
import { tagged } from './trace/observability.ts';
import { Recorder } from './trace/recorder.ts';

/** A model as Mastra takes it (`'openai/gpt-5'`, `{ id, url }`, a model object), an agent, or a plain function. */
export type ReflectionModel = MastraModelConfig | Agent | LanguageModel;

/**
 * Makes a reflection model from a model of Mastra, or from an agent. Its usage is counted.
 *
 * @param options.readsImages Whether the model reads images. It then gets the images of its prompt as content parts.
 *   Default `false`: the prompt only mentions them.
 * @throws {OptionsError} when the value is neither.
 */
export function fromModel(
  model: ReflectionModel,
  options: { readonly readsImages?: boolean } = {},
): LanguageModel {
  if (typeof model === 'function') return model;
  const agent = isAgent(model) ? model : agentOf(model);
  if (agent === model) checkKey(`agent ${agent.id}`, keysMissingOf(agent));
  const discovery = { components: {}, agents: new Map() };
  const names = modelNames(agent, [agent]);
  const ask: LanguageModel = async ({ prompt, images = [], signal, meter }) => {
    const input = images.length === 0 ? prompt : [withImages(prompt, images)];
    const recorder = new Recorder(meter);
    const result = await raceSignal(signal, () =>
      deriveProgram(agent, { discovery, candidate: {}, recording: recordingOf(recorder) }).generate(
        input as string,
        {
          abortSignal: signal,
          scorers: {},
          tracingOptions: tagged(),
        },
      ),
    ).catch((error: unknown) => {
      throw classifyModelError(error);
    });
    // Mastra ends an aborted call quietly, with an empty answer.
    if (result.finishReason === 'aborted') {
      throw signal.reason ?? new GepaError('The reflection model was aborted before it answered.');
    }
    return { text: result.text, ...usageAndFinishReason(recorder.steps) };
  };
  return Object.assign(ask, {
    metersCalls: true,
    readsImages: options.readsImages === true,
    secrets: modelSecrets([agent]),
    modelName: names.length === 1 ? names[0] : undefined,
  });
}

/** A message with images in the form of the AI SDK, each after its name in the prompt. */
function withImages(prompt: string, images: readonly PromptImage[]): object {
  const parts = images.flatMap((image) => [
    { type: 'text', text: imageName(image) },
    {
      type: 'image',
      image: /^https?:/.test(image.data) ? new URL(image.data) : image.data,
      ...(image.mediaType === 'image/*' ? {} : { mediaType: image.mediaType, mimeType: image.mediaType }),
    },
  ]);
  return { role: 'user', content: [{ type: 'text', text: prompt }, ...parts] };
}

function agentOf(model: unknown): Agent {
  const isModel =
    typeof model === 'string' ||
    (typeof model === 'object' && model !== null && ('id' in model || 'modelId' in model));
  if (!isModel) {
    throw new OptionsError([
      `The reflectionModel must be a model as Mastra takes it ('provider/model', { id, url }, a model object), an agent, or a function, but it is ${typeName(model)}.`,
    ]);
  }
  if (typeof model === 'string' && !model.includes('/')) {
    throw new OptionsError([
      `The reflectionModel "${model}" names no provider: write it as 'provider/model', such as 'openai/${model}'.`,
    ]);
  }
  checkKey(typeof model === 'string' ? model : (model as { id: string }).id, missingApiKey(model));
  return new Agent({
    id: 'gepa-reflection',
    name: 'GEPA reflection',
    instructions: '',
    model: model as MastraModelConfig,
    // Older versions of Mastra let the model continue an answer that was cut off.
    defaultOptions: { maxSteps: 1 },
  });
}

function checkKey(name: string, missing: string | undefined): void {
  if (missing === undefined) return;
  throw new OptionsError([
    `The reflectionModel ${name} needs an API key: set ${missing}, or give { id, apiKey }.`,
  ]);
}

/** The variables of missing API keys, if none of the agent's models has its key. Gateways of its Mastra instance may have others. */
function keysMissingOf(agent: Agent): string | undefined {
  const mastra = agent.getMastraInstance() as Partial<Mastra> | undefined;
  if (Object.keys(mastra?.listGateways?.() ?? {}).length > 0) return undefined;
  const missing = modelOptions(agent).map(missingApiKey);
  return missing.includes(undefined) ? undefined : [...new Set(missing)].join(' or ') || undefined;
}
