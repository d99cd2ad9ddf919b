import type { Agent, AgentInstructions } from '@mastra/core/agent';
import { RequestContext } from '@mastra/core/request-context';
import type { AnyWorkflow, StepFlowEntry } from '@mastra/core/workflows';
import { type Component, OptionsError, type Tunable } from 'gepa-core';
import { freeName, tunableComponents } from 'gepa-core/adapter';
import type { AgentPlan, Discovery, Skipped } from './discovery.ts';
import { textOf } from './instructions.ts';
import { toolsOf } from './older-mastra.ts';
import { isAgent, isPromise, isWorkflow, type Program, typeName, type WorkflowLike } from './program.ts';
import { agentOfStep, innerEntries } from './step-entries.ts';
import { describedFields, fieldSchemaOf, type ToolPlan } from './tool-descriptions.ts';

export interface DiscoverOptions {
  /** Whether the descriptions of tools and of their inputs' fields may change too. */
  readonly tools: boolean;
  /** What dynamic instructions and tools are asked with. */
  readonly requestContext: RequestContext;
  /** Workflows that agents carry as tools, which Mastra tells of only asynchronously. */
  readonly workflows: Readonly<Record<string, WorkflowLike>>;
  /** Instructions by component name that only an asynchronous function can tell. */
  readonly texts: Readonly<Record<string, AgentInstructions>>;
  readonly tunables: readonly Tunable[];
}

/**
 * Finds the texts of an agent or a workflow. The program is only read. An agent in several places is found once.
 *
 * @throws {OptionsError} when a text is given for what is not there, a workflow is none, or a tunable has a name that is
 *   taken.
 */
export function discover(program: Program, options: Partial<DiscoverOptions> = {}): Discovery {
  const survey = new Survey({
    tools: false,
    requestContext: new RequestContext(),
    workflows: {},
    texts: {},
    tunables: [],
    ...options,
  });
  if (isAgent(program)) survey.agent(program, `agent ${program.id}`);
  else if (isWorkflow(program)) survey.workflow(program, `workflow ${program.id}`);
  survey.carriedWorkflows(program);
  survey.checkTexts();
  survey.tunables();
  return survey;
}

class Survey implements Discovery {
  readonly components: Record<string, Component> = {};
  readonly skipped: Skipped[] = [];
  readonly agents = new Map<unknown, AgentPlan & { readonly tools: Map<string, ToolPlan> }>();
  readonly #options: DiscoverOptions;
  readonly #names = new Set<string>();
  readonly #workflows = new Set<AnyWorkflow>();

  constructor(options: DiscoverOptions) {
    this.#options = options;
  }

  agent(agent: Agent, location: string): void {
    if (this.agents.has(agent)) return;
    const name = this.#unique(agent.id);
    const tools = new Map<string, ToolPlan>();
    const component = `${name}.instructions`;
    const text = this.#instructions(agent, component, location);
    const plan = { name, tools, ...(text === undefined ? {} : { instructions: component }) };
    this.agents.set(agent, plan);
    if (!this.agents.has(agent.id)) this.agents.set(agent.id, plan);
    if (text !== undefined) this.components[component] = { text, kind: 'instructions', location };
    if (!Object.hasOwn(Object.getPrototypeOf(agent), '__setTools')) {
      this.#skip(
        `${location}, what its class adds`,
        `A copy with other texts is a plain Agent, without what the class ${typeName(agent)} adds or overrides.`,
        'Say it to an Agent by its options: processors, tools, default options.',
      );
    }
    if (this.#options.tools) this.#tools(agent, name, location, tools);
    this.#subAgents(agent, name, location, tools);
  }

  workflow(workflow: AnyWorkflow, location: string): void {
    if (this.#workflows.has(workflow)) return;
    this.#workflows.add(workflow);
    if (!Object.hasOwn(Object.getPrototypeOf(workflow), 'setStepFlow')) {
      this.#skip(
        `${location}, what its class adds`,
        `A copy with other texts is a plain workflow, without what the class ${typeName(workflow)} adds or overrides.`,
        'Put the texts on its agents by compiled.writeBack(), which leaves the workflow what it is.',
      );
    }
    for (const entry of workflow.stepGraph) this.#entry(entry, workflow, location);
  }

