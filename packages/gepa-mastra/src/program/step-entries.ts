import type { AnyWorkflow, StepFlowEntry } from '@mastra/core/workflows';
import { captureAgent } from './older-mastra.ts';

/** An entry of a step graph that runs one step. */
export type SingleEntry = Extract<StepFlowEntry, { type: 'parallel' }>['steps'][number];

/** A step of a workflow. */
export type FlowStep = Extract<SingleEntry, { type: 'step' }>['step'];

/** The entries nested in a parallel, conditional, loop or foreach entry; undefined for other entries. */
export function innerEntries(entry: StepFlowEntry): readonly SingleEntry[] | undefined {
  switch (entry.type) {
    case 'parallel':
    case 'conditional':
      return entry.steps;
    case 'loop':
    case 'foreach':
      return [asEntry(entry.step)];
    default:
      return undefined;
  }
}

/** A copy of the entry in which `change` has replaced each single entry: the nested ones, or the entry itself. */
export function mapEntries(entry: StepFlowEntry, change: (step: SingleEntry) => SingleEntry): StepFlowEntry {
  switch (entry.type) {
    case 'parallel':
    case 'conditional':
      return { ...entry, steps: entry.steps.map(change) };
    case 'loop':
    case 'foreach':
      return { ...entry, step: inFormOf(entry.step, change(asEntry(entry.step))) };
    case 'sleep':
    case 'sleepUntil':
      return entry;
    default:
      return change(entry);
  }
}

/** Before 1.57, a loop contains the step itself instead of an entry. */
function asEntry(step: SingleEntry): SingleEntry {
  return isStep(step) ? ({ type: 'step', step } as unknown as SingleEntry) : step;
}

function inFormOf(original: SingleEntry, changed: SingleEntry): SingleEntry {
  return isStep(original) ? (changed as unknown as { step: SingleEntry }).step : changed;
}

function isStep(step: object): boolean {
  return 'execute' in step;
}

/** The agent that an entry runs: the entry's own, or the registered agent with its id. */
export function agentOfStep(entry: StepFlowEntry, workflow: AnyWorkflow): unknown {
  if (entry.type === 'agent') return entry.agent ?? registeredAgent(entry.agentId, workflow);
  return entry.type === 'step' ? (agentRef(entry.step) ?? captureAgent(entry.step)) : undefined;
}

/** The agent that `createStep(agent)` was called with, since Mastra 1.57. */
export function agentRef(step: object): unknown {
  return (step as { __agentRef?: unknown }).__agentRef;
}

function registeredAgent(id: string, workflow: AnyWorkflow): unknown {
  try {
    return workflow.mastra?.getAgentById(id);
  } catch {
    return undefined;
  }
}
