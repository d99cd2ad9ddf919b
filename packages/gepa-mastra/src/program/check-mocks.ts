import type { Agent } from '@mastra/core/agent';
import type { AnyWorkflow, StepFlowEntry } from '@mastra/core/workflows';
import { OptionsError } from 'gepa-core';
import { type ToolOptions, toolsAddedBy } from './discover-tools.ts';
import type { Discovery } from './discovery.ts';
import type { NamedTools } from './function-tools.ts';
import { readSync } from './maybe-promise.ts';
import { isAgent, isWorkflow, type Program } from './program.ts';
import { innerEntries } from './step-entries.ts';
import type { MockedTools } from './tool-mocks.ts';

interface Options {
  readonly discovery: Discovery;
  /** The tools that functions may execute. */
  readonly tools: NamedTools;
  /** The options of calls. */
  readonly config: object | undefined;
}

/**
 * Refuses mocks of tools that the program does not have, which would run in every rollout. Does nothing if the tools of
 * an agent depend on the request.
 *
 * @throws {OptionsError} when a mock names no tool.
 */
export async function checkToolMocks(
  program: Program,
  examples: readonly MockedTools[],
  { discovery, tools, config }: Options,
): Promise<void> {
  const mocked = new Set(
    examples.flatMap((example) => example?.toolMocks ?? []).map(({ toolName }) => toolName),
  );
  if (mocked.size === 0 || typeof config === 'function') return;
  const ofAgents = await Promise.all([...discovery.agents.keys()].filter(isAgent).map(toolNamesOf));
  if (ofAgents.includes(undefined)) return;
  const workflows = [program, ...discovery.parts.map(({ present }) => present)].filter(isWorkflow);
  const names = new Set([
    ...ofAgents.flatMap((found) => found ?? []),
    ...Object.keys(toolsAddedBy((config ?? {}) as ToolOptions)),
    ...workflows.flatMap((workflow) => toolStepsOf(workflow)),
    ...tools.map(([name]) => name),
  ]);
  const ids = new Set(tools.map(([, { id }]) => id));
  const unknown = [...mocked].filter((name) => !names.has(name) && !ids.has(name));
  if (unknown.length === 0) return;
  const known = names.size === 0 ? 'no tools' : `the tools ${[...names].join(', ')}`;
  throw new OptionsError(
    unknown.map(
      (name) =>
        `\`toolMocks\` name the tool "${name}", but the program has ${known}. A tool that only a function refers to must be in \`parts\`.`,
    ),
  );
}

/** Undefined when they depend on the request. */
async function toolNamesOf(agent: Agent): Promise<string[] | undefined> {
  const { __getOverridableFields, hasOwnWorkspace, browser } = agent as Partial<Agent>;
  const tools = __getOverridableFields?.call(agent).tools;
  const options = readSync<object>(() => agent.getDefaultOptions() as object);
  const subAgents = readSync<object>(() => agent.listAgents());
  const workflows = await agent.listWorkflows().catch(() => undefined);
  const isFixed =
    typeof tools === 'object' && workflows !== undefined && !hasOwnWorkspace?.call(agent) && !browser;
  if (!isFixed || !('value' in options) || !('value' in subAgents)) return undefined;
  return [
    ...Object.keys(tools),
    ...Object.keys(toolsAddedBy(options.value as ToolOptions)),
    ...Object.keys(subAgents.value).map((name) => `agent-${name}`),
    ...Object.keys(workflows).map((name) => `workflow-${name}`),
  ];
}

/** The tools that are steps of a workflow, or of a workflow in it. */
function toolStepsOf({ stepGraph }: Pick<AnyWorkflow, 'stepGraph'>): string[] {
  return stepGraph
    .flatMap((entry): readonly StepFlowEntry[] => innerEntries(entry) ?? [entry])
    .flatMap((entry) => {
      if (entry.type === 'tool') return [entry.id];
      if (entry.type !== 'step') return [];
      if (isWorkflow(entry.step)) return toolStepsOf(entry.step);
      // Before 1.57.
      return (entry.step as { component?: string }).component === 'TOOL' ? [entry.step.id] : [];
    });
}
