import { noopLogger } from '@mastra/core/logger';
import { type AnyWorkflow, createStep, createWorkflow } from '@mastra/core/workflows';
import { withTexts } from 'gepa-core/adapter';
import { toPlain } from '../trace/plain.ts';
import { copyWith } from './copy-with.ts';
import type { Derivation } from './derivation.ts';
import { withStandIn } from './older-mastra.ts';
import { isAgent, isWorkflow } from './program.ts';
import { recordedTool } from './recorded-tool.ts';
import { agentOfStep, agentRef, mapInner, type SingleEntry } from './step-entries.ts';

interface RunInput {
  readonly inputData?: unknown;
}

interface RunResult {
  readonly status: string;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A workflow of the same steps, which `changeWorkflow` fills. */
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

/** Gives a copy of a workflow its steps, with the derivation's agents, workflows and tools in them. */
export function changeWorkflow(derivation: Derivation, workflow: AnyWorkflow, copy: AnyWorkflow): void {
  copy.setStepFlow(
    workflow.stepGraph.map((entry) => mapInner(entry, (one) => changeStep(derivation, one, workflow))),
  );
  Object.assign(copy.steps, workflow.steps);
  copy.commit();
  if (derivation.recorder !== undefined) copy.__setLogger(noopLogger);
  recordRuns(derivation, workflow, copy);
}

function changeStep(derivation: Derivation, entry: SingleEntry, workflow: AnyWorkflow): SingleEntry {
  const { recorder } = derivation;
  const agent = agentOfStep(entry, workflow);
  if (entry.type === 'agent' && isAgent(agent)) {
    return { ...entry, agent: derivation.agent(agent), options: withoutScorers(derivation, entry.options) };
  }
  if (entry.type === 'tool' && entry.tool !== undefined) {
    return {
      ...entry,
      tool: recordedTool(derivation, entry.tool, entry.id),
      options: withoutScorers(derivation, entry.options),
    };
  }
  if (entry.type !== 'step') return entry;
  const { step } = entry;
  if (isWorkflow(step)) return { ...entry, step: derivation.workflow(step) as unknown as typeof step };
  if (isAgent(agent) && agentRef(step) === undefined) {
    const { execute } = step;
    const standIn = derivation.agent(agent);
    const led: typeof step = copyWith(step, {
      ...(recorder === undefined ? {} : { scorers: undefined }),
      execute: (context: Parameters<typeof execute>[0]) =>
        withStandIn(agent, standIn, () => execute.call(step, context)),
    });
    return { ...entry, step: led };
  }
  if (isAgent(agent)) {
    const { __agentOptions: options } = step as { __agentOptions?: object };
    const made = createStep(derivation.agent(agent), withoutScorers(derivation, options) as never);
    return { ...entry, step: { ...step, ...made, id: step.id } as typeof step };
  }
  if (recorder === undefined || agentRef(step) !== undefined) return entry;
  const { execute } = step;
  const recorded: typeof step = copyWith(step, {
    scorers: undefined,
    execute: (context: Parameters<typeof execute>[0]) =>
      recorder.around({ kind: 'chain', name: step.id, input: context.inputData }, () =>
        execute.call(step, context),
      ),
  });
  return { ...entry, step: recorded };
}

function withoutScorers(derivation: Derivation, options: object | undefined): object | undefined {
  return derivation.recorder === undefined || options === undefined
    ? options
    : { ...options, scorers: undefined };
}

function recordRuns(derivation: Derivation, workflow: AnyWorkflow, copy: AnyWorkflow): void {
  const { texts, recorder } = derivation;
  const execute = copy.execute.bind(copy) as (context: { inputData: unknown }) => Promise<unknown>;
  const createRun = copy.createRun.bind(copy);
  Object.assign(copy, {
    // As a step of another workflow, or as a tool.
    execute: (context: { inputData: unknown }) =>
      recorder === undefined
        ? execute(context)
        : recorder.around({ kind: 'chain', name: workflow.id, input: context.inputData }, () =>
            execute(context),
          ),
    createRun: async (...args: Parameters<typeof createRun>) => {
      const run = await createRun(...args);
      const start = run.start.bind(run) as (args: RunInput) => Promise<RunResult>;
      const stream = run.stream.bind(run) as (args: RunInput) => { readonly result: Promise<RunResult> };
      return Object.assign(run, {
        start: (startArgs: RunInput) =>
          carriedRun(
            derivation,
            workflow,
            startArgs,
            () => withTexts(texts, () => start(startArgs)),
            (result) => result,
          ),
        stream: (streamArgs: RunInput) =>
          carriedRun(
            derivation,
            workflow,
            streamArgs,
            () => withTexts(texts, () => stream(streamArgs)),
            ({ result }) => result,
          ),
      });
    },
  });
}

/** A run that an agent begins is a step of the trace. Other runs are recorded by who begins them. */
function carriedRun<Begun>(
  derivation: Derivation,
  { id }: AnyWorkflow,
  { inputData }: RunInput,
  begin: () => Begun,
  resultOf: (begun: Begun) => Promise<RunResult>,
): Begun {
  const { recorder } = derivation;
  if (!recorder?.isInsideAgent) return begin();
  const step = recorder.open({ kind: 'chain', name: id, input: inputData });
  const begun = recorder.within(step, begin);
  resultOf(begun).then(
    ({ status, result, error }) => {
      if (status === 'failed') recorder.fail(step, error);
      else recorder.end(step, { output: toPlain(result) });
    },
    (error: unknown) => recorder.fail(step, error),
  );
  return begun;
}
