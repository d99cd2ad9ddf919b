import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent } from '@mastra/core/agent';
import type { MessageListInput } from '@mastra/core/agent/message-list';
import type { RequestContext } from '@mastra/core/request-context';
import { withoutCandidate } from 'gepa-core/load';
import { copyWith } from './copy-with.ts';

// Replacements for features that older versions of @mastra/core lack. Each checks for the feature, not for a version.

/** A new agent that reads its configuration from another one at each request. Mastra can copy agents since 1.25. */
export function rebuilt(agent: Agent): Agent {
  const { id, name, model, maxRetries, requestContextSchema, browser } = agent;
  const copy = new Agent({
    id,
    name,
    model,
    maxRetries: maxRetries!,
    requestContextSchema: requestContextSchema!,
    browser: browser!,
    mastra: agent.getMastraInstance()!,
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
    ...(agent.hasOwnMemory()
      ? { memory: async (args) => (await withoutCandidate(() => agent.getMemory(args)))! }
      : {}),
  });
  // A function that returns no text is refused there; the reflection agent has none.
  copy.getInstructions = (args) => agent.getInstructions(args);
  if ('getWorkspace' in agent) copy.getWorkspace = (args) => agent.getWorkspace(args);
  // Before 1.1, the configured processors can be listed only together with those of memory. The latter do nothing in
  // calls without a thread.
  if ((agent as Partial<Agent>).listConfiguredInputProcessors === undefined) {
    Object.assign(copy, {
      listResolvedInputProcessors: agent.listInputProcessors.bind(agent),
      listResolvedOutputProcessors: agent.listOutputProcessors.bind(agent),
    });
  }
  return copy;
}

/** The tools of an agent, or a promise of them when they come from an asynchronous function. */
export function toolsOf(agent: Agent, requestContext: RequestContext): unknown {
  const { tools } = (agent as Partial<Agent>).__getOverridableFields?.() ?? {
    tools: agent.listTools({ requestContext }),
  };
  const mastra = agent.getMastraInstance();
  return typeof tools === 'function' ? tools({ requestContext, mastra }) : tools;
}

/** The part of a step from `createStep(agent)` that is read here. */
interface AgentStep {
  readonly component?: string;
  execute(context: never): unknown;
}

/** A copy of a step from `createStep(agent)` whose calls of the agent go to `replacement`. */
export function replaceAgent<Step extends AgentStep>(
  step: Step,
  agent: Agent,
  replacement: Agent,
  options: object | undefined,
): Step {
  const copy = copyWith(step, {
    ...options,
    execute: (context: never) => withReplacement(agent, replacement, () => step.execute(context)),
  });
  capturedAgents.set(copy, replacement);
  return copy;
}

const capturedAgents = new WeakMap<object, Agent | undefined>();

/**
 * The agent of a step from `createStep(agent)`. Before 1.57, such a step has no reference to its agent. The step is
 * executed to capture the agent: it first requests the agent's model, which throws here before anything else runs.
 */
export function captureAgent(step: object): Agent | undefined {
  const { component, execute } = step as Partial<AgentStep>;
  if (component !== 'AGENT' || typeof execute !== 'function') return undefined;
  if (capturedAgents.has(step)) return capturedAgents.get(step);
  capturedAgents.set(step, undefined);
  const { getModel, getLLM } = Agent.prototype;
  const capture = function (this: Agent): never {
    capturedAgents.set(step, this);
    throw new Error('captured');
  };
  // A subclass with its own getModel is stopped when the step reads the prompt, before it calls a model.
  const inputData = {
    get prompt(): never {
      throw new Error('not captured');
    },
  };
  Object.assign(Agent.prototype, { getModel: capture, getLLM: capture });
  try {
    Promise.resolve(execute.call(step, { inputData } as never)).catch(() => {});
  } catch {
    // The step does not run an agent of this class.
  } finally {
    Object.assign(Agent.prototype, { getModel, getLLM });
  }
  return capturedAgents.get(step);
}

type Stream = (
  messages: MessageListInput,
  options?: { readonly onError?: (event: { readonly error: unknown }) => unknown },
) => Promise<unknown>;

interface Replacement {
  readonly agent: Agent;
  readonly fail: (error: unknown) => void;
}

/** The agents that replace others within the current call. */
const replacements = new AsyncLocalStorage<ReadonlyMap<Agent, Replacement>>();

/** The agents whose methods are redirected now, with the number of calls that need it. */
const redirects = new Map<Agent, { calls: number; readonly remove: () => void }>();

/**
 * Calls a function in which calls of `agent` go to `replacement`, for steps whose agent cannot be exchanged. Other calls
 * of the agent at the same time are not affected.
 */
async function withReplacement<Result>(
  agent: Agent,
  replacement: Agent,
  call: () => Result | Promise<Result>,
): Promise<Result> {
  const redirect = redirects.get(agent) ?? { calls: 0, remove: redirectMethods(agent) };
  redirects.set(agent, redirect);
  redirect.calls++;
  const callWith = (fail: Replacement['fail']) =>
    replacements.run(new Map(replacements.getStore()).set(agent, { agent: replacement, fail }), call);
  try {
    // Steps of older versions never end when their model fails.
    return await new Promise<Result>((resolve, reject) => {
      Promise.resolve(callWith(reject)).then(resolve, reject);
    });
  } finally {
    redirect.calls--;
    if (redirect.calls === 0) {
      redirects.delete(agent);
      redirect.remove();
    }
  }
}

/** Redirects the agent's stream methods to its replacement in `replacements`; returns a function that undoes it. */
function redirectMethods(agent: Agent): () => void {
  const undos = (['stream', 'streamLegacy'] as const).map((method) => {
    const own = Object.getOwnPropertyDescriptor(agent, method);
    const stream = agent[method].bind(agent) as Stream;
    const value: Stream = (messages, options) => {
      const replacement = replacements.getStore()?.get(agent);
      if (replacement === undefined) return stream(messages, options);
      const onError = async (event: { readonly error: unknown }) => {
        replacement.fail(event.error);
        await options?.onError?.(event);
      };
      return (replacement.agent[method].bind(replacement.agent) as Stream)(messages, { ...options, onError });
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
