import type { Agent } from '@mastra/core/agent';
import { noopLogger } from '@mastra/core/logger';
import { RequestContext } from '@mastra/core/request-context';
import { withCandidate } from 'gepa-core/adapter';
import { recordModelCall } from '../trace/record-model-call.ts';
import type { Derivation } from './derivation.ts';
import { type AgentComponents, toolComponentNames } from './discovery.ts';
import { withText } from './instructions.ts';
import { mapMaybePromise } from './maybe-promise.ts';
import { isAgent } from './program.ts';
import { recordProcessors } from './record-processors.ts';
import { recordedTool } from './recorded-tool.ts';
import { type AgentStream, deleteRun, observeSuspension, suspensionError } from './suspension.ts';
import { rewriteTools } from './tool-descriptions.ts';
import { type CallWrapper, wrapModels } from './wrap-models.ts';

interface ModelOptions {
  readonly model?: Agent['model'];
  readonly structuredOutput?: { readonly model?: Agent['model'] };
  /** May select another model for the next step. */
  prepareStep?(step: StepContext): unknown;
}

interface StepContext {
  readonly requestContext?: RequestContext;
}

/** `agent.generate` or `agent.stream`. */
type AgentMethod<Result> = (messages: unknown, options?: ModelOptions) => Promise<Result>;

interface GenerateResult {
  readonly runId: string;
  readonly text?: string;
  readonly object?: unknown;
  readonly finishReason?: string;
  readonly suspendPayload?: { readonly toolName?: string };
}

/** Gives the copy of an agent the candidate's texts, and the derivation's models, sub-agents, workflows and tools. */
export function changeAgent(derivation: Derivation, agent: Agent, copy: Agent): void {
  const { recorder } = derivation;
  const components = derivation.componentsOf(agent);
  const text = derivation.rewrite(components.instructions)?.to;
  const wrapper = callWrapper(derivation, components);
  copy.__markStoredVersionApplied?.();
  copy.model = wrapModels(agent, agent.model, wrapper);

  const changes: Partial<Agent> = {
    getInstructions: (args) =>
      mapMaybePromise(agent.getInstructions(args), (own) => (text === undefined ? own : withText(own, text))),
    getDefaultOptions: (args) =>
      mapMaybePromise(agent.getDefaultOptions(args), (options) => {
        const { memory, instructions, ...rest } = options;
        return {
          ...withWrappedModels(derivation, agent, rest, wrapper),
          ...(memory === undefined || recorder !== undefined ? {} : { memory }),
          ...(instructions === undefined
            ? {}
            : { instructions: text === undefined ? instructions : withText(instructions, text) }),
        } as typeof options;
      }),
    listAgents: (args) =>
      mapMaybePromise(agent.listAgents(args), (agents) =>
        mapValues(agents, (subAgent) => (isAgent(subAgent) ? derivation.agent(subAgent) : subAgent)),
      ),
    listWorkflows: async (args) =>
      mapValues(await agent.listWorkflows(args), (workflow) => derivation.workflow(workflow)),
    listTools: async (args) =>
      mapValues(await agent.listTools(args), (tool, key) => recordedTool(recorder, tool, key)),
    ...(recorder === undefined
      ? {}
      : {
          getMemory: async () => undefined,
          hasOwnMemory: () => false,
          listScorers: async () => ({}),
        }),
  };
  Object.assign(copy, changes, runMethods(derivation, agent, copy, wrapper));
  if (recorder !== undefined) {
    copy.__setLogger(noopLogger);
    recordProcessors(derivation, copy);
    // Results of background tasks would arrive after the rollout.
    (copy as Partial<Agent>).disableBackgroundTasks?.();
  }
}

/** `generate` and `stream` that set the candidate's texts for tunables and record the run as a step of the trace. */
function runMethods(derivation: Derivation, agent: Agent, copy: Agent, wrapper: CallWrapper): Partial<Agent> {
  const { recorder, candidate } = derivation;
  const { name } = derivation.componentsOf(agent);
  const generate = copy.generate.bind(copy) as AgentMethod<GenerateResult>;
  const stream = copy.stream.bind(copy) as AgentMethod<AgentStream>;
  const recorded =
    <Result>(method: AgentMethod<Result>, outputOf: (result: Result) => unknown): AgentMethod<Result> =>
    (messages, options) => {
      const run = () =>
        withCandidate(candidate, () =>
          method(messages, withWrappedModels(derivation, agent, options ?? {}, wrapper)),
        );
      return recorder === undefined
        ? run()
        : recorder.record({ kind: 'agent', name, input: messages }, run, outputOf);
    };
  return {
    generate: handlingSuspension(
      derivation,
      copy,
      recorded(generate, ({ text, object }) => object ?? text),
    ),
    stream: handlingStreamSuspension(
      derivation,
      copy,
      recorded(stream, () => undefined),
    ),
  } as unknown as Partial<Agent>;
}

