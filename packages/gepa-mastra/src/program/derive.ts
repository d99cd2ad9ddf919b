import type { Agent } from '@mastra/core/agent';
import type { AnyWorkflow } from '@mastra/core/workflows';
import type { Candidate } from 'gepa-core';
import type { Recorder } from '../trace/recorder.ts';
import type { Derivation } from './derivation.ts';
import { changeAgent } from './derive-agent.ts';
import { changeWorkflow, copyOfWorkflow } from './derive-workflow.ts';
import type { AgentPlan, Discovery } from './discovery.ts';
import { copyOfAgent } from './older-mastra.ts';
import { isAgent, type Program } from './program.ts';
import type { Rewrite } from './tool-descriptions.ts';

export interface DeriveOptions {
  readonly discovery: Pick<Discovery, 'agents' | 'components'>;
  /** By component name; a component left out keeps its text. */
  readonly texts: Candidate;
  /**
   * Makes a program for one rollout: what it does is recorded, and it has no memory, no live scorers and no log, so
   * that nothing of the rollout stays behind.
   */
  readonly recorder?: Recorder;
}

/**
 * A new program with other texts. The given one stays as it is, and so does everything it shares with the new one:
 * models, tools, processors. A text equal to the program's own changes nothing.
 */
export function derive<Source extends Program>(program: Source, options: DeriveOptions): Source {
  const derivation = new SharedDerivation(options);
  const derived: unknown = isAgent(program)
    ? derivation.agent(program)
    : derivation.workflow(program as unknown as AnyWorkflow);
  return derived as Source;
}

class SharedDerivation implements Derivation {
  readonly texts: Candidate;
  readonly recorder: Recorder | undefined;
  readonly #discovery: DeriveOptions['discovery'];
  readonly #made = new Map<object, object>();

  constructor({ texts, recorder, discovery }: DeriveOptions) {
    this.texts = texts;
    this.recorder = recorder;
    this.#discovery = discovery;
  }

  agent(agent: Agent): Agent {
    return this.#once(
      agent,
      () => copyOfAgent(agent),
      (fork) => changeAgent(this, agent, fork),
    );
  }

  workflow(workflow: AnyWorkflow): AnyWorkflow {
    return this.#once(
      workflow,
      () => copyOfWorkflow(workflow, this.recorder !== undefined),
      (copy) => changeWorkflow(this, workflow, copy),
    );
  }

  planOf(agent: Agent): AgentPlan {
    const { agents } = this.#discovery;
    return agents.get(agent) ?? agents.get(agent.id) ?? { name: agent.id, tools: new Map() };
  }

  rewrite(component: string | undefined): Rewrite | undefined {
    if (component === undefined) return undefined;
    const from = this.#discovery.components[component]?.text ?? '';
    const to = this.texts[component];
    return to === undefined || to === from ? undefined : { from, to };
  }

  /** Registered before it is filled: agents may know each other. */
  #once<Thing extends object>(source: Thing, make: () => Thing, fill: (made: Thing) => void): Thing {
    const known = this.#made.get(source);
    if (known !== undefined) return known as Thing;
    const made = make();
    this.#made.set(source, made);
    fill(made);
    return made;
  }
}
