import type { Agent, AgentInstructions } from '@mastra/core/agent';
import { RequestContext } from '@mastra/core/request-context';
import type { AnyWorkflow, StepFlowEntry } from '@mastra/core/workflows';
import { OptionsError, type Tunable } from 'gepa-core';
import { freeName, tunableComponents } from 'gepa-core/adapter';
import { discoverInstructions } from './discover-instructions.ts';
import { discoverTools, type ToolOptions } from './discover-tools.ts';
import { type Discovery, Findings, type SkippedPart, type ToolComponents } from './discovery.ts';
import type { InstructionBlock } from './instruction-blocks.ts';
import { readSync } from './maybe-promise.ts';
import { type Parts, partsOf } from './parts.ts';
import { isAgent, isWorkflow, type Program, typeName, type WorkflowLike } from './program.ts';
import { presentOf, withinProgram } from './run-context.ts';
import type { Skipped } from './skip-reasons.ts';
import { agentOfStep, innerEntries } from './step-entries.ts';
import { presentText } from './tool-descriptions.ts';

export interface DiscoverOptions {
  /** Whether the descriptions of tools and of their input fields are components too. Default `false`. */
  readonly tools?: boolean;
  /** Passed to dynamic instructions and tools. */
  readonly requestContext?: RequestContext;
  /** Workflows that the agent offers as tools; Mastra lists them only asynchronously. */
  readonly workflows?: Readonly<Record<string, WorkflowLike>>;
  /** Instructions by component name, for instructions that come from an asynchronous function. */
  readonly texts?: Readonly<Record<string, AgentInstructions | readonly InstructionBlock[]>>;
  readonly tunables?: readonly Tunable[];
  readonly parts?: Parts;
  /** Options for the calls of the program, if it is an agent. */
  readonly config?: ToolOptions;
  /** Says why parts are skipped, in errors. Without it, errors refer to `gepa`. */
  readonly explain?: Explain;
}

/** With a discovery, also of what only `skippedParts` finds. */
export type Explain = (skipped: readonly SkippedPart[], discovery?: Discovery) => readonly Skipped[];

export const referToGepa = 'gepa(program, options) says why.';

/**
 * Finds the components of an agent or a workflow without changing it. An agent in several places is found once.
 *
 * @throws {OptionsError} when `texts` names an unknown component, `workflows` contains something else, or the name of a
 *   tunable is taken.
 */
export function discover(
  program: Program,
  {
    tools = false,
    requestContext = new RequestContext(),
    workflows = {},
    texts = {},
    tunables = [],
    parts = {},
    config,
    explain,
  }: DiscoverOptions = {},
): Discovery {
  const walk = new ProgramWalk({ tools, requestContext, workflows, texts, tunables, parts, explain });
  // In a program that gepa returned, tunables and parts have their present texts.
  return withinProgram(program, () => {
    walk.parts(program);
    if (isAgent(program)) walk.agent(program, `agent ${program.id}`, config);
    else walk.workflow(program as unknown as AnyWorkflow, `workflow ${program.id}`);
    walk.workflowTools(program);
    walk.checkTexts();
    walk.tunables();
    return walk.findings;
  });
}

type WalkOptions = Required<Omit<DiscoverOptions, 'config' | 'explain'>> & Pick<DiscoverOptions, 'explain'>;

