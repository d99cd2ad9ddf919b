import type { Agent } from '@mastra/core/agent';
import type { Mastra } from '@mastra/core/mastra';
import { hookPart } from 'gepa-core/load';
import type { Discovery } from './discovery.ts';
import { isAgent, isTool, type ToolLike } from './program.ts';

export type NamedTools = Discovery['tools'];

/**
 * The tools that functions of a program may execute: those of the option `parts`, of the Mastra instance, and of its
 * agents and those of the program, unless a function makes them for each request.
 */
export function functionTools({ tools, agents }: Discovery, mastra: Partial<Mastra> | undefined): NamedTools {
  const known = [...agents.keys(), ...Object.values<unknown>(mastra?.listAgents?.() ?? {})].filter(isAgent);
  const found = [mastra?.listTools?.() ?? {}, ...known.map(ownTools)]
    .flatMap((named) => Object.entries<unknown>(named as Readonly<Record<string, unknown>>))
    .filter((entry): entry is [string, ToolLike] => isTool(entry[1]) && Object.isExtensible(entry[1]));
  // The first name of a tool counts.
  return [...new Map([...tools, ...found].reverse().map(([name, tool]) => [tool, name]))].map(
    ([tool, name]) => [name, tool],
  );
}

function ownTools(agent: Partial<Agent>): object {
  const tools = agent.__getOverridableFields?.().tools;
  return typeof tools === 'object' ? tools : {};
}

/** Redirects calls of tools to their copies within rollouts. Returns a function that ends this. */
export function hookTools(tools: NamedTools): () => void {
  const undos = tools.map(([name, tool]) => hookPart(tool, name, ['execute']));
  return () => {
    for (const undo of undos) undo();
  };
}
