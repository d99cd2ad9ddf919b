import type { Node } from './node.ts';
import { replacingStorage } from './storage.ts';
import { traverse } from './traverse.ts';

/** The checkpointers of a program's graphs. */
export function checkpointersOf(program: unknown): ReadonlySet<Node> {
  const checkpointers = new Set<Node>();
  traverse(program, {
    edits: replacingStorage(({ storage, stored }) => {
      if (storage === 'checkpointer') checkpointers.add(stored);
      return stored;
    }),
  });
  return checkpointers;
}

/**
 * A new saver in memory in place of each checkpointer, which may be a database. When LangGraph cannot be imported, each
 * checkpointer stays in place.
 *
 * @param checkpointers the program's own.
 */
export async function inMemory(checkpointers: ReadonlySet<Node>): Promise<ReadonlyMap<object, object>> {
  const langGraph = await import('@langchain/langgraph').catch(() => undefined);
  if (langGraph === undefined) return new Map();
  return new Map(
    [...checkpointers].map((one) => [one, new langGraph.MemorySaver(one.serde as never)] as const),
  );
}