/** In a rollout, deletes a suspended run and notes it in the recorder. */
function handlingSuspension(
  derivation: Derivation,
  agent: Agent,
  generate: AgentMethod<GenerateResult>,
): AgentMethod<GenerateResult> {
  const { recorder } = derivation;
  if (recorder === undefined) return generate;
  return async (messages, options) => {
    const result = await generate(messages, options);
    if (result.finishReason !== 'suspended') return result;
    recorder.suspension ??= suspensionError(`The agent ${agent.id}`, result.suspendPayload?.toolName);
    await deleteRun(agent, result.runId);
    return result;
  };
}

/** The same for a stream, which also fails: a workflow step would wait forever for a suspended agent. */
function handlingStreamSuspension(
  derivation: Derivation,
  agent: Agent,
  stream: AgentMethod<AgentStream>,
): AgentMethod<AgentStream> {
  const { recorder } = derivation;
  if (recorder === undefined) return stream;
  return async (messages, options) => {
    const isSubAgent = recorder.isInsideAgent;
    const streamed = await stream(messages, options);
    return observeSuspension(streamed, async (tool) => {
      recorder.suspension ??= suspensionError(`The agent ${agent.id}`, tool);
      await deleteRun(agent, streamed.runId);
      if (!isSubAgent) throw recorder.suspension;
    });
  };
}

/** Wraps the models in call options: the agent's model, that of its structured output, and those of `prepareStep`. */
function withWrappedModels<Options extends ModelOptions>(
  derivation: Derivation,
  agent: Agent,
  options: Options,
  wrapper: CallWrapper,
): Options {
  const { model, structuredOutput, prepareStep } = options;
  const structuringWrapper = callWrapper(derivation, { name: agent.id, tools: new Map() });
  return {
    ...options,
    ...(model === undefined ? {} : { model: wrapModels(agent, model, wrapper) }),
    ...(structuredOutput?.model === undefined
      ? {}
      : {
          structuredOutput: {
            ...structuredOutput,
            model: wrapModels(agent, structuredOutput.model, structuringWrapper),
          },
        }),
    ...(prepareStep === undefined ? {} : { prepareStep: wrapPrepareStep(agent, prepareStep, wrapper) }),
  };
}

function wrapPrepareStep(
  agent: Agent,
  prepareStep: NonNullable<ModelOptions['prepareStep']>,
  wrapper: CallWrapper,
): NonNullable<ModelOptions['prepareStep']> {
  return async (step) => {
    const changes = (await prepareStep(step)) as { readonly model?: Agent['model'] } | undefined;
    if (changes?.model === undefined) return changes;
    const model = wrapModels(agent, changes.model, wrapper) as (context: StepContext) => unknown;
    return {
      ...changes,
      model: await model({ requestContext: step.requestContext ?? new RequestContext() }),
    };
  };
}

/** Replaces tool descriptions in each model call and, in a rollout, records the call. */
function callWrapper(derivation: Derivation, { instructions, tools }: AgentComponents): CallWrapper {
  const { recorder } = derivation;
  const rewritten = (options: Parameters<CallWrapper>[1]) =>
    rewriteTools(options, tools, (component) => derivation.rewrite(component));
  if (recorder === undefined) return (_, options, call) => call(rewritten(options));

  return (modelId, original, call) => {
    const options = rewritten(original);
    const offered = (options.tools ?? []).flatMap(({ name }) => {
      const tool = tools.get(name);
      return tool === undefined ? [] : toolComponentNames(tool);
    });
    const components = [...(instructions === undefined ? [] : [instructions]), ...offered];
    return recordModelCall(recorder, { modelId, components }, options, call);
  };
}

function mapValues<Value, Values extends Readonly<Record<string, Value>>>(
  values: Values,
  change: (value: Values[string], key: string) => Value,
): Values {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, change(value as Values[string], key)]),
  ) as Values;
}
