import type { Agent } from '@mastra/core/agent';
import { noopLogger } from '@mastra/core/logger';
import { type AnyWorkflow, createStep, createWorkflow } from '@mastra/core/workflows';
import { withCandidate } from 'gepa-core/adapter';
import { toPlain } from '../trace/plain.ts';
import type { Recorder } from '../trace/recorder.ts';
import { copyWith } from './copy-with.ts';
import type { Derivation } from './derivation.ts';
import { withReplacement } from './older-mastra.ts';
import { isAgent, isWorkflow } from './program.ts';
import { recordedTool } from './recorded-tool.ts';
import { agentOfStep, agentRef, mapEntries, type SingleEntry } from './step-entries.ts';

interface RunInput {
  readonly inputData?: unknown;
}

interface RunResult {
  readonly status: string;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A copy of a workflow without its steps, which `changeWorkflow` adds. */
export function copyOfWorkflow(workflow: AnyWorkflow, isRollout: boolean): AnyWorkflow {
  const { id, description, metadata, inputSchema, outputSchema, stateSchema, requestContextSchema } =
    workflow;
  const { stepDefs, retryConfig, mastra, options } = workflow;
  return createWorkflow({
    id,
    inputSchema,
    outputSchema,
    ...(stateSchema === undefined ? {} : { stateSchema }),
    ...(requestContextSchema === undefined ? {} : { requestContextSchema }),
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(stepDefs === undefined ? {} : { steps: stepDefs }),
    ...(mastra === undefined ? {} : { mastra }),
    retryConfig,
    options: isRollout ? { ...options, shouldPersistSnapshot: () => false } : options,
  } as Parameters<typeof createWorkflow>[0]) as AnyWorkflow;
}

/** Adds the steps to the copy of a workflow, with the derivation's agents, workflows and tools. */
export function changeWorkflow(derivation: Derivation, workflow: AnyWorkflow, copy: AnyWorkflow): void {
  copy.setStepFlow(
    workflow.stepGraph.map((entry) =>
      mapEntries(entry, (single) => changeStep(derivation, single, workflow)),
    ),
  );
  Object.assign(copy.steps, workflow.steps);
  copy.commit();
  if (derivation.recorder !== undefined) copy.__setLogger(noopLogger);
  changeRuns(derivation, workflow, copy);
}

function changeStep(derivation: Derivation, entry: SingleEntry, workflow: AnyWorkflow): SingleEntry {
  const { recorder } = derivation;
  const agent = agentOfStep(entry, workflow);
  if (entry.type === 'agent' && isAgent(agent)) {
    return { ...entry, agent: derivation.agent(agent), options: withoutScorers(recorder, entry.options) };
  }
  if (entry.type === 'tool' && entry.tool !== undefined) {
    return {
      ...entry,
      tool: recordedTool(recorder, entry.tool, entry.id),
      options: withoutScorers(recorder, entry.options),
    };
  }
  if (entry.type !== 'step') return entry;
  const { step } = entry;
  if (isWorkflow(step)) return { ...entry, step: derivation.workflow(step) as unknown as typeof step };
  if (isAgent(agent)) return { ...entry, step: changeAgentStep(derivation, step, agent) };
  if (recorder === undefined || agentRef(step) !== undefined) return entry;
  const { execute } = step;
  const recorded: FlowStep = copyWith(step, {
    scorers: undefined,
    execute: (context: Parameters<typeof execute>[0]) =>
      recorder.record({ kind: 'chain', name: step.id, input: context.inputData }, () =>
        execute.call(step, context),
      ),
  });
  return { ...entry, step: recorded };
}

type FlowStep = Extract<SingleEntry, { type: 'step' }>['step'];

function changeAgentStep(derivation: Derivation, step: FlowStep, agent: Agent): FlowStep {
  const { recorder } = derivation;
  const derived = derivation.agent(agent);
  if (agentRef(step) !== undefined) {
    const { __agentOptions: options } = step as { __agentOptions?: object };
    const newStep = createStep(derived, withoutScorers(recorder, options) as never);
    return { ...step, ...newStep, id: step.id } as FlowStep;
  }
  const { execute } = step;
  return copyWith(step, {
    ...(recorder === undefined ? {} : { scorers: undefined }),
    execute: (context: Parameters<typeof execute>[0]) =>
      withReplacement(agent, derived, () => execute.call(step, context)),
  });
}

function withoutScorers(recorder: Recorder | undefined, options: object | undefined): object | undefined {
  return recorder === undefined || options === undefined ? options : { ...options, scorers: undefined };
}

/** Makes runs set the candidate's texts for tunables, and records those that an agent or another workflow starts. */
function changeRuns({ candidate, recorder }: Derivation, { id }: AnyWorkflow, copy: AnyWorkflow): void {
  const execute = copy.execute.bind(copy) as (context: { inputData: unknown }) => Promise<unknown>;
  const createRun = copy.createRun.bind(copy);
  Object.assign(copy, {
    // Called when the workflow is a step of another workflow, or a tool.
    execute: (context: { inputData: unknown }) =>
      recorder === undefined
        ? execute(context)
        : recorder.record({ kind: 'chain', name: id, input: context.inputData }, () => execute(context)),
    createRun: async (...args: Parameters<typeof createRun>) => {
      const run = await createRun(...args);
      const start = run.start.bind(run) as (args: RunInput) => Promise<RunResult>;
      const stream = run.stream.bind(run) as (args: RunInput) => { readonly result: Promise<RunResult> };
      return Object.assign(run, {
        start: (input: RunInput) =>
          recordToolRun(
            recorder,
            id,
            input,
            () => withCandidate(candidate, () => start(input)),
            (result) => result,
          ),
        stream: (input: RunInput) =>
          recordToolRun(
            recorder,
            id,
            input,
            () => withCandidate(candidate, () => stream(input)),
            ({ result }) => result,
          ),
      });
    },
  });
}

/** Records a run that an agent starts as a tool. Other runs are recorded by their caller. */
function recordToolRun<Run>(
  recorder: Recorder | undefined,
  name: string,
  { inputData }: RunInput,
  start: () => Run,
  resultOf: (run: Run) => Promise<RunResult>,
): Run {
  if (!recorder?.isInsideAgent) return start();
  const step = recorder.open({ kind: 'chain', name, input: inputData });
  const run = recorder.within(step, start);
  resultOf(run).then(
    ({ status, result, error }) => {
      if (status === 'failed') recorder.fail(step, error);
      else recorder.end(step, { output: toPlain(result) });
    },
    (error: unknown) => recorder.fail(step, error),
  );
  return run;
}