  /** @throws {OptionsError} when one is no workflow. */
  carriedWorkflows(program: Program): void {
    for (const [key, workflow] of Object.entries(this.#options.workflows)) {
      if (!isWorkflow(workflow)) {
        throw new OptionsError([
          `\`workflows\` must hold workflows, as \`await agent.listWorkflows()\` tells them, but "${key}" is ${typeName(workflow)}.`,
        ]);
      }
      const at = `${isAgent(program) ? 'agent' : 'workflow'} ${program.id}, workflow "${key}"`;
      const carrier = this.agents.get(program);
      if (carrier !== undefined && this.#options.tools) {
        const component = `${carrier.name}.workflows.${key}.description`;
        const description = this.#toolDescription(component, workflow.description, at);
        if (description !== undefined)
          carrier.tools.set(`workflow-${key}`, { description, fields: new Map() });
      }
      this.workflow(workflow, at);
    }
  }

  tunables(): void {
    Object.assign(this.components, tunableComponents(this.#options.tunables, this.components));
  }

  /** @throws {OptionsError} when a text is given for what is not there. */
  checkTexts(): void {
    const names = [...new Set([...this.agents.values()].map(({ name }) => `${name}.instructions`))];
    const problems = Object.keys(this.#options.texts)
      .filter((name) => !names.includes(name))
      .map(
        (name) =>
          `\`texts\` names "${name}", but there is no such component; found were ${names.join(', ')}.`,
      );
    if (problems.length > 0) throw new OptionsError(problems);
  }

  #entry(entry: StepFlowEntry, workflow: AnyWorkflow, location: string): void {
    const inner = innerEntries(entry);
    if (inner !== undefined) {
      for (const step of inner) this.#entry(step, workflow, location);
      return;
    }
    const agent = agentOfStep(entry, workflow);
    if (agent !== undefined) {
      if (isAgent(agent)) this.agent(agent, `${location}, agent ${agent.id}`);
      else this.#skipForeign(agent, location);
      return;
    }
    if (entry.type !== 'step') return;
    const { step } = entry;
    if (isWorkflow(step)) {
      this.workflow(step, `${location}, workflow ${step.id}`);
      return;
    }
    this.#skip(
      `${location}, step ${step.id}`,
      'It is a function; which agents it calls cannot be seen.',
      'Make the agent a step of its own with createStep(agent), or read the text from a tunable() named in `tunables`.',
    );
  }

  #instructions(agent: Agent, component: string, location: string): string | undefined {
    const { requestContext, texts } = this.#options;
    const given = textOf(texts[component]);
    if (given.trim() !== '') return given;
    let instructions: AgentInstructions | Promise<AgentInstructions>;
    const read = new Set<string>();
    try {
      instructions = instructionsOf(agent, watched(requestContext, read));
    } catch (error) {
      this.#skip(
        `${location}, instructions`,
        `They threw: ${error instanceof Error ? error.message : String(error)}`,
        'Give the request context they need as `requestContext`.',
      );
      return undefined;
    }
    if (isPromise(instructions)) {
      instructions.then(undefined, () => {});
      this.#skip(
        `${location}, instructions`,
        'They are made by an asynchronous function.',
        `Give the text to start from: { texts: { '${component}': await agent.getInstructions() } }.`,
      );
      return undefined;
    }
    const text = textOf(instructions);
    if (read.size > 0) {
      this.#skip(
        `${location}, instructions, what they take from the request`,
        `They read ${[...read].join(', ')} of the request context, but a new text is the same for every request.`,
        'Leave what depends on the request to an input processor or to the messages, or name the fixed part as a tunable().',
      );
    }
    if (text.trim() !== '') return text;
    this.#skip(`${location}, instructions`, 'They are empty.', 'Give the agent a sentence to start from.');
    return undefined;
  }

  #tools(agent: Agent, name: string, location: string, plans: Map<string, ToolPlan>): void {
    const at = `${location}, tools`;
    const { requestContext } = this.#options;
    const given: unknown = attempt(() => toolsOf(agent, requestContext));
    if (given instanceof Error || isPromise(given)) {
      if (isPromise(given)) given.then(undefined, () => {});
      this.#skip(
        at,
        given instanceof Error
          ? `They threw: ${given.message}`
          : 'They are made by an asynchronous function.',
        'Give the tools as an object, or by a synchronous function that gets by with `requestContext`.',
      );
      return;
    }
    for (const [key, tool] of Object.entries((given ?? {}) as Record<string, ToolTexts>)) {
      this.#tool(`${name}.tools.${key}`, key, tool, `${at}, ${key}`, plans);
    }
  }

  #tool(prefix: string, key: string, tool: ToolTexts, location: string, plans: Map<string, ToolPlan>): void {
    const fields = new Map<string, string>();
    const description = this.#toolDescription(`${prefix}.description`, tool.description, location);
    for (const [path, text] of fieldsOf(tool)) {
      const component = `${prefix}.fields.${path}`;
      const known = this.components[component];
      if (fields.has(path)) {
        if (known?.text !== text) {
          this.#skip(
            `${location}, field ${path}, "${text}"`,
            'Of several descriptions of one field only the first can change.',
            'Describe the field once, outside of its alternatives.',
          );
        }
        continue;
      }
      fields.set(path, component);
      this.components[component] = {
        text,
        kind: 'field-description',
        location: `${location}, field ${path}`,
      };
    }
    plans.set(key, { ...(description === undefined ? {} : { description }), fields });
  }

  #toolDescription(component: string, text: string | undefined, location: string): string | undefined {
    if (text?.trim()) {
      this.components[component] = { text, kind: 'tool-description', location };
      return component;
    }
    this.#skip(location, 'It has no description.', 'Give it a sentence to start from.');
    return undefined;
  }

  #subAgents(agent: Agent, name: string, location: string, plans: Map<string, ToolPlan>): void {
    const { requestContext } = this.#options;
    const agents: unknown = attempt(() => agent.listAgents({ requestContext }));
    if (agents instanceof Error || isPromise(agents)) {
      if (isPromise(agents)) agents.then(undefined, () => {});
      this.#skip(
        `${location}, sub-agents`,
        agents instanceof Error
          ? `They threw: ${agents.message}`
          : 'They are made by an asynchronous function.',
        'Give the sub-agents as an object.',
      );
      return;
    }
    for (const [key, subAgent] of Object.entries(agents as Record<string, unknown>)) {
      const at = `${location}, sub-agent ${key}`;
      if (!isAgent(subAgent)) {
        this.#skipForeign(subAgent, at);
        continue;
      }
      if (this.#options.tools) {
        const component = `${name}.agents.${key}.description`;
        const description = this.#toolDescription(component, subAgent.getDescription(), at);
        if (description !== undefined) plans.set(`agent-${key}`, { description, fields: new Map() });
      }
      this.agent(subAgent, at);
    }
  }

  #skip(location: string, reason: string, hint: string): void {
    this.skipped.push({ location, reason, hint });
  }

  #skipForeign(agent: unknown, location: string): void {
    this.#skip(
      location,
      `A ${typeName(agent)} keeps its texts to itself.`,
      'Only agents of the class Agent of @mastra/core can be given other texts.',
    );
  }

  #unique(name: string): string {
    const free = freeName(name, this.#names);
    this.#names.add(free);
    return free;
  }
}

/** A request context that notes which of its values are asked for. */
function watched(context: RequestContext, read: Set<string>): RequestContext {
  return new Proxy(context, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (key === 'get') read.add(String(args[0]));
        return value.apply(target, args);
      };
    },
  });
}

interface ToolTexts {
  readonly description?: string;
  readonly inputSchema?: object;
  readonly parameters?: object;
}

/** The instructions that count: those of the default options win over the agent's own at run time. */
function instructionsOf(
  agent: Agent,
  requestContext: RequestContext,
): AgentInstructions | Promise<AgentInstructions> {
  const defaults = agent.getDefaultOptions({ requestContext });
  const own = isPromise(defaults) ? undefined : defaults.instructions;
  return own || agent.getInstructions({ requestContext });
}

function fieldsOf(tool: ToolTexts): [path: string, description: string][] {
  const schema = tool.inputSchema ?? tool.parameters;
  if (schema === undefined) return [];
  const json = attempt(() => fieldSchemaOf(schema));
  return json instanceof Error ? [] : describedFields(json);
}

function attempt<Result>(call: () => Result): Result | Error {
  try {
    return call();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
