import type { Agent } from '@mastra/core/agent';
import type { RequestContext } from '@mastra/core/request-context';
import type { CallOptions, CallResult, ModelCall } from '../trace/model-call.ts';
import { modelName } from './model-names.ts';

/** Called in place of each model call; `call` makes the original call. */
export type CallWrapper = (modelName: string, options: CallOptions, call: ModelCall) => Promise<CallResult>;

type ModelOption = Agent['model'];
type ModelConfig = NonNullable<Parameters<Agent['getModel']>[0]>['modelConfig'];
type Context = { requestContext: RequestContext };

/**
 * Wraps each call of an agent's models: a single model, a dynamic one, or a list with fallbacks. Mastra's agent loop
 * calls the wrapped model, so the wrapper sees exactly the input that the model gets.
 */
export function wrapModels(agent: Agent, option: ModelOption, wrapper: CallWrapper): ModelOption {
  const wrapOne = async (config: ModelConfig, { requestContext }: Context) =>
    wrapModel(
      await agent.getModel({ requestContext, ...(config === undefined ? {} : { modelConfig: config }) }),
      wrapper,
    );
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
  return wrapped as ModelOption;
}

const wrappedModels = new WeakSet<object>();

/** Wraps each call of a model. A model that is wrapped already is returned as it is. */
export function wrapModel<Model extends object>(model: Model, wrapper: CallWrapper): Model {
  if (wrappedModels.has(model)) return model;
  const wrapped = new Proxy(model, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      // Private fields of the model are not accessible through the proxy.
      const method = value.bind(target) as ModelCall;
      if (key !== 'doGenerate' && key !== 'doStream') return method;
      const name = modelName(target) ?? 'model';
      return (options: CallOptions) => wrapper(name, options, method);
    },
  });
  wrappedModels.add(wrapped);
  return wrapped;
}
