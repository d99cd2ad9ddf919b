import type { Agent } from '@mastra/core/agent';
import { noopLogger } from '@mastra/core/logger';
import { RequestContext } from '@mastra/core/request-context';
import { withTexts } from 'gepa-core/adapter';
import { recordedCall } from '../trace/record-model-call.ts';
import type { Derivation } from './derivation.ts';
import { watchProcessors } from './derive-processors.ts';
import type { AgentPlan } from './discovery.ts';
import { whenKnown, withText } from './instructions.ts';
import { isAgent } from './program.ts';
import { recordedTool } from './recorded-tool.ts';
import { forgetRun, type Streamed, waitsForPerson, watchSuspension } from './suspension.ts';
import { type ToolPlan, withToolTexts } from './tool-descriptions.ts';
import { type AroundCall, wrapModels } from './wrap-models.ts';

interface ModelOptions {
  readonly model?: Agent['model'];
  readonly structuredOutput?: { readonly model?: Agent['model'] };
  /** May choose another model for the next step. */
  prepareStep?(step: StepContext): unknown;
}

interface StepContext {
  readonly requestContext?: RequestContext;
}

type Entrance<Result> = (messages: unknown, options?: ModelOptions) => Promise<Result>;

interface Answer {
  readonly runId: string;
  readonly text?: string;
  readonly object?: unknown;
  readonly finishReason?: string;
  readonly suspendPayload?: { readonly toolName?: string };
}

/** Gives a copy of an agent the derivation's texts, its models, sub-agents, workflows and tools. */
export function changeAgent(derivation: Derivation, agent: Agent, fork: Agent): void {
  const { recorder } = derivation;
  const plan = derivation.planOf(agent);
  const text = derivation.rewrite(plan.instructions)?.to;
  const around = aroundModel(derivation, plan);
  fork.__markStoredVersionApplied?.();
  fork.model = wrapModels(agent, agent.model, around);

  const changes: Partial<Agent> = {
    getInstructions: (args) =>
      whenKnown(agent.getInstructions(args), (own) => (text === undefined ? own : withText(own, text))),
    getDefaultOptions: (args) =>
      whenKnown(agent.getDefaultOptions(args), (options) => {
        const { memory, instructions, ...rest } = options;
        return {
          ...withModels(derivation, agent, rest, around),
          ...(memory === undefined || recorder !== undefined ? {} : { memory }),
          ...(instructions === undefined
            ? {}
            : { instructions: text === undefined ? instructions : withText(instructions, text) }),
        } as typeof options;
      }),
    listAgents: (args) =>
      whenKnown(agent.listAgents(args), (agents) =>
        mapValues(agents, (subAgent) => (isAgent(subAgent) ? derivation.agent(subAgent) : subAgent)),
      ),
    listWorkflows: async (args) =>
      mapValues(await agent.listWorkflows(args), (workflow) => derivation.workflow(workflow)),
    listTools: async (args) =>
      mapValues(await agent.listTools(args), (tool, key) => recordedTool(derivation, tool, key)),
    ...(recorder === undefined
      ? {}
      : {
          getMemory: async () => undefined,
          hasOwnMemory: () => false,
          listScorers: async () => ({}),
        }),
  };
  Object.assign(fork, changes, entrances(derivation, agent, fork, plan, around));
  if (recorder !== undefined) {
    fork.__setLogger(noopLogger);
    watchProcessors(derivation, fork);
    // Their results would come when the rollout is over.
    (fork as Partial<Agent>).disableBackgroundTasks?.();
  }
}

/** Where runs of an agent begin: tunables have the candidate's texts inside, and the run is a step of the trace. */
function entrances(
  derivation: Derivation,
  agent: Agent,
  fork: Agent,
  plan: AgentPlan,
  around: AroundCall,
): Partial<Agent> {
  const { recorder, texts } = derivation;
  const generate = fork.generate.bind(fork) as Entrance<Answer>;
  const stream = fork.stream.bind(fork) as Entrance<Streamed>;
  const inside =
    <Result>(call: Entrance<Result>, outputOf: (result: Result) => unknown): Entrance<Result> =>
    (messages, options) => {
      const run = () =>
        withTexts(texts, () => call(messages, withModels(derivation, agent, options ?? {}, around)));
      return recorder === undefined
        ? run()
        : recorder.around({ kind: 'agent', name: plan.name, input: messages }, run, outputOf);
    };
  return {
    generate: forgetting(derivation, fork, inside(generate, answerOf)),
    stream: endingWhenSuspended(
      derivation,
      fork,
      inside(stream, () => undefined),
    ),
  } as unknown as Partial<Agent>;
}

