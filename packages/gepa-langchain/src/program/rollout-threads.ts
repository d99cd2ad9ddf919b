import type { Node } from './node.ts';
import { traverse } from './traverse.ts';

/** The checkpointers of a program's graphs. */
export function checkpointersOf(program: unknown): ReadonlySet<Node> {
  const checkpointers = new Set<Node>();
  traverse(program, {
    storage: ({ storage, stored }) => {
      if (storage === 'checkpointer') checkpointers.add(stored);
      return stored;
    },
  });
  return checkpointers;
}

/**
 * Keeps the threads of rollouts in memory, instead of in the program's checkpointers, which may be databases.
 */
export class RolloutThreads {
  readonly #checkpointers: ReadonlySet<Node>;
  #savers: Promise<ReadonlyMap<object, Node>> | undefined;

  /** @param checkpointers the program's own. */
  constructor(checkpointers: ReadonlySet<Node>) {
    this.#checkpointers = checkpointers;
  }

  /**
   * The in-memory replacement of each checkpointer. When LangGraph cannot be imported, each checkpointer is its own
   * replacement.
   */
  savers(): Promise<ReadonlyMap<object, Node>> {
    this.#savers ??= inMemory(this.#checkpointers).catch(
      () => new Map([...this.#checkpointers].map((one) => [one, one])),
    );
    return this.#savers;
  }

  /** Deletes the thread of a finished rollout. */
  async delete(thread: string): Promise<void> {
    const deletions = [...(await this.savers()).values()].map(async (saver) => {
      if (typeof saver.deleteThread === 'function') await saver.deleteThread(thread);
    });
    await Promise.allSettled(deletions);
  }
}

async function inMemory(checkpointers: ReadonlySet<Node>): Promise<ReadonlyMap<object, Node>> {
  if (checkpointers.size === 0) return new Map();
  const { MemorySaver } = await import('@langchain/langgraph');
  return new Map(
    [...checkpointers].map((one) => [one, new MemorySaver(one.serde as never) as unknown as Node]),
  );
}
