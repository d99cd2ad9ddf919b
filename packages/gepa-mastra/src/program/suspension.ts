import type { Agent } from '@mastra/core/agent';
import { GepaError } from 'gepa-core';
import type { StoredRun } from '../trace/recorder.ts';

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

interface Chunk {
  readonly type: string;
  readonly payload?: { readonly toolName?: string };
}

/** The part of the result of `agent.stream` that is read here. */
export interface AgentStream {
  readonly runId: string;
  readonly fullStream: ReadableStream<Chunk>;
}

/**
 * A proxy of an agent's stream that calls `onSuspension` at the end of the stream when the agent suspended its run. An
 * error from `onSuspension` ends the stream.
 */
export function observeSuspension(
  stream: AgentStream,
  onSuspension: (tool: string | undefined) => Promise<void>,
): AgentStream {
  const observer = () => {
    let suspension: Chunk | undefined;
    return new TransformStream<Chunk, Chunk>({
      transform(chunk, controller) {
        if (chunk.type === 'tool-call-approval' || chunk.type === 'tool-call-suspended') suspension = chunk;
        controller.enqueue(chunk);
      },
      async flush() {
        if (suspension !== undefined) await onSuspension(suspension.payload?.toolName);
      },
    });
  };
  return new Proxy(stream, {
    get(target, key) {
      if (key === 'fullStream') return target.fullStream.pipeThrough(observer());
      // Private fields of the stream are not accessible through the proxy.
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
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
