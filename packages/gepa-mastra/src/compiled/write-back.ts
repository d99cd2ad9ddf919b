import type { Agent } from '@mastra/core/agent';
import { type Candidate, GepaError } from 'gepa-core';
import { copyOfAgent } from '../program/agent-copy.ts';
import {
  type AgentComponents,
  type Discovery,
  instructionComponents,
  toolComponentNames,
} from '../program/discovery.ts';
import { replaceInstructions, textsChange, withTexts } from '../program/instructions.ts';
import { mapMaybePromise } from '../program/maybe-promise.ts';
import { isAgent } from '../program/program.ts';
import { addToolTexts, type Rewrite, rewriteTools } from '../program/tool-descriptions.ts';
import { wrapModels } from '../program/wrap-models.ts';

/** Restores the original texts. Calling it again has no effect. */
export type Undo = () => void;

/**
 * Changes the texts of live agents: their instructions, and tool descriptions in their model calls.
 *
 * @param candidate under the component names of `discovery`.
 * @param currentAgents the agents of a new discovery. An agent that differs from that of `discovery` is created for each
 *   request, and cannot be changed.
 * @throws {GepaError} before any change, when a text cannot be written back.
 */
export function writeBack(
  discovery: Discovery,
  candidate: Candidate,
  currentAgents: Discovery['agents'],
): Undo {
  const changed = new Map(
    Object.entries(candidate)
      .map(([name, to]) => [name, { from: discovery.components[name]?.text ?? '', to }] as const)
      .filter(([, { from, to }]) => to !== from),
  );
  const agents = [...discovery.agents].flatMap(([agent, components]) =>
    isAgent(agent) && currentAgents.has(agent) ? [{ agent, components }] : [],
  );
  const reachable = new Set(agents.flatMap(({ components }) => componentNames(components)));
  const unreachable = [...changed.keys()].filter((name) => !reachable.has(name));
  if (unreachable.length > 0) {
    throw new GepaError(
      `Cannot write back ${unreachable.join(', ')}: the text is in the code of the program, or in an agent that a function creates for each request. Change it in the code, or use compiled.program.`,
    );
  }
  const undos = agents.flatMap(({ agent, components }) => [
    ...writeInstructions(agent, components, changed),
    ...writeToolDescriptions(agent, components, changed),
  ]);
  return () => {
    for (const undo of undos.splice(0).reverse()) undo();
  };
}

/**
 * Instructions in the default options override the agent's own, so both are replaced. The options object itself is not
 * changed: agents may share it.
 */
function writeInstructions(
  agent: Agent,
  { instructions, blocks }: AgentComponents,
  changed: ReadonlyMap<string, Rewrite>,
): Undo[] {
  const texts = new Map(
    [...instructions].flatMap(([position, component]) => {
      const rewrite = changed.get(component);
      return rewrite === undefined ? [] : [[position, rewrite.to] as const];
    }),
  );
  if (texts.size === 0) return [];
  const { getDefaultOptions, __fork } = agent;
  const restore = replaceInstructions(agent, textsChange(agent, texts, blocks));
  Object.assign(agent, {
    getDefaultOptions: (args) =>
      mapMaybePromise(getDefaultOptions.call(agent, args), (options) =>
        options.instructions && blocks === undefined
          ? { ...options, instructions: withTexts(options.instructions, texts) }
          : options,
      ),
  } satisfies Partial<Agent>);
  // Studio applies drafts to a copy.
  if (__fork !== undefined) agent.__fork = () => copyOfAgent(agent);
  return [
    () => {
      restore();
      agent.getDefaultOptions = getDefaultOptions;
      if (__fork !== undefined) agent.__fork = __fork;
    },
  ];
}

function writeToolDescriptions(
  agent: Agent,
  { tools }: AgentComponents,
  changed: ReadonlyMap<string, Rewrite>,
): Undo[] {
  const names = [...tools.values()].flatMap(toolComponentNames);
  if (!names.some((name) => changed.has(name))) return [];
  const { model } = agent;
  const rewriteOf = (name = '') => changed.get(name);
  agent.model = wrapModels(
    agent,
    model,
    (_, options, call) => call(rewriteTools(options, tools, rewriteOf)),
    changed,
  );
  const removeTexts = addToolTexts(agent, agent, { tools, rewriteOf });
  return [
    () => {
      removeTexts();
      agent.model = model;
    },
  ];
}

function componentNames(components: AgentComponents): string[] {
  return [
    ...instructionComponents(components),
    ...[...components.tools.values()].flatMap(toolComponentNames),
  ];
}
