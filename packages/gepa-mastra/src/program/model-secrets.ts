import type { Agent } from '@mastra/core/agent';
import { secretsIn } from 'gepa-core/adapter';
import { readSync } from './maybe-promise.ts';
import { originalModel } from './original-model.ts';
import { isAgent } from './program.ts';

/** The API keys of the models that the agents call, and those in other values, such as the options of a rollout. */
export function modelSecrets(agents: Iterable<unknown>, ...others: readonly unknown[]): string[] {
  const options = [...agents].filter(isAgent).flatMap((agent) => [agent, defaultOptions(agent)]);
  const values = [...options, ...others];
  return [...new Set(secretsIn([...values, ...values.flatMap(modelsOf).map(headersOf)]))];
}

function defaultOptions(agent: Agent): unknown {
  const options = readSync<object>(() => agent.getDefaultOptions());
  return 'value' in options ? options.value : undefined;
}

/** The models of an agent, of options, or of their structured output. */
function modelsOf(owner: unknown): unknown[] {
  if (typeof owner !== 'object' || owner === null) return [];
  const { model: option, structuredOutput } = owner as {
    readonly model?: unknown;
    readonly structuredOutput?: unknown;
  };
  const model = originalModel(option);
  const models = Array.isArray(model)
    ? model.map((entry: { readonly model?: unknown } | null) => entry?.model)
    : [model];
  return [...models, ...modelsOf(structuredOutput)];
}

/** The headers of a model of the AI SDK, which keeps its key in a function that makes them. */
function headersOf(model: unknown): unknown {
  try {
    const { headers } = (model as { readonly config: { readonly headers?: unknown } }).config;
    const made: unknown = typeof headers === 'function' ? (headers as () => unknown)() : undefined;
    // Some providers fetch a token first; ignore its errors here.
    if (made instanceof Promise) made.catch(() => {});
    return made;
  } catch {
    // Without a key, they throw.
    return undefined;
  }
}
