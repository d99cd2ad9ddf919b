import type { Agent } from '@mastra/core/agent';
import {
  LanguageDetector,
  ModerationProcessor,
  PIIDetector,
  PromptInjectionDetector,
  SystemPromptScrubber,
} from '@mastra/core/processors';
import { copyWith } from './copy-with.ts';
import type { Derivation } from './derivation.ts';
import { isAgent } from './program.ts';

/** Those of Mastra's own that ask a model, by an agent that each has. */
const asking = new Set<unknown>(
  [LanguageDetector, ModerationProcessor, PIIDetector, PromptInjectionDetector, SystemPromptScrubber].map(
    ({ prototype }) => prototype,
  ),
);

/** An agent, where it puts its processors together for a call. */
interface Combining {
  combineProcessorsIntoWorkflow?(processors: readonly object[], id: string): unknown;
}

/** Has a copy of an agent record what its processors ask models. One of a class of the user's is left as it is. */
export function watchProcessors(derivation: Derivation, agent: Agent): void {
  const combining = agent as unknown as Combining;
  const combine = combining.combineProcessorsIntoWorkflow?.bind(agent);
  if (combine === undefined) return;
  combining.combineProcessorsIntoWorkflow = (processors, id) =>
    combine(
      processors.map((processor) => watched(derivation, processor)),
      id,
    );
}

function watched(derivation: Derivation, processor: object): object {
  if (!asking.has(Object.getPrototypeOf(processor))) return processor;
  const agents = Object.entries(processor).filter(([, value]) => isAgent(value));
  return copyWith(
    processor,
    Object.fromEntries(agents.map(([key, agent]: [string, Agent]) => [key, derivation.agent(agent)])),
  );
}
