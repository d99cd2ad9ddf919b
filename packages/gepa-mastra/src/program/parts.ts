import type { Agent } from '@mastra/core/agent';
import type { AnyWorkflow } from '@mastra/core/workflows';
import { hookPart, OptionsError } from 'gepa-core/load';
import type { Discovery } from './discovery.ts';
import {
  type AgentLike,
  isAgent,
  isMastra,
  isTool,
  isWorkflow,
  type MastraLike,
  type ToolLike,
  typeName,
  type WorkflowLike,
} from './program.ts';
import { runMethods } from './run-methods.ts';

/**
 * The agents and workflows that functions of the program call, by name: objects that they refer to, or get with
 * `mastra.getAgent`. A Mastra instance means all its agents and workflows. Tools that functions execute are
 * traced in rollouts, and answered by the mocks of an example.
 */
export type Parts = Readonly<Record<string, AgentLike | WorkflowLike | ToolLike>> | MastraLike;

/**
 * The parts by name. Those of a Mastra instance need no text.
 *
 * @throws {OptionsError} when a value is none of these.
 */
export function partsOf(parts: Parts): {
  readonly parts: readonly (readonly [name: string, part: Agent | AnyWorkflow])[];
  readonly tools: readonly (readonly [name: string, tool: ToolLike])[];
  /** The class names of agents that calls cannot be redirected from. */
  readonly others: readonly (readonly [name: string, className: string])[];
  readonly isRequired: boolean;
} {
  const isRequired = !isMastra(parts);
  if (isRequired && (typeof parts !== 'object' || parts === null || Array.isArray(parts))) {
    throw new OptionsError([
      '`parts` must be an object of agents, workflows and tools by name, { weatherAgent }, or a Mastra instance.',
    ]);
  }
  const entries: [string, unknown][] = isRequired
    ? Object.entries(parts)
    : [...Object.entries(parts.listAgents()), ...Object.entries(parts.listWorkflows())];
  const runs = entries.filter(([, part]) => !isTool(part));
  const problems = runs
    .filter((entry) => isRequired && !isSupported(entry))
    .map(
      ([name, part]) =>
        `\`parts.${name}\` must be an agent (without \`durable\`), a workflow or a tool of @mastra/core, but it is ${typeName(part)}.`,
    );
  if (problems.length > 0) throw new OptionsError(problems);
  return {
    parts: runs.filter(isSupported),
    tools: entries.filter((entry): entry is [string, ToolLike] => isTool(entry[1])),
    others: runs.flatMap((entry) => {
      // A Mastra instance runs such an agent through one of another class.
      const { durable } = entry[1] as { readonly durable?: unknown };
      if (isSupported(entry) && !durable) return [];
      return [[entry[0], durable ? 'durable agent' : typeName(entry[1])] as const];
    }),
    isRequired,
  };
}

function isSupported(entry: readonly [string, unknown]): entry is [string, Agent | AnyWorkflow] {
  return isAgent(entry[1]) || isWorkflow(entry[1]);
}

/**
 * Redirects calls of live parts to their copies, within runs of a program that has them. Returns a function that ends this.
 *
 * @param more methods of agents besides those that run them.
 */
export function hookParts({ parts }: Pick<Discovery, 'parts'>, more: readonly string[] = []): () => void {
  const undos = parts.map(({ live }) =>
    // Studio runs copies of an agent.
    hookPart(
      live,
      live.id,
      isAgent(live) ? [...runMethods, '__fork', ...more].filter((name) => name in live) : workflowMethods,
    ),
  );
  return () => {
    for (const undo of undos) undo();
  };
}

/** The methods of a workflow that run it. */
const workflowMethods = ['createRun', 'execute'];
