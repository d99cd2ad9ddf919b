import type { Agent } from '@mastra/core/agent';
import type { RequestContext } from '@mastra/core/request-context';
import { copyWith } from '../program/copy-with.ts';
import type { Method } from '../program/derivation.ts';
import { without } from '../program/request-context.ts';
import type { FlowStep } from '../program/step-entries.ts';
import { type AgentStream, deleteRun, observeSuspension, SuspensionError } from '../program/suspension.ts';
import type { Hooks } from '../program/tool-mocks.ts';
import type { Recorder } from '../trace/recorder.ts';
import { recordedScorers } from './completion-scorers.ts';

interface GenerateResult {
  readonly runId: string;
  readonly text?: string;
  readonly object?: unknown;
  readonly finishReason?: string;
  readonly suspendPayload?: { readonly toolName?: string };
}

/** No live scorers, no thread, and mocks instead of tools, one call at a time because their order matters. */
export function rolloutOptions(recorder: Recorder, copy: Agent, key: string, options: unknown): object {
  const { mocks } = recorder;
  const { hooks, abortSignal, requestContext } = (options ?? {}) as {
    readonly hooks?: Hooks;
    readonly abortSignal?: AbortSignal;
    readonly requestContext?: RequestContext;
  };
  const everyRun = {
    ...rolloutDefaults(recorder, options ?? {}),
    scorers: {},
    ...(key === 'network' ? {} : withoutThread(requestContext)),
  };
  if (mocks === undefined) return everyRun;
  const own = { ...(copy as Partial<Agent>).getConfiguredToolHooks?.(), ...hooks } as Hooks;
  return {
    ...everyRun,
    hooks: mocks.hooks(recorder, own),
    toolCallConcurrency: 1,
    abortSignal: abortSignal === undefined ? mocks.signal : AbortSignal.any([abortSignal, mocks.signal]),
  };
}

/** What a rollout changes in options of calls and in default options: it counts judges, and mocked tools need no approval. */
export function rolloutDefaults(recorder: Recorder, options: object): object {
  const { requireToolApproval: own } = options as { readonly requireToolApproval?: boolean };
  return {
    ...recordedScorers(recorder, options),
    ...(own && recorder.mocks !== undefined ? { requireToolApproval: recorder.mocks.approval(own) } : {}),
  };
}

/** The keys under which Mastra reads the thread of a call, and whose it is, from its request context: both or none. */
const threadKeys = ['mastra__threadId', 'mastra__resourceId'];

/**
 * Options without the thread of the call. A copy has no memory, but the user's own processors may read and write a
 * thread: those of Mastra that store messages, for example.
 */
function withoutThread(requestContext: RequestContext | undefined): object {
  return {
    memory: undefined,
    threadId: undefined,
    resourceId: undefined,
    ...(requestContext === undefined ? {} : { requestContext: threadKeys.reduce(without, requestContext) }),
  };
}

/** In a rollout, records a run as a step of the trace, and whether the agent suspends it. */
export function recordedMethod(
  recorder: Recorder,
  copy: Agent,
  { key, name }: { readonly key: string; readonly name: string },
  method: Method,
): Method {
  return async (messages, ...rest) => {
    const isSubAgent = recorder.isInsideAgent;
    const result = await recorder.record(
      { kind: 'agent', name, input: messages },
      () => method(messages, ...rest),
      (output) => outputOf(key, output),
    );
    if (key === 'generate') return endSuspendedRun(recorder, copy, result as GenerateResult);
    if (key === 'stream') return observedStream(recorder, copy, result as AgentStream, isSubAgent);
    return result;
  };
}

/** The output of a stream is not known when the call returns. */
function outputOf(key: string, output: unknown): unknown {
  if (!key.startsWith('generate')) return undefined;
  const { text, object } = output as GenerateResult;
  return object ?? text;
}

async function endSuspendedRun(
  recorder: Recorder,
  copy: Agent,
  result: GenerateResult,
): Promise<GenerateResult> {
  if (result.finishReason !== 'suspended') return result;
  recorder.suspension ??= new SuspensionError(`The agent ${copy.id}`, result.suspendPayload?.toolName);
  await deleteRun(copy, result.runId);
  return result;
}

/** A stream that also fails when its run is suspended: a workflow step would wait forever for a suspended agent. */
function observedStream(
  recorder: Recorder,
  copy: Agent,
  stream: AgentStream,
  isSubAgent: boolean,
): AgentStream {
  return observeSuspension(stream, async (tool) => {
    recorder.suspension ??= new SuspensionError(`The agent ${copy.id}`, tool);
    await deleteRun(copy, stream.runId);
    if (!isSubAgent) throw recorder.suspension;
  });
}

/** A copy of a workflow's step, a function, whose calls are steps of the trace. */
export function recordedStep(recorder: Recorder, step: FlowStep): FlowStep {
  const { execute } = step;
  return copyWith(step, {
    scorers: undefined,
    execute: (context: Parameters<typeof execute>[0]) =>
      recorder.record({ kind: 'chain', name: step.id, input: context.inputData }, () =>
        execute.call(step, context),
      ),
  });
}

interface RunInput {
  readonly inputData?: unknown;
}

interface RunResult {
  readonly status: string;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Records a run of a workflow that a function or an agent starts. Other runs are recorded by their caller, under the same name. */
export function recordRun(recorder: Recorder, name: string, input: unknown, start: () => unknown): unknown {
  const { currentStep } = recorder;
  if (currentStep?.kind === 'chain' && currentStep.name === name) return start();
  const step = recorder.open({ kind: 'chain', name, input: (input as RunInput).inputData });
  const run = recorder.within(step, start) as Promise<RunResult> | { readonly result: Promise<RunResult> };
  ('result' in run ? run.result : run).then(
    ({ status, result, error }) => {
      if (status === 'failed') recorder.fail(step, error);
      else recorder.endWith(step, result);
    },
    (error: unknown) => recorder.fail(step, error),
  );
  return run;
}
