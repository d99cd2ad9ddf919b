import type { Agent } from '@mastra/core/agent';
import { type Candidate, GepaError } from 'gepa-core';
import type { AgentPlan, Discovery } from '../program/discovery.ts';
import { whenKnown, withText } from '../program/instructions.ts';
import { isAgent } from '../program/program.ts';
import { type Rewrite, withToolTexts } from '../program/tool-descriptions.ts';
import { wrapModels } from '../program/wrap-models.ts';

/** Puts back what was there before. Calling it again does nothing. */
export type Undo = () => void;

/**
 * Gives live agents other texts: instructions as the agent's own, descriptions of tools where the agent offers them to
 * its model.
 *
 * @param texts by the names of `discovery`.
 * @param foundAgain the agents as they are found now: one that is made anew for each request is not among them.
 * @throws {GepaError} before anything is changed, when a text lies where nothing can be put.
 */
export function writeBack(discovery: Discovery, texts: Candidate, foundAgain: Discovery['agents']): Undo {
  const changed = new Map(
    Object.entries(texts)
      .map(([name, to]) => [name, { from: discovery.components[name]?.text ?? '', to }] as const)
      .filter(([, { from, to }]) => to !== from),
  );
  const agents = [...discovery.agents].flatMap(([agent, plan]) =>
    isAgent(agent) && foundAgain.has(agent) ? [{ agent, plan }] : [],
  );
  const reachable = new Set(agents.flatMap(({ plan }) => componentsOf(plan)));
  const lost = [...changed.keys()].filter((name) => !reachable.has(name));
  if (lost.length > 0) {
    throw new GepaError(
      `The text of ${lost.join(', ')} stands in the code of the program, or in an agent that is made anew for each request: change it there, or use compiled.program.`,
    );
  }
  const undos = agents.flatMap(({ agent, plan }) => [
    ...writeInstructions(
      agent,
      plan.instructions === undefined ? undefined : changed.get(plan.instructions)?.to,
    ),
    ...writeToolTexts(agent, plan, changed),
  ]);
  return () => {
    for (const undo of undos.splice(0).reverse()) undo();
  };
}

/**
 * Instructions in the default options win over the agent's own at run time. The options themselves stay as they are:
 * other agents may share them.
 */
function writeInstructions(agent: Agent, text: string | undefined): Undo[] {
  if (text === undefined) return [];
  const { getInstructions, getDefaultOptions } = agent;
  Object.assign(agent, {
    getInstructions: (args) => whenKnown(getInstructions.call(agent, args), (own) => withText(own, text)),
    getDefaultOptions: (args) =>
      whenKnown(getDefaultOptions.call(agent, args), (options) =>
        options.instructions ? { ...options, instructions: withText(options.instructions, text) } : options,
      ),
  } satisfies Partial<Agent>);
  return [() => Object.assign(agent, { getInstructions, getDefaultOptions })];
}

function writeToolTexts(agent: Agent, { tools }: AgentPlan, changed: ReadonlyMap<string, Rewrite>): Undo[] {
  const names = [...tools.values()].flatMap(({ description, fields }) => [description, ...fields.values()]);
  if (!names.some((name) => name !== undefined && changed.has(name))) return [];
  const { model } = agent;
  agent.model = wrapModels(agent, model, (_, options, call) =>
    call(withToolTexts(options, tools, (name) => changed.get(name))),
  );
  return [
    () => {
      agent.model = model;
    },
  ];
}

function componentsOf({ instructions, tools }: AgentPlan): string[] {
  const own = instructions === undefined ? [] : [instructions];
  const offered = [...tools.values()].flatMap(({ description, fields }) => [
    ...(description === undefined ? [] : [description]),
    ...fields.values(),
  ]);
  return [...own, ...offered];
}
