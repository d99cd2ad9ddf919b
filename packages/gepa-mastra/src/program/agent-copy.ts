import type { Agent } from '@mastra/core/agent';
import { rebuilt } from './older-mastra.ts';

/** How a copy differs from the agent that it was made of. */
export interface AgentChange {
  readonly source: Agent;
  apply(copy: Agent): void;
}

/** The changes of copies. Mastra's own way of copying an agent would lose them. */
const changes = new WeakMap<Agent, AgentChange>();

/** A copy of an agent as it is now: of a live agent, or of a copy with its changes. */
export function copyOfAgent(agent: Agent): Agent {
  const { __fork } = Object.getPrototypeOf(agent) as Partial<Agent>;
  if (__fork === undefined) return rebuilt(agent);
  const copy = __fork.call(agent) as Agent;
  restore(agent, copy);
  return copy;
}

/** Changes a copy, such that copies of it have the change too: Studio copies an agent before it applies a draft. */
export function changeCopy(copy: Agent, change: AgentChange): void {
  change.apply(copy);
  if ((copy as Partial<Agent>).__fork === undefined) return;
  changes.set(copy, change);
  copy.__fork = () => copyOfAgent(copy);
}

/** Mastra copies the configuration of an agent, not what has been changed since. */
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
