import type { Agent } from '@mastra/core/agent';
import type { AnyWorkflow } from '@mastra/core/workflows';

/** A Mastra `Agent` or workflow, with any type parameters. */
export type Program = AgentLike | WorkflowLike;

export interface AgentLike {
  readonly id: string;
  generate(...args: never): Promise<unknown>;
  getInstructions(...args: never): unknown;
}

export interface WorkflowLike {
  readonly id: string;
  readonly inputSchema: object;
  readonly outputSchema: object;
  createRun(...args: never): Promise<unknown>;
}

/** Whether it is an agent of any installed copy of Mastra. */
export function isAgent(value: unknown): value is Agent {
  return (
    ['generate', 'getInstructions', 'listTools', '__setTools'].every((method) => has(value, method)) &&
    !isWrapper(value)
  );
}

/** Whether it is a workflow of any installed copy of Mastra. */
export function isWorkflow(value: unknown): value is AnyWorkflow {
  return has(value, 'createRun') && Array.isArray((value as { stepGraph?: unknown }).stepGraph);
}

/** A tool, as far as it is called here. */
export interface ToolLike {
  readonly id?: string | undefined;
  // Mastra's type of `execute` has undefined, which users' compilers may distinguish (`exactOptionalPropertyTypes`).
  readonly execute?: ((...args: never) => unknown) | undefined;
}

/** Whether it is a tool that this process runs. */
export function isTool(value: unknown): value is ToolLike {
  return has(value, 'execute') && !has(value, 'generate') && !isWorkflow(value);
}

/** A Mastra instance. */
export interface MastraLike {
  getAgent(...args: never): unknown;
  listAgents(): object;
  listWorkflows(): object;
}

export function isMastra(value: unknown): value is MastraLike {
  return ['getAgent', 'listAgents', 'listWorkflows'].every((method) => has(value, method)) && !isAgent(value);
}

/** The class name of an object, otherwise the `typeof`; for error messages. */
export function typeName(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return value.constructor?.name ?? 'object';
}

/** Whether it delegates to another agent, as a registered durable agent does. */
function isWrapper(value: unknown): boolean {
  const { agent } = value as { agent?: unknown };
  return agent !== undefined && agent !== value;
}

function has(value: unknown, method: string): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Record<string, unknown>)[method] === 'function'
  );
}
