import type { Agent } from '@mastra/core/agent';
import type { RequestContext } from '@mastra/core/request-context';
import type { CallOptions, CallResult, ModelCall } from '../trace/model-call.ts';
import { noteOriginal } from './original-model.ts';

/** Called in place of each model call; `call` makes the original call. */
export type CallWrapper = (model: object, options: CallOptions, call: ModelCall) => Promise<CallResult>;

type ModelOption = Agent['model'];
type ModelConfig = NonNullable<Parameters<Agent['getModel']>[0]>['modelConfig'];
type Context = { requestContext: RequestContext };

/**
 * Wraps each call of an agent's models: a single model, a dynamic one, or a list with fallbacks. Mastra's agent loop
 * calls the wrapped model, so the wrapper sees exactly the input that the model gets.
 *
 * @param owner wraps a model at most once.
 */
export function wrapModels(
  agent: Agent,
  option: ModelOption,
  wrapper: CallWrapper,
  owner: object,
): ModelOption {
  const wrapOne = async (config: ModelConfig, { requestContext }: Context) =>
    wrapModel(await agent.getModel({ requestContext, modelConfig: config }), wrapper, owner);
  const wrapAny = (config: unknown, context?: Context): unknown => {
    if (Array.isArray(config)) {
      return config.map((entry: { model: ModelConfig }) => ({
        ...entry,
        model: (inner: Context) => wrapOne(entry.model, inner),
      }));
    }
    return context === undefined
      ? (inner: Context) => wrapOne(config as ModelConfig, inner)
      : wrapOne(config as ModelConfig, context);
  };
  const wrapped =
    typeof option === 'function'
      ? async (context: Parameters<typeof option>[0]) => wrapAny(await option(context), context)
      : wrapAny(option);
  noteOriginal(wrapped as object, option);
  return wrapped as ModelOption;
}

interface WrappedModel {
  readonly model: object;
  readonly wrapper: CallWrapper;
  readonly owners: readonly object[];
}

const wrappedModels = new WeakMap<object, WrappedModel>();

/**
 * Wraps each call of a model. The wrappers of several owners run in the order in which they were added, so that each
 * sees the input as the earlier ones changed it.
 */
export function wrapModel<Model extends object>(model: Model, wrapper: CallWrapper, owner: object): Model {
  const earlier = wrappedModels.get(model);
  if (earlier === undefined) return proxyOf(model, { model, wrapper, owners: [owner] });
  if (earlier.owners.includes(owner)) return model;
  return proxyOf(earlier.model as Model, {
    model: earlier.model,
    wrapper: (called, options, call) =>
      earlier.wrapper(called, options, (changed) => wrapper(called, changed, call)),
    owners: [...earlier.owners, owner],
  });
}

function proxyOf<Model extends object>(model: Model, wrapped: WrappedModel): Model {
  const proxy = new Proxy(model, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      // Private fields of the model are not accessible through the proxy.
      const method = value.bind(target) as ModelCall;
      if (key !== 'doGenerate' && key !== 'doStream') return method;
      return (options: CallOptions) => wrapped.wrapper(target, options, method);
    },
  });
  wrappedModels.set(proxy, wrapped);
  return proxy;
}