/** In a rollout, a run that waits for a person leaves nothing behind that could go on. */
function forgetting(derivation: Derivation, agent: Agent, generate: Entrance<Answer>): Entrance<Answer> {
  const { recorder } = derivation;
  if (recorder === undefined) return generate;
  return async (messages, options) => {
    const answer = await generate(messages, options);
    if (answer.finishReason !== 'suspended') return answer;
    recorder.waiting ??= waitsForPerson(`The agent ${agent.id}`, answer.suspendPayload?.toolName);
    await forgetRun(agent, answer.runId);
    return answer;
  };
}

/** The same for a stream; and a step of a workflow, which would wait for its end for ever, fails. */
function endingWhenSuspended(
  derivation: Derivation,
  agent: Agent,
  stream: Entrance<Streamed>,
): Entrance<Streamed> {
  const { recorder } = derivation;
  if (recorder === undefined) return stream;
  return async (messages, options) => {
    const isDelegated = recorder.isInsideAgent;
    const streamed = await stream(messages, options);
    return watchSuspension(streamed, async (tool) => {
      recorder.waiting ??= waitsForPerson(`The agent ${agent.id}`, tool);
      await forgetRun(agent, streamed.runId);
      if (!isDelegated) throw recorder.waiting;
    });
  };
}

/** Options with something around the models they name: one in place of the agent's own, one that shapes the output. */
function withModels<Options extends ModelOptions>(
  derivation: Derivation,
  agent: Agent,
  options: Options,
  around: AroundCall,
): Options {
  const { model, structuredOutput, prepareStep } = options;
  const shaping = aroundModel(derivation, { name: agent.id, tools: new Map() });
  return {
    ...options,
    ...(model === undefined ? {} : { model: wrapModels(agent, model, around) }),
    ...(structuredOutput?.model === undefined
      ? {}
      : {
          structuredOutput: {
            ...structuredOutput,
            model: wrapModels(agent, structuredOutput.model, shaping),
          },
        }),
    ...(prepareStep === undefined ? {} : { prepareStep: preparingStep(agent, prepareStep, around) }),
  };
}

function preparingStep(
  agent: Agent,
  prepareStep: NonNullable<ModelOptions['prepareStep']>,
  around: AroundCall,
): NonNullable<ModelOptions['prepareStep']> {
  return async (step) => {
    const changes = (await prepareStep(step)) as { readonly model?: Agent['model'] } | undefined;
    if (changes?.model === undefined) return changes;
    const model = wrapModels(agent, changes.model, around) as (context: StepContext) => unknown;
    return {
      ...changes,
      model: await model({ requestContext: step.requestContext ?? new RequestContext() }),
    };
  };
}

function aroundModel(derivation: Derivation, plan: AgentPlan): AroundCall {
  const { recorder } = derivation;
  const changed = (options: Parameters<AroundCall>[1]) =>
    withToolTexts(options, plan.tools, (component) => derivation.rewrite(component));
  if (recorder === undefined) return (_, options, call) => call(changed(options));

  return (modelId, given, call) => {
    const options = changed(given);
    const offered = (options.tools ?? []).flatMap(({ name }) => componentsOf(plan.tools.get(name)));
    const components = [...(plan.instructions === undefined ? [] : [plan.instructions]), ...offered];
    return recordedCall(recorder, { modelId, components }, options, call);
  };
}

/** What an agent gave: its object where it was asked for one, else its text. */
function answerOf({ text, object }: Answer): unknown {
  return object ?? text;
}

function componentsOf(plan: ToolPlan | undefined): string[] {
  if (plan === undefined) return [];
  return [...(plan.description === undefined ? [] : [plan.description]), ...plan.fields.values()];
}

function mapValues<Value, Values extends Readonly<Record<string, Value>>>(
  values: Values,
  change: (value: Values[string], key: string) => Value,
): Values {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, change(value as Values[string], key)]),
  ) as Values;
}
