import * as processors from '@mastra/core/processors';
import { copyWith } from '../program/copy-with.ts';

// Newer than Mastra 1.0.
const { SkillSearchProcessor, ToolSearchProcessor } = processors as Partial<typeof processors>;
const prototypes = new Set<unknown>([SkillSearchProcessor?.prototype, ToolSearchProcessor?.prototype]);

/**
 * A copy of a processor of Mastra without the tools or skills that it has loaded for each thread; another processor itself.
 * A rollout has no thread, so it would find those that other rollouts and the user's own requests without a thread have loaded.
 */
export function withFreshState<Processor extends object>(processor: Processor): Processor {
  if (!prototypes.has(Object.getPrototypeOf(processor))) return processor;
  const { store } = processor as { readonly store?: object };
  return copyWith(processor, {
    ...emptied(processor),
    ...(store === undefined ? {} : { store: copyWith(store, emptied(store)) }),
  });
}

function emptied(state: object): object {
  const keys = Object.keys(state).filter((key) => /^threadLoaded/.test(key));
  return Object.fromEntries(keys.map((key) => [key, new Map()]));
}
