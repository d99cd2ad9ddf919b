import type { Node } from './program/node.ts';

/** Keeps the threads of rollouts, so that the program's checkpointers, a database perhaps, see nothing of them. */
export class RolloutThreads {
  readonly #own: ReadonlySet<Node>;
  #savers: Promise<ReadonlyMap<object, Node>> | undefined;

  /** @param own the program's checkpointers. */
  constructor(own: ReadonlySet<Node>) {
    this.#own = own;
  }

  /** What to use in the place of each checkpointer. Without the package of LangGraph at hand they stay themselves. */
  savers(): Promise<ReadonlyMap<object, Node>> {
    this.#savers ??= inMemory(this.#own).catch(() => new Map([...this.#own].map((own) => [own, own])));
    return this.#savers;
  }

  /** Forgets the thread of a rollout that is over. */
  async forget(thread: string): Promise<void> {
    const deletions = [...(await this.savers()).values()].map(async (saver) => {
      if (typeof saver.deleteThread === 'function') await saver.deleteThread(thread);
    });
    await Promise.allSettled(deletions);
  }
}

async function inMemory(all: ReadonlySet<Node>): Promise<ReadonlyMap<object, Node>> {
  if (all.size === 0) return new Map();
  const { MemorySaver } = await import('@langchain/langgraph');
  return new Map([...all].map((own) => [own, new MemorySaver(own.serde as never) as unknown as Node]));
}
