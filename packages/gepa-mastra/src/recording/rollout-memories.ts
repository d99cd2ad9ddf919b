import { type MastraMemory, MockMemory } from '@mastra/core/memory';

interface MemoryFields {
  readonly threadConfig?: object;
  readonly _storage?: unknown;
  readonly vector?: unknown;
  readonly embedder?: unknown;
}

/** The memories of agents in one rollout: empty, in memory, and otherwise like the agents' own. */
export class RolloutMemories {
  /** By the agent's own. Agents may share one. */
  readonly #memories = new Map<MastraMemory, MastraMemory>();

  of(own: MastraMemory): MastraMemory {
    const known = this.#memories.get(own) ?? emptyCopyOf(own);
    this.#memories.set(own, known);
    return known;
  }
}

/**
 * A memory of the same class and configuration with an empty storage of its own, and without what needs a vector store or
 * a model.
 */
function emptyCopyOf(own: MastraMemory): MastraMemory {
  // Has the private fields of the base class, which a copy of the object would lack.
  const copy = new MockMemory();
  const { threadConfig, _storage, vector: _v, embedder: _e, ...fields } = own as unknown as MemoryFields;
  Object.setPrototypeOf(copy, Object.getPrototypeOf(own));
  return Object.assign(copy, fields, {
    _hasOwnStorage: true,
    threadConfig: {
      ...threadConfig,
      semanticRecall: false,
      observationalMemory: undefined,
      generateTitle: false,
    },
  });
}
