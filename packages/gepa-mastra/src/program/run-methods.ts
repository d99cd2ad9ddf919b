import type { Agent } from '@mastra/core/agent';
import type { Recorder } from '../trace/recorder.ts';
import type { ModelOptions as CallOptions, Derivation } from './derivation.ts';
import { type AgentStream, deleteRun, observeSuspension, suspensionError } from './suspension.ts';
import type { Hooks } from './tool-mocks.ts';

/** The methods of an agent that run it. A version of Mastra may lack some. */
export const runMethods = [
  'generate',
  'stream',
  'streamUntilIdle',
  'network',
  'generateLegacy',
  'streamLegacy',
  'resumeGenerate',
  'resumeStream',
  'resumeStreamUntilIdle',
  'resumeNetwork',
  'approveToolCall',
  'declineToolCall',
  'approveToolCallGenerate',
  'declineToolCallGenerate',
  'approveNetworkToolCall',
  'declineNetworkToolCall',
  'sendStreamResume',
  'sendToolApproval',
] as const;

/** Those that take messages and options. The others, and `streamUntilIdle`, which calls `stream`, are not recorded. */
const recordedMethods: ReadonlySet<string> = new Set([
  'generate',
  'stream',
  'network',
  'generateLegacy',
  'streamLegacy',
]);

type Method = (...args: unknown[]) => unknown;

interface GenerateResult {
  readonly runId: string;
  readonly text?: string;
  readonly object?: unknown;
  readonly finishReason?: string;
  readonly suspendPayload?: { readonly toolName?: string };
}

/**
 * Makes the methods that run a copy use the derivation's texts, models and parts. In a rollout, runs are steps of the
 * trace, and no live scorers run.
 */
export function changeRunMethods(
  derivation: Derivation,
  agent: Agent,
  copy: Agent,
  wrapModelsIn: (options: CallOptions) => CallOptions,
): void {
  const { recorder } = derivation;
  const { name } = derivation.componentsOf(agent);
  const methods = copy as unknown as Partial<Record<string, Method>>;
  for (const key of runMethods) {
    const method = methods[key]?.bind(copy);
    if (method === undefined) continue;
    const within: Method = (...args) => derivation.within(() => method(...args));
    if (!recordedMethods.has(key)) {
      Object.assign(copy, { [key]: within });
      continue;
    }
    const withModels: Method = (messages, options, ...rest) =>
      within(
        messages,
        {
          ...wrapModelsIn((options ?? {}) as CallOptions),
          ...(recorder === undefined ? {} : rolloutOptions(recorder, copy, options)),
        },
        ...rest,
      );
    const run =
      recorder === undefined ? withModels : recordedMethod(recorder, copy, { key, name }, withModels);
    Object.assign(copy, { [key]: run });
  }
}

/** No live scorers, and mocks instead of tools, one call at a time because their order matters. */
function rolloutOptions(recorder: Recorder, copy: Agent, options: unknown): object {
  const { mocks } = recorder;
  if (mocks === undefined) return { scorers: {} };
  const { hooks, abortSignal } = (options ?? {}) as {
    readonly hooks?: Hooks;
    readonly abortSignal?: AbortSignal;
  };
  const own = { ...(copy as Partial<Agent>).getConfiguredToolHooks?.(), ...hooks } as Hooks;
  return {
    scorers: {},
    hooks: mocks.hooks(recorder, own),
    toolCallConcurrency: 1,
    abortSignal: abortSignal === undefined ? mocks.signal : AbortSignal.any([abortSignal, mocks.signal]),
  };
}

/** In a rollout, records a run as a step of the trace, and notes when the agent suspends it. */
function recordedMethod(
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
  recorder.suspension ??= suspensionError(`The agent ${copy.id}`, result.suspendPayload?.toolName);
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
    recorder.suspension ??= suspensionError(`The agent ${copy.id}`, tool);
    await deleteRun(copy, stream.runId);
    if (!isSubAgent) throw recorder.suspension;
  });
}
