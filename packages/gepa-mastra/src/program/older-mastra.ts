import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent } from '@mastra/core/agent';
import type { MessageListInput } from '@mastra/core/agent/message-list';
import type { RequestContext } from '@mastra/core/request-context';

// What older versions of @mastra/core cannot do by themselves, found out by what is there, not by version numbers.

/** A copy of an agent that can be changed by itself. Mastra makes one from 1.25 on. */
export function copyOfAgent(agent: Agent): Agent {
  return (agent as Partial<Agent>).__fork?.() ?? rebuilt(agent);
}

/** An agent made of what another tells of itself, asked anew for each request. */
function rebuilt(agent: Agent): Agent {
  const { id, name, model, maxRetries } = agent;
  const mastra = agent.getMastraInstance();
  const { requestContextSchema, browser, listConfiguredInputProcessors } = agent as Partial<Agent>;
  const copy = new Agent({
    id,
    name,
    model,
    ...(maxRetries === undefined ? {} : { maxRetries }),
    description: agent.getDescription(),
    instructions: (args) => agent.getInstructions(args),
    defaultOptions: (args) => agent.getDefaultOptions(args),
    defaultNetworkOptions: (args) => agent.getDefaultNetworkOptions(args),
    defaultGenerateOptionsLegacy: (args) => agent.getDefaultGenerateOptionsLegacy(args),
    defaultStreamOptionsLegacy: (args) => agent.getDefaultStreamOptionsLegacy(args),
    tools: (args) => agent.listTools(args),
    scorers: (args) => agent.listScorers(args),
    inputProcessors: ({ requestContext }) => agent.listConfiguredInputProcessors(requestContext),
    outputProcessors: ({ requestContext }) => agent.listConfiguredOutputProcessors(requestContext),
    ...(agent.hasOwnMemory() ? { memory: async (args) => (await agent.getMemory(args))! } : {}),
    ...(mastra === undefined ? {} : { mastra }),
    ...(requestContextSchema === undefined ? {} : { requestContextSchema }),
    ...(browser === undefined ? {} : { browser }),
  });
  if ('getWorkspace' in agent) copy.getWorkspace = (args) => agent.getWorkspace(args);
  // Before 1.1 an agent tells of its processors only together with those of its memory, which do nothing where a call has
  // no thread.
  if (listConfiguredInputProcessors === undefined) {
    Object.assign(copy, {
      listResolvedInputProcessors: agent.listInputProcessors.bind(agent),
      listResolvedOutputProcessors: agent.listOutputProcessors.bind(agent),
    });
  }
  return copy;
}

/** The tools of an agent; those of an asynchronous function are a promise. */
export function toolsOf(agent: Agent, requestContext: RequestContext): unknown {
  const { tools } = (agent as Partial<Agent>).__getOverridableFields?.() ?? {
    tools: agent.listTools({ requestContext }),
  };
  const mastra = agent.getMastraInstance();
  return typeof tools === 'function'
    ? tools({ requestContext, ...(mastra === undefined ? {} : { mastra }) })
    : tools;
}

/** A step as `createStep` makes it, as far as it is looked at here. */
interface AgentStep {
  readonly component?: string;
  execute(context: never): unknown;
}

const heard = new WeakMap<object, Agent | undefined>();

/**
 * The agent behind a step that does not name it, as steps do from 1.57 on. The first thing such a step does is to ask
 * its agent for the model: it is stopped right there, before anything else can run.
 */
export function agentBehind(step: object): Agent | undefined {
  const { component, execute } = step as Partial<AgentStep>;
  if (component !== 'AGENT' || typeof execute !== 'function') return undefined;
  if (heard.has(step)) return heard.get(step);
  heard.set(step, undefined);
  const { getModel, getLLM } = Agent.prototype;
  const listen = function (this: Agent): never {
    heard.set(step, this);
    throw new Error('Heard.');
  };
  // An agent that answers by methods of its own is stopped at the prompt, before its model is called.
  const stop = {
    get prompt(): never {
      throw new Error('Not heard.');
    },
  };
  Object.assign(Agent.prototype, { getModel: listen, getLLM: listen });
  try {
    Promise.resolve(execute.call(step, { inputData: stop } as never)).catch(() => {});
  } catch {
    // It was no step of this kind.
  } finally {
    Object.assign(Agent.prototype, { getModel, getLLM });
  }
  return heard.get(step);
}

type Stream = (
  messages: MessageListInput,
  options?: { readonly onError?: (event: { readonly error: unknown }) => unknown },
) => Promise<unknown>;

interface StandIn {
  readonly agent: Agent;
  readonly fail: (error: unknown) => void;
}

/** Who answers in an agent's place, for what is called from here. */
const standIns = new AsyncLocalStorage<ReadonlyMap<Agent, StandIn>>();

/** How many calls need the detour of an agent now, and what takes it away again. */
const detours = new Map<Agent, { calls: number; readonly remove: () => void }>();

/**
 * Calls a step with a copy in its agent's place, where the agent itself is out of reach. Whoever else calls the agent
 * meanwhile gets the agent.
 */
export async function withStandIn<Result>(
  agent: Agent,
  standIn: Agent,
  call: () => Result | Promise<Result>,
): Promise<Result> {
  const detour = detours.get(agent) ?? { calls: 0, remove: addDetour(agent) };
  detours.set(agent, detour);
  detour.calls++;
  const failingWith = (fail: StandIn['fail']) =>
    standIns.run(new Map(standIns.getStore()).set(agent, { agent: standIn, fail }), call);
  try {
    // Older steps wait for ever when their model fails.
    return await new Promise<Result>((resolve, reject) => {
      Promise.resolve(failingWith(reject)).then(resolve, reject);
    });
  } finally {
    detour.calls--;
    if (detour.calls === 0) {
      detours.delete(agent);
      detour.remove();
    }
  }
}

function addDetour(agent: Agent): () => void {
  const undos = (['stream', 'streamLegacy'] as const).map((method) => {
    const own = Object.getOwnPropertyDescriptor(agent, method);
    const stream = agent[method].bind(agent) as Stream;
    const value: Stream = (messages, options) => {
      const standIn = standIns.getStore()?.get(agent);
      if (standIn === undefined) return stream(messages, options);
      const onError = async (event: { readonly error: unknown }) => {
        standIn.fail(event.error);
        await options?.onError?.(event);
      };
      return (standIn.agent[method].bind(standIn.agent) as Stream)(messages, { ...options, onError });
    };
    Object.defineProperty(agent, method, { value, configurable: true, writable: true, enumerable: false });
    return () => {
      if (own === undefined) Reflect.deleteProperty(agent, method);
      else Object.defineProperty(agent, method, own);
    };
  });
  return () => {
    for (const undo of undos) undo();
  };
}
