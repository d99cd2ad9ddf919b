import type { Agent } from '@mastra/core/agent';
import { GepaError } from 'gepa-core';

/** Nobody answers in a rollout. */
export function waitsForPerson(what: string, where: unknown): GepaError {
  const at = where === undefined ? '' : ` (${typeof where === 'string' ? where : JSON.stringify(where)})`;
  return new GepaError(
    `${what} waits for a person${at}: a tool needs approval, or a step suspended. In a rollout nobody answers; use examples that do not lead there, or a program that gets by without.`,
  );
}

interface Chunk {
  readonly type: string;
  readonly payload?: { readonly toolName?: string };
}

/** What an agent streams, as far as it is looked at here. */
export interface Streamed {
  readonly runId: string;
  readonly fullStream: ReadableStream<Chunk>;
}

/** The same, which calls `whenSuspended` at its end when its agent waits for a person; what that throws ends the stream. */
export function watchSuspension(
  streamed: Streamed,
  whenSuspended: (tool: string | undefined) => Promise<void>,
): Streamed {
  const watched = () => {
    let waiting: Chunk | undefined;
    return new TransformStream<Chunk, Chunk>({
      transform(chunk, controller) {
        if (chunk.type === 'tool-call-approval' || chunk.type === 'tool-call-suspended') waiting = chunk;
        controller.enqueue(chunk);
      },
      async flush() {
        if (waiting !== undefined) await whenSuspended(waiting.payload?.toolName);
      },
    });
  };
  return new Proxy(streamed, {
    get(target, key) {
      if (key === 'fullStream') return target.fullStream.pipeThrough(watched());
      // Bound, for it keeps private fields that a proxy cannot see.
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Under these names Mastra keeps what an agent needs to go on. */
const agentLoops = ['agentic-loop', 'executionWorkflow'];

/** Takes a run that waits for a person out of the user's storage: nobody shall find it there and let it go on. */
export async function forgetRun(agent: Agent, runId: string): Promise<void> {
  const store = await agent.getMastraInstance()?.getStorage()?.getStore('workflows');
  await Promise.all(agentLoops.map((workflowName) => store?.deleteWorkflowRunById({ runId, workflowName })));
}
