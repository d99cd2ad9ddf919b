import type { Agent } from '@mastra/core/agent';
import { RequestContext } from '@mastra/core/request-context';
import type { Derivation, ModelOptions, PrepareStep, StepContext } from './derivation.ts';
import { type AgentComponents, noComponents } from './discovery.ts';
import { type InstructionsChange, replaceInstructions, textsChange } from './instructions.ts';
import { mapMaybePromise } from './maybe-promise.ts';
import { isAgent } from './program.ts';
import { changeRunMethods } from './run-methods.ts';
import { addToolTexts, descriptionOf, rewriteTools, withDescription } from './tool-descriptions.ts';
import { type CallWrapper, wrapModels } from './wrap-models.ts';

/** Gives the copy of an agent the candidate's texts, and the derivation's models, sub-agents, workflows and tools. */
export function changeAgent(derivation: Derivation, agent: Agent, copy: Agent): void {
  const { recording } = derivation;
  const components = derivation.componentsOf(agent);
  const instructions = newInstructions(derivation, copy, components);
  const toolTexts = {
    tools: components.tools,
    rewriteOf: derivation.rewrite,
  };
  let hasStoredTools = false;
  const wrapper = callWrapper(derivation, components, () => hasStoredTools);
  const getDefaultOptions = copy.getDefaultOptions.bind(copy);
  const listTools = copy.listTools.bind(copy);
  const setTools = copy.__setTools.bind(copy);
  addToolTexts(agent, copy, toolTexts);
  copy.model = wrapModels(copy, copy.model, wrapper, derivation);
  if (instructions !== undefined) replaceInstructions(copy, instructions);

  const changes: Partial<Agent> = {
    getDefaultOptions: (args) =>
      mapMaybePromise(getDefaultOptions(args), (options) => {
        const { memory: _memory, ...withoutMemory } = options;
        const own = components.blocks === undefined ? options.instructions : undefined;
        return {
          ...withWrappedModels(derivation, copy, recording === undefined ? options : withoutMemory, wrapper),
          ...(instructions !== undefined && own !== undefined && { instructions: instructions(own) }),
        } as typeof options;
      }),
    listAgents: (args) =>
      mapMaybePromise(agent.listAgents(args), (agents) =>
        mapValues(agents, (subAgent, key) => {
          if (!isAgent(subAgent)) return subAgent;
          const derived = registered(derivation.agent(subAgent), copy);
          const description = descriptionOf(toolTexts, `agent-${key}`, subAgent.getDescription());
          derived.getDescription = () => description;
          return derived;
        }),
      ),
    listWorkflows: async (args) =>
      mapValues(await agent.listWorkflows(args), (workflow, key) => {
        const derived = registered(derivation.workflow(workflow), copy);
        const tool = derivation.workflowTool(workflow);
        if (tool !== undefined) components.tools.set(`workflow-${key}`, tool);
        const description = descriptionOf(toolTexts, `workflow-${key}`, workflow.description ?? '');
        return Object.assign(derived, { description });
      }),
    // Older versions of Mastra list tools synchronously.
    listTools: ((args) =>
      mapMaybePromise(listTools(args), (offered) =>
        mapValues(offered, (tool, key) =>
          derivation.tool(hasStoredTools ? tool : withDescription(toolTexts, tool, key), key),
        ),
      )) as Agent['listTools'],
    // Studio applies the tools of a draft, whose descriptions replace the candidate's.
    __setTools: (tools) => {
      hasStoredTools = true;
      setTools(tools);
    },
  };
  Object.assign(copy, changes);
  changeRunMethods(derivation, agent, copy, (options) =>
    withWrappedModels(derivation, copy, options, wrapper),
  );
  recording?.changeAgent(derivation, copy, components, (select) =>
    wrapPrepareStep(derivation, copy, select, wrapper),
  );
}

/** Undefined when the candidate does not change the instructions. */
function newInstructions(
  derivation: Derivation,
  copy: Agent,
  { instructions, blocks }: AgentComponents,
): InstructionsChange | undefined {
  const texts = new Map(
    [...instructions].flatMap(([position, component]) => {
      const rewrite = derivation.rewrite(component);
      return rewrite === undefined ? [] : [[position, rewrite.to] as const];
    }),
  );
  return texts.size === 0 ? undefined : textsChange(copy, texts, blocks);
}

/** An agent or a workflow of a registered agent belongs to the same Mastra instance. */
function registered<Derived extends object>(derived: Derived, owner: Agent): Derived {
  const mastra = owner.getMastraInstance();
  const { getMastraInstance, __registerMastra } = derived as Partial<Agent>;
  const current = getMastraInstance?.call(derived as Agent) ?? (derived as { mastra?: unknown }).mastra;
  if (mastra !== undefined && current !== mastra) __registerMastra?.call(derived as Agent, mastra);
  return derived;
}

/** Wraps the models in call options: the agent's model, that of its structured output, and those of `prepareStep`. */
function withWrappedModels<Options extends ModelOptions>(
  derivation: Derivation,
  agent: Agent,
  options: Options,
  wrapper: CallWrapper,
): Options {
  const { model, structuredOutput, prepareStep } = options;
  const structuringWrapper = callWrapper(derivation, noComponents(agent.id));
  return {
    ...options,
    ...(model === undefined ? {} : { model: wrapModels(agent, model, wrapper, derivation) }),
    ...(structuredOutput?.model === undefined
      ? {}
      : {
          structuredOutput: {
            ...structuredOutput,
            model: wrapModels(agent, structuredOutput.model, structuringWrapper, derivation),
          },
        }),
    ...(prepareStep === undefined
      ? {}
      : { prepareStep: wrapPrepareStep(derivation, agent, prepareStep, wrapper) }),
  };
}

function wrapPrepareStep(
  derivation: Derivation,
  agent: Agent,
  prepareStep: PrepareStep,
  wrapper: CallWrapper,
): PrepareStep {
  return async (step) => {
    const changes = (await prepareStep(step)) as { readonly model?: Agent['model'] } | undefined;
    if (changes?.model === undefined) return changes;
    const model = wrapModels(agent, changes.model, wrapper, derivation) as (context: StepContext) => unknown;
    return {
      ...changes,
      model: await model({ requestContext: step.requestContext ?? new RequestContext() }),
    };
  };
}

/** Replaces tool descriptions in each model call and, in a rollout, records the call. */
function callWrapper(
  derivation: Derivation,
  components: AgentComponents,
  hasStoredTools: () => boolean = () => false,
): CallWrapper {
  const { recording } = derivation;
  const { tools } = components;
  const rewritten = (options: Parameters<CallWrapper>[1]) =>
    rewriteTools(options, tools, derivation.rewrite, hasStoredTools());
  if (recording === undefined) return (_, options, call) => call(rewritten(options));

  return (model, options, call) =>
    recording.modelCall(derivation.candidate, components, model, rewritten(options), call);
}

function mapValues<Value, Values extends Readonly<Record<string, Value>>>(
  values: Values,
  change: (value: Values[string], key: string) => Value,
): Values {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, change(value as Values[string], key)]),
  ) as Values;
}
