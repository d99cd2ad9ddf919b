import type { Agent } from '@mastra/core/agent';
import type { Mastra } from '@mastra/core/mastra';
import { type AnyWorkflow, createStep, type StepFlowEntry } from '@mastra/core/workflows';
import type { Derivation, Method, Recording } from './derivation.ts';
import { replaceAgent } from './older-mastra.ts';
import { isAgent, isWorkflow } from './program.ts';
import { contextOf } from './run-context.ts';
import {
  agentOfStep,
  agentRef,
  type FlowStep,
  innerEntries,
  mapEntries,
  type SingleEntry,
} from './step-entries.ts';

/** Adds the steps to the copy of a workflow, with the derivation's agents, workflows and tools. */
export function changeWorkflow(derivation: Derivation, workflow: AnyWorkflow, copy: AnyWorkflow): void {
  copy.setStepFlow(
    workflow.stepGraph.map((entry) =>
      mapEntries(entry, (single) => changeStep(derivation, single, workflow)),
    ),
  );
  Object.assign(copy.steps, workflow.steps);
  // What Studio shows and stored runs contain.
  Object.assign(copy, { serializedStepFlow: [...workflow.serializedStepGraph] });
  copy.commit();
  derivation.recording?.changeWorkflow(copy);
  changeRuns(derivation, workflow, copy);
}

function changeStep(derivation: Derivation, entry: SingleEntry, workflow: AnyWorkflow): SingleEntry {
  const { recording } = derivation;
  const agent = agentOfStep(entry, workflow);
  if (entry.type === 'agent' && isAgent(agent)) {
    return { ...entry, agent: derivation.agent(agent), options: stepOptions(recording, entry.options) };
  }
  if (entry.type === 'tool' && entry.tool !== undefined) {
    return {
      ...entry,
      tool: derivation.tool(entry.tool, entry.id),
      options: stepOptions(recording, entry.options),
    };
  }
  if (entry.type !== 'step') return entry;
  const { step } = entry;
  if (isWorkflow(step)) return { ...entry, step: derivation.workflow(step) as unknown as typeof step };
  if (isAgent(agent)) return { ...entry, step: changeAgentStep(derivation, step, agent) };
  if (recording === undefined || agentRef(step) !== undefined) return entry;
  return { ...entry, step: recording.step(step) };
}

function changeAgentStep(derivation: Derivation, step: FlowStep, agent: Agent): FlowStep {
  const { recording } = derivation;
  const derived = derivation.agent(agent);
  if (agentRef(step) !== undefined) {
    const { __agentOptions: options } = step as { __agentOptions?: object };
    const newStep = createStep(derived, stepOptions(recording, options) as never);
    return { ...step, ...newStep, id: step.id } as FlowStep;
  }
  return replaceAgent(step, agent, derived, recording?.stepOptions);
}

function stepOptions(recording: Recording | undefined, options: object | undefined): object | undefined {
  return options && { ...options, ...recording?.stepOptions };
}

const changedRuns = new WeakSet<object>();

/** The methods of a run that run steps. A version of Mastra may lack some. */
const runMethods = [
  'start',
  'startAsync',
  'stream',
  'streamLegacy',
  'resume',
  'resumeAsync',
  'resumeStream',
  'restart',
  'timeTravel',
  'timeTravelStream',
] as const;

/** Makes runs use the candidate's texts and parts; in a rollout, records them. */
function changeRuns(derivation: Derivation, workflow: AnyWorkflow, copy: AnyWorkflow): void {
  const { recording } = derivation;
  const { id } = workflow;
  const within = contextOf(derivation, workflow, copy);
  const execute = copy.execute.bind(copy) as (context: { inputData: unknown }) => Promise<unknown>;
  const createRun = copy.createRun.bind(copy);
  const registerMastra = copy.__registerMastra.bind(copy);
  Object.assign(copy, {
    // Called when the workflow is a step of another workflow, or a tool.
    execute: (context: { inputData: unknown }) => {
      const call = () => within(() => execute(context));
      return recording === undefined ? call() : recording.workflowStep(id, context.inputData, call);
    },
    createRun: async (...args: Parameters<typeof createRun>) => {
      const run = await createRun(...args);
      recording?.created(copy, run.runId);
      if (changedRuns.has(run)) return run;
      changedRuns.add(run);
      const methods = run as unknown as Partial<Record<string, Method>>;
      for (const key of runMethods) {
        const method = methods[key]?.bind(run);
        if (method === undefined) continue;
        const changed: Method = (...input) => within(() => method(...input));
        methods[key] =
          recording === undefined || (key !== 'start' && key !== 'stream')
            ? changed
            : (...input) => recording.workflowRun(id, input[0], () => changed(...input));
      }
      return run;
    },
    __registerMastra: (mastra: Mastra) => {
      registerMastra(mastra);
      for (const agent of agentsOf(copy)) {
        if (agent.getMastraInstance() === undefined) agent.__registerMastra(mastra);
      }
    },
  });
}

function agentsOf(workflow: AnyWorkflow): Agent[] {
  return workflow.stepGraph
    .flatMap((entry): readonly StepFlowEntry[] => innerEntries(entry) ?? [entry])
    .map((entry) => agentOfStep(entry, workflow))
    .filter(isAgent);
}
