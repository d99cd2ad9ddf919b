import type { AnyWorkflow, StepFlowEntry } from '@mastra/core/workflows';
import { agentBehind } from './older-mastra.ts';

/** An entry that stands for one step. */
export type SingleEntry = Extract<StepFlowEntry, { type: 'parallel' }>['steps'][number];

/** The steps inside an entry that holds some. */
export function innerEntries(entry: StepFlowEntry): readonly SingleEntry[] | undefined {
  switch (entry.type) {
    case 'parallel':
    case 'conditional':
      return entry.steps;
    case 'loop':
    case 'foreach':
      return [singleEntry(entry.step)];
    default:
      return undefined;
  }
}

/** The entry with other steps inside. */
export function mapInner(entry: StepFlowEntry, change: (step: SingleEntry) => SingleEntry): StepFlowEntry {
  switch (entry.type) {
    case 'parallel':
    case 'conditional':
      return { ...entry, steps: entry.steps.map(change) };
    case 'loop':
    case 'foreach':
      return { ...entry, step: inFormOf(entry.step, change(singleEntry(entry.step))) };
    case 'sleep':
    case 'sleepUntil':
      return entry;
    default:
      return change(entry);
  }
}

/** Before 1.57 a loop holds its step as it is, not as an entry. */
function singleEntry(step: SingleEntry): SingleEntry {
  return isBare(step) ? ({ type: 'step', step } as unknown as SingleEntry) : step;
}

function inFormOf(step: SingleEntry, changed: SingleEntry): SingleEntry {
  return isBare(step) ? (changed as unknown as { step: SingleEntry }).step : changed;
}

function isBare(step: object): boolean {
  return 'execute' in step;
}

/** The agent an entry runs: its own, or the registered one of its id. */
export function agentOfStep(entry: StepFlowEntry, workflow: AnyWorkflow): unknown {
  if (entry.type === 'agent') return entry.agent ?? registered(entry.agentId, workflow);
  return entry.type === 'step' ? (agentRef(entry.step) ?? agentBehind(entry.step)) : undefined;
}

/** The agent a step was made of. */
export function agentRef(step: object): unknown {
  return (step as { __agentRef?: unknown }).__agentRef;
}

function registered(id: string, workflow: AnyWorkflow): unknown {
  try {
    return workflow.mastra?.getAgentById(id);
  } catch {
    return undefined;
  }
}
