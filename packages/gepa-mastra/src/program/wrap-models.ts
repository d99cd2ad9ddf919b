import type { Agent } from '@mastra/core/agent';
import type { RequestContext } from '@mastra/core/request-context';
import type { CallOptions, CallResult, ModelCall } from '../trace/model-call.ts';
import { modelName } from './model-names.ts';

/** Stands around each call of a model. */
export type AroundCall = (modelName: string, options: CallOptions, call: ModelCall) => Promise<CallResult>;

type ModelOption = Agent['model'];
type ModelConfig = NonNullable<Parameters<Agent['getModel']>[0]>['modelConfig'];
type Context = { requestContext: RequestContext };

/**
 * The models of an agent, single, dynamic or with fallbacks, with something around each of their calls. It stands
 * where Mastra's own loop calls the model, and so sees exactly what the model sees.
 */
export function wrapModels(agent: Agent, option: ModelOption, around: AroundCall): ModelOption {
  const wrapOne = async (config: ModelConfig, { requestContext }: Context) =>
    wrapModel(
      await agent.getModel({ requestContext, ...(config === undefined ? {} : { modelConfig: config }) }),
      around,
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

/** A model that was wrapped may be given back, to be used again. */
const wrappedModels = new WeakSet<object>();

/** A model with something around each of its calls. One that has it already is left as it is. */
export function wrapModel<Model extends object>(model: Model, around: AroundCall): Model {
  if (wrappedModels.has(model)) return model;
  const wrapped = new Proxy(model, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      // Bound, for models keep private fields that a proxy cannot see.
      const method = value.bind(target) as ModelCall;
      if (key !== 'doGenerate' && key !== 'doStream') return method;
      const name = modelName(target) ?? 'model';
      return (options: CallOptions) => around(name, options, method);
    },
  });
  wrappedModels.add(wrapped);
  return wrapped;
}
