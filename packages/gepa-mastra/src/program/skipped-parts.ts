import type { Agent } from '@mastra/core/agent';
import type { AnyWorkflow } from '@mastra/core/workflows';
import type { Discovery, SkippedPart } from './discovery.ts';
import { isAgent, isTool, isWorkflow, type MastraLike, typeName } from './program.ts';
import { agentOfStep, innerEntries, type SingleEntry } from './step-entries.ts';

type Known = Pick<Discovery, 'agents' | 'parts'>;

/** The parts of a program that cannot be optimized, with those that production need not know. */
export function skippedParts(discovery: Discovery): readonly SkippedPart[] {
  const inProgram = [...discovery.locations].flatMap(([found, location]) =>
    isAgent(found)
      ? skippedOfAgent(found, location, discovery)
      : skippedOfWorkflow(found, location, discovery),
  );
  return [...discovery.skipped, ...inProgram];
}

function skippedOfAgent(agent: Agent, location: string, known: Known): SkippedPart[] {
  const others = otherAgents(agent.getMastraInstance(), known);
  return [
    ...(agent.hasOwnMemory() ? [{ location: `${location}, memory`, why: { kind: 'memory' } } as const] : []),
    ...skippedClass(agent, 'agentClass', '__setTools', location),
    ...(others.length > 0 && hasFunctions(agent)
      ? [{ location: `${location}, tools`, why: { kind: 'function', areTools: true, others } } as const]
      : []),
  ];
}

function skippedOfWorkflow(workflow: AnyWorkflow, location: string, known: Known): SkippedPart[] {
  const others = otherAgents(workflow.mastra, known);
  // Beside parts, only where agents are left.
  const functions = known.parts.length > 0 && others.length === 0 ? [] : functionSteps(workflow);
  return [
    ...skippedClass(workflow, 'workflowClass', 'setStepFlow', location),
    ...functions.map((id) => ({
      location: `${location}, step ${id}`,
      why: { kind: 'function', areTools: false, others } as const,
    })),
  ];
}

/** A class of the user's own does not define the method itself. */
function skippedClass(
  program: object,
  kind: 'agentClass' | 'workflowClass',
  method: string,
  location: string,
): SkippedPart[] {
  if (Object.hasOwn(Object.getPrototypeOf(program), method)) return [];
  const name = typeName(program);
  return [{ location: `${location}, class ${name}`, why: { kind, name } }];
}

/** The ids of the steps that are functions or tools. */
function functionSteps(workflow: AnyWorkflow): string[] {
  return workflow.stepGraph
    .flatMap((entry) => innerEntries(entry) ?? [entry as SingleEntry])
    .flatMap((entry) => {
      if (entry.type === 'tool') return [entry.id];
      if (entry.type !== 'step' || isWorkflow(entry.step)) return [];
      return agentOfStep(entry, workflow) === undefined ? [entry.step.id] : [];
    });
}

function hasFunctions(agent: Partial<Agent>): boolean {
  const tools = agent.__getOverridableFields?.().tools;
  return typeof tools === 'function' || Object.values(tools ?? {}).some(isTool);
}

/** The names of those agents of the Mastra instance that the program does not have. */
function otherAgents(mastra: MastraLike | undefined, { agents }: Known): string[] {
  const all = (mastra?.listAgents() ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(all)
    .filter(([, agent]) => isAgent(agent) && !agents.has(agent.id))
    .map(([name]) => name);
}
