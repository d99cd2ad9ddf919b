import type { Transformer } from 'node:stream/web';
import type { Agent } from '@mastra/core/agent';
import { GepaError } from 'gepa-core';
import type { StoredRun } from '../trace/recorder.ts';
import { isPromise } from './maybe-promise.ts';

/** The agent or workflow of a rollout suspended its run. */
export class SuspensionError extends GepaError {
  static override readonly kind = 'SuspensionError';

  constructor(program: string, location: unknown) {
    const at =
      location === undefined
        ? ''
        : ` (${typeof location === 'string' ? location : JSON.stringify(location)})`;
    super(
      `${program} was suspended${at}: a tool needs approval, or a step called suspend(). Mock the tool (\`toolMocks\` of the examples), resume the workflow (\`resumeData\`), or use examples that do not get there.`,
    );
  }
}

/** The part of the result of `agent.stream` that is read here. */
export interface AgentStream {
  readonly runId: string;
  readonly status: string;
  readonly finishReason: Promise<unknown>;
  readonly suspendPayload: Promise<{ readonly toolName?: string } | undefined>;
}

/**
 * A proxy of an agent's stream that calls `onSuspension` when the agent has suspended its run, in whatever way the stream
 * is read. An error from `onSuspension` ends the streams and rejects the promises that are read from it.
 */
export function observeSuspension(
  stream: AgentStream,
  onSuspension: (tool: string | undefined) => Promise<void>,
): AgentStream {
  let suspended: Promise<void> | undefined;
  /** Called when something that was read from the stream has ended. */
  const check = async () => {
    if (stream.status !== 'suspended') return;
    suspended ??= stream.suspendPayload.then((payload) => onSuspension(payload?.toolName));
    await suspended;
  };
  /** The reader has stopped, while the run continues. */
  const checkLater = async () => {
    const ended = stream.finishReason.catch(() => {}).then(check);
    if (stream.status === 'suspended') await ended;
    else ended.catch(() => {});
  };
  const observed = (value: unknown): unknown => {
    if (value instanceof ReadableStream) {
      const observer: Transformer = { flush: check, cancel: checkLater };
      return value.pipeThrough(new TransformStream(observer));
    }
    if (!isPromise(value)) return value;
    const checked = Promise.resolve(value).then(async (result) => {
      await check();
      return result;
    });
    // Not every promise of a stream is awaited.
    checked.catch(() => {});
    return checked;
  };
  return new Proxy(stream, {
    get(target, key) {
      // Private fields of the stream are not accessible through the proxy.
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function'
        ? (...args: unknown[]) => observed(value.apply(target, args))
        : observed(value);
    },
  });
}

/** Deletes runs of workflows from the user's storage. */
export async function deleteWorkflowRuns(runs: readonly StoredRun[]): Promise<void> {
  for (const { workflow, runId } of runs) {
    const store = await workflow.mastra?.getStorage()?.getStore('workflows');
    await store?.deleteWorkflowRunById({ runId, workflowName: workflow.id });
  }
}

/** The workflows under which Mastra stores suspended runs of agents. */
const agentWorkflows = ['agentic-loop', 'executionWorkflow'];

/** Deletes a suspended run from the user's storage, so that it cannot be resumed. */
export async function deleteRun(agent: Agent, runId: string): Promise<void> {
  const store = await agent.getMastraInstance()?.getStorage()?.getStore('workflows');
  await Promise.all(
    agentWorkflows.map((workflowName) => store?.deleteWorkflowRunById({ runId, workflowName })),
  );
}
