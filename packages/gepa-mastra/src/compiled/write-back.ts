import type { Agent } from '@mastra/core/agent';
import { type Candidate, GepaError } from 'gepa-core';
import { type AgentComponents, type Discovery, toolComponentNames } from '../program/discovery.ts';
import { withText } from '../program/instructions.ts';
import { mapMaybePromise } from '../program/maybe-promise.ts';
import { isAgent } from '../program/program.ts';
import { type Rewrite, rewriteTools } from '../program/tool-descriptions.ts';
import { wrapModels } from '../program/wrap-models.ts';

/** Restores the original texts. Calling it again has no effect. */
export type Undo = () => void;

/**
 * Changes the texts of live agents: their instructions, and tool descriptions in their model calls.
 *
 * @param candidate under the component names of `discovery`.
 * @param currentAgents the agents of a new discovery. An agent that a function creates for each request is not in both,
 *   and cannot be changed.
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
    ...writeInstructions(
      agent,
      components.instructions === undefined ? undefined : changed.get(components.instructions)?.to,
    ),
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
function writeInstructions(agent: Agent, text: string | undefined): Undo[] {
  if (text === undefined) return [];
  const { getInstructions, getDefaultOptions } = agent;
  Object.assign(agent, {
    getInstructions: (args) =>
      mapMaybePromise(getInstructions.call(agent, args), (own) => withText(own, text)),
    getDefaultOptions: (args) =>
      mapMaybePromise(getDefaultOptions.call(agent, args), (options) =>
        options.instructions ? { ...options, instructions: withText(options.instructions, text) } : options,
      ),
  } satisfies Partial<Agent>);
  return [() => Object.assign(agent, { getInstructions, getDefaultOptions })];
}

function writeToolDescriptions(
  agent: Agent,
  { tools }: AgentComponents,
  changed: ReadonlyMap<string, Rewrite>,
): Undo[] {
  const names = [...tools.values()].flatMap(toolComponentNames);
  if (!names.some((name) => changed.has(name))) return [];
  const { model } = agent;
  agent.model = wrapModels(agent, model, (_, options, call) =>
    call(rewriteTools(options, tools, (name) => changed.get(name))),
  );
  return [
    () => {
      agent.model = model;
    },
  ];
}

function componentNames({ instructions, tools }: AgentComponents): string[] {
  return [
    ...(instructions === undefined ? [] : [instructions]),
    ...[...tools.values()].flatMap(toolComponentNames),
  ];
}
