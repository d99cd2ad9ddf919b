import type { Agent } from '@mastra/core/agent';
import { isAgent, isPromise } from './program.ts';

/**
 * The name of a model with its provider, as Mastra's router takes it: `openai/gpt-5`. `undefined` for what is chosen
 * when it is called.
 */
export function modelName(model: unknown): string | undefined {
  if (typeof model === 'string') return model;
  if (typeof model !== 'object' || model === null) return undefined;
  const { id, provider, providerId, modelId, config } = model as Readonly<Record<string, unknown>>;
  const { routerId } = (config ?? {}) as { routerId?: unknown };
  if (typeof routerId === 'string') return routerId;
  if (typeof modelId !== 'string') return typeof id === 'string' ? id : undefined;
  // Providers of the AI SDK name their API too: `openai.responses`.
  const [of] = typeof provider === 'string' ? provider.split('.') : [providerId];
  return typeof of === 'string' && of !== '' ? `${of}/${modelId}` : modelId;
}

/** The names of the models that agents are known to call. `config` is what the program itself is called with. */
export function modelNames(
  program: unknown,
  agents: Iterable<unknown>,
  config: { readonly model?: unknown; readonly structuredOutput?: { readonly model?: unknown } } = {},
): string[] {
  const ofAgents = [...agents].filter(isAgent).flatMap((agent) => {
    const own = agent === program ? config.model : undefined;
    return optionNames(own ?? defaultModel(agent) ?? agent.model);
  });
  const shaping = modelName(config.structuredOutput?.model);
  return [...new Set([...ofAgents, ...(shaping === undefined ? [] : [shaping])])];
}

/** The model of the default options wins over the agent's own. */
function defaultModel(agent: Agent): unknown {
  try {
    const options = agent.getDefaultOptions();
    if (!isPromise(options)) return (options as { model?: unknown }).model;
    options.then(undefined, () => {});
    return undefined;
  } catch {
    return undefined; // What they are depends on the request.
  }
}

/** A model, or several of which one steps in for the other. */
function optionNames(option: unknown): string[] {
  const models = Array.isArray(option)
    ? option
        .filter(({ enabled }: { enabled?: boolean }) => enabled !== false)
        .map(({ model }: { model?: unknown }) => model)
    : [option];
  return models.flatMap((model) => modelName(model) ?? []);
}
