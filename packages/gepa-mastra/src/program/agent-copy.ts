import type { Agent } from '@mastra/core/agent';
import { rebuilt } from './older-mastra.ts';

/** Changes of a copy, compared with the original agent. */
export interface AgentChange {
  readonly source: Agent;
  apply(copy: Agent): void;
}

/** The changes of copies, which Mastra's own copying of agents would lose. */
const changes = new WeakMap<Agent, AgentChange>();

/** A copy of the present state of an agent: of a live agent, or of a copy with its changes. */
export function copyOfAgent(agent: Agent): Agent {
  const { __fork } = Object.getPrototypeOf(agent) as Partial<Agent>;
  if (__fork === undefined) return rebuilt(agent);
  const copy = __fork.call(agent) as Agent;
  restore(agent, copy);
  return copy;
}

/** Changes a copy. Copies of it get the change too, because Studio copies an agent before it applies a draft. */
export function changeCopy(copy: Agent, change: AgentChange): void {
  change.apply(copy);
  if ((copy as Partial<Agent>).__fork === undefined) return;
  changes.set(copy, change);
  copy.__fork = () => copyOfAgent(copy);
}

/** Restores changes in a copy that Mastra made: it copies only the configuration. */
function restore(agent: Agent, copy: Agent): void {
  const change = changes.get(agent);
  if (change !== undefined) {
    restore(change.source, copy);
    changeCopy(copy, change);
    return;
  }
  const { instructions, tools } = agent.__getOverridableFields();
  copy.__updateInstructions(instructions);
  copy.__setTools(tools);
  copy.model = agent.model;
  copy.__setLogger((agent as unknown as { logger: Parameters<Agent['__setLogger']>[0] }).logger);
  for (const name of overridableMethods) {
    if (agent[name] !== copy[name]) Object.assign(copy, { [name]: (agent[name] as Method).bind(agent) });
  }
}

type Method = (...args: readonly never[]) => unknown;

/** Methods that a subclass or a live object may override. */
const overridableMethods = [
  'getInstructions',
  'getDefaultOptions',
  'listAgents',
  'listWorkflows',
  'listTools',
] as const;