class ProgramWalk {
  readonly findings = new Findings();
  readonly #options: WalkOptions;
  readonly #names = new Set<string>();
  readonly #partNames = new Map<Agent, string>();
  /** The part that is being walked. */
  #part: string | undefined;

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  agent(agent: Agent, location: string, callOptions: ToolOptions = {}): void {
    const { agents } = this.findings;
    if (agents.has(agent)) return;
    const name = this.#uniqueName(this.#nameOf(agent));
    const tools = new Map<string, ToolComponents>();
    const texts = discoverInstructions(this.findings, agent, `${name}.instructions`, location, this.#options);
    const found = { name, tools, ...texts };
    agents.set(agent, found);
    this.findings.locations.set(agent, location);
    if (!agents.has(agent.id)) agents.set(agent.id, found);
    if (this.#options.tools) {
      const { requestContext } = this.#options;
      discoverTools(this.findings, agent, name, location, tools, requestContext, callOptions);
    }
    this.#subAgents(agent, name, location, tools);
  }

  workflow(workflow: AnyWorkflow, location: string): void {
    const { locations } = this.findings;
    if (locations.has(workflow)) return;
    locations.set(workflow, location);
    for (const entry of workflow.stepGraph) this.#entry(entry, workflow, location);
  }

  /** @throws {OptionsError} when a part has no text. */
  parts(program: object): void {
    const { findings } = this;
    const { parts: live, tools, others, isRequired } = partsOf(this.#options.parts);
    const parts = live.map(([name, part]) => [name, presentOf(program, part), part] as const);
    findings.tools.push(...tools);
    for (const [name, className] of others)
      findings.skip(`part ${name}`, { kind: 'unknownAgent', name: className });
    for (const [name, part] of parts) if (isAgent(part) && part !== program) this.#partNames.set(part, name);
    for (const [name, part, live] of parts) {
      findings.parts.push({ live, present: part });
      if (part === program) continue;
      const before = new Set(Object.keys(findings.components));
      const skippedBefore = findings.skipped.length;
      this.#part = name;
      if (isAgent(part)) this.agent(part, `part ${name}`);
      else this.workflow(part, `part ${name}`);
      this.#part = undefined;
      const added = Object.keys(findings.components).filter((component) => !before.has(component));
      for (const component of added) findings.reachable.add(component);
      const skipped = findings.skipped.slice(skippedBefore);
      // A workflow without skipped parts has functions that call other parts, or agents that are known already.
      if (!isRequired || added.length > 0 || skipped.length === 0) continue;
      const { explain } = this.#options;
      const reasons = explain?.(skipped).map(({ reason, hint }) => `${reason} ${hint}`);
      throw new OptionsError([
        `\`parts.${name}\` has no text to optimize${reasons === undefined ? `. ${referToGepa}` : `: ${reasons.join(' ')}`}`,
      ]);
    }
  }

  /** @throws {OptionsError} when the option `workflows` contains something else. */
  workflowTools(program: Program): void {
    for (const [key, workflow] of Object.entries(this.#options.workflows)) {
      if (!isWorkflow(workflow)) {
        throw new OptionsError([
          `\`workflows\` must contain workflows, as \`await agent.listWorkflows()\` returns them, but "${key}" is ${typeName(workflow)}.`,
        ]);
      }
      const at = `${isAgent(program) ? 'agent' : 'workflow'} ${program.id}, workflow "${key}"`;
      const agent = this.findings.agents.get(program);
      if (agent !== undefined && this.#options.tools) {
        const component = `${agent.name}.workflows.${key}.description`;
        const own = workflow.description && presentText(program, `workflow-${key}`, workflow.description);
        const description = this.findings.addDescription(component, own, at);
        if (description !== undefined) {
          const tool = { description, fields: new Map() };
          agent.tools.set(`workflow-${key}`, tool);
          this.findings.workflowTools.set(workflow.id, tool);
        }
      }
      this.workflow(workflow, at);
    }
  }

  tunables(): void {
    const { components } = this.findings;
    const tunables = tunableComponents(this.#options.tunables, components);
    Object.assign(components, tunables);
    for (const name of Object.keys(tunables)) this.findings.reachable.add(name);
  }

  /** @throws {OptionsError} when `texts` names an unknown component. */
  checkTexts(): void {
    const { agents } = this.findings;
    const names = [...new Set([...agents.values()].map(({ name }) => `${name}.instructions`))];
    const problems = Object.keys(this.#options.texts)
      .filter((name) => !names.includes(name))
      .map((name) => `\`texts\` names "${name}", but the instructions components are ${names.join(', ')}.`);
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
      else this.#skipUnknownAgent(agent, location);
      return;
    }
    if (entry.type === 'step' && isWorkflow(entry.step))
      this.workflow(entry.step, `${location}, workflow ${entry.step.id}`);
  }

  #subAgents(agent: Agent, name: string, location: string, tools: Map<string, ToolComponents>): void {
    const { requestContext } = this.#options;
    const listed = readSync<object>(() => agent.listAgents({ requestContext }));
    if (!('value' in listed)) {
      this.findings.skip(`${location}, sub-agents`, { kind: 'subAgents', read: listed });
      return;
    }
    for (const [key, subAgent] of Object.entries(listed.value)) {
      const at = `${location}, sub-agent ${key}`;
      if (!isAgent(subAgent)) {
        this.#skipUnknownAgent(subAgent, at);
        continue;
      }
      if (this.#options.tools) {
        const component = `${name}.agents.${key}.description`;
        const description = this.findings.addDescription(component, subAgent.getDescription(), at);
        if (description !== undefined) tools.set(`agent-${key}`, { description, fields: new Map() });
      }
      this.agent(subAgent, at);
    }
  }

  #skipUnknownAgent(agent: unknown, location: string): void {
    this.findings.skip(location, { kind: 'unknownAgent', name: typeName(agent) });
  }

  /** The name of a part, or the id, after the name of the part in which the agent was found. */
  #nameOf(agent: Agent): string {
    return this.#partNames.get(agent) ?? (this.#part === undefined ? agent.id : `${this.#part}.${agent.id}`);
  }

  #uniqueName(name: string): string {
    const free = freeName(name, this.#names);
    this.#names.add(free);
    return free;
  }
}
