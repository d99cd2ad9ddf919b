import type { Agent } from '@mastra/core/agent';
import type { AnyWorkflow } from '@mastra/core/workflows';
import type { Candidate } from 'gepa-core';
import { withCandidate } from 'gepa-core/load';
import { changeCopy, copyOfAgent } from './agent-copy.ts';
import { copyOfWorkflow } from './copy-of-workflow.ts';
import type { Derivation, Recording } from './derivation.ts';
import { changeAgent } from './derive-agent.ts';
import { changeWorkflow } from './derive-workflow.ts';
import { type AgentComponents, type Discovery, noComponents, type ToolComponents } from './discovery.ts';
import { isAgent, type Program } from './program.ts';
import type { Rewrite } from './tool-descriptions.ts';

export interface DeriveOptions {
  readonly discovery: Pick<Discovery, 'agents' | 'components'> &
    Partial<Pick<Discovery, 'parts' | 'workflowTools'>>;
  /** The new texts. A component that is left out keeps its text. */
  readonly candidate: Candidate;
  /**
   * Derives the program for one rollout: its steps are recorded, and it has no memory, live scorers or logs, so that
   * the rollout leaves nothing behind.
   */
  readonly recording?: Recording;
  /** The tools that functions of the program execute in a rollout, by the names of their steps. */
  readonly tools?: Discovery['tools'];
}

/**
 * A copy of a program with a candidate's texts. The original is not changed; models, tools and processors are shared
 * with it.
 */
export function deriveProgram<Source extends Program>(program: Source, options: DeriveOptions): Source {
  const derivation = new ProgramDerivation(options);
  const derived: unknown = isAgent(program)
    ? derivation.agent(program)
    : derivation.workflow(program as unknown as AnyWorkflow);
  return derived as Source;
}

class ProgramDerivation implements Derivation {
  readonly candidate: Candidate;
  readonly recording: Recording | undefined;
  readonly #discovery: DeriveOptions['discovery'];
  /** Computed in advance: within a run, reading a part's methods would create its copy. */
  readonly #parts: ReadonlyMap<object, () => object>;
  readonly #copies = new Map<object, object>();

  constructor({ discovery, candidate, recording, tools = [] }: DeriveOptions) {
    this.candidate = candidate;
    this.recording = recording;
    this.#discovery = discovery;
    this.#parts = new Map<object, () => object>([
      ...tools.map(([name, tool]) => [tool, () => this.tool(tool, name)] as const),
      ...(discovery.parts ?? []).map(
        ({ live, present }) =>
          [live, isAgent(present) ? () => this.agent(present) : () => this.workflow(present)] as const,
      ),
    ]);
  }

  agent(agent: Agent): Agent {
    return this.#copyOnce(
      agent,
      () => copyOfAgent(agent),
      (copy) => changeCopy(copy, { source: agent, apply: (changed) => changeAgent(this, agent, changed) }),
    );
  }

  workflow(workflow: AnyWorkflow): AnyWorkflow {
    return this.#copyOnce(
      workflow,
      () => copyOfWorkflow(workflow, this.recording?.storesRuns),
      (copy) => changeWorkflow(this, workflow, copy),
    );
  }

  tool<Tool>(tool: Tool, name: string): Tool {
    return this.recording === undefined ? tool : this.recording.tool(tool, name);
  }

  copyOf(source: object): object | undefined {
    return this.#parts.get(source)?.() ?? this.#copies.get(source);
  }

  componentsOf(agent: Agent): AgentComponents {
    const { agents } = this.#discovery;
    return agents.get(agent) ?? agents.get(agent.id) ?? noComponents(agent.id);
  }

  workflowTool({ id }: AnyWorkflow): ToolComponents | undefined {
    return this.#discovery.workflowTools?.get(id);
  }

  within<Result>(call: () => Result): Result {
    return withCandidate(this.candidate, call, {
      copies: { get: (part) => this.#parts.get(part)?.() },
      reads: this.recording?.reads,
    });
  }

  readonly rewrite = (component: string | undefined): Rewrite | undefined => {
    if (component === undefined) return undefined;
    const from = this.#discovery.components[component]?.text ?? '';
    const to = Object.hasOwn(this.candidate, component) ? this.candidate[component] : undefined;
    return to === undefined || to === from ? undefined : { from, to };
  };

  /** Stores the copy before it is changed: agents may refer to each other. */
  #copyOnce<Thing extends object>(source: Thing, copy: () => Thing, change: (copy: Thing) => void): Thing {
    const known = this.#copies.get(source);
    if (known !== undefined) return known as Thing;
    const made = copy();
    this.#copies.set(source, made);
    change(made);
    return made;
  }
}
