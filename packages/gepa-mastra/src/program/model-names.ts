import type { Agent } from '@mastra/core/agent';
import { readSync } from './maybe-promise.ts';
import { originalModel } from './original-model.ts';
import { isAgent } from './program.ts';

/** The name of a model with its provider, as in Mastra's model router: `openai/gpt-5`. Undefined for a dynamic model. */
export function modelName(model: unknown): string | undefined {
  if (typeof model === 'string') return model;
  if (typeof model !== 'object' || model === null) return undefined;
  const { id, provider, providerId, modelId, config } = model as Readonly<Record<string, unknown>>;
  const { routerId } = (config ?? {}) as { routerId?: unknown };
  if (typeof routerId === 'string') return routerId;
  if (typeof modelId !== 'string') return typeof id === 'string' ? id : undefined;
  // AI SDK providers append their API: `openai.responses`.
  const [providerName] = typeof provider === 'string' ? provider.split('.') : [providerId];
  return typeof providerName === 'string' && providerName !== '' ? `${providerName}/${modelId}` : modelId;
}

/** The name of a model in the steps of its calls. */
export function calledName(model: object): string {
  return modelName(model) ?? 'model';
}

/** The names of the models that the agents call, as far as known. `config` applies to the program itself. */
export function modelNames(
  program: unknown,
  agents: Iterable<unknown>,
  config: { readonly model?: unknown; readonly structuredOutput?: { readonly model?: unknown } } = {},
): string[] {
  const ofAgents = [...agents].filter(isAgent).flatMap((agent) => {
    const own = agent === program ? config.model : undefined;
    return modelOptions(agent, own).flatMap((model) => modelName(model) ?? []);
  });
  const structuring = modelName(config.structuredOutput?.model);
  return [...new Set([...ofAgents, ...(structuring === undefined ? [] : [structuring])])];
}

/** The model of the default options, which overrides the agent's own. Undefined when they depend on the request. */
function defaultModel(agent: Agent): unknown {
  const options = readSync<object>(() => agent.getDefaultOptions());
  return 'value' in options ? (options.value as { model?: unknown }).model : undefined;
}

/** The models of an agent, or the one in the options of its calls: one, or a list with fallbacks. */
export function modelOptions(agent: Agent, own?: unknown): unknown[] {
  const option = originalModel(own ?? defaultModel(agent) ?? agent.model);
  if (!Array.isArray(option)) return [option];
  return option
    .filter(({ enabled }: { enabled?: boolean }) => enabled !== false)
    .map(({ model }: { model?: unknown }) => model);
}
