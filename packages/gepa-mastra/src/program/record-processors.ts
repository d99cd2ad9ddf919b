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

/** The processors of Mastra that call a model through an agent of their own. */
const modelProcessors = new Set<unknown>(
  [LanguageDetector, ModerationProcessor, PIIDetector, PromptInjectionDetector, SystemPromptScrubber].map(
    ({ prototype }) => prototype,
  ),
);

/** The internal method of an agent that prepares its processors for a call. */
interface ProcessorMethods {
  combineProcessorsIntoWorkflow?(processors: readonly object[], id: string): unknown;
}

/** Records the model calls of an agent's processors. Processors of the user's own classes are not changed. */
export function recordProcessors(derivation: Derivation, agent: Agent): void {
  const methods = agent as unknown as ProcessorMethods;
  const combine = methods.combineProcessorsIntoWorkflow?.bind(agent);
  if (combine === undefined) return;
  methods.combineProcessorsIntoWorkflow = (processors, id) =>
    combine(
      processors.map((processor) => recordedProcessor(derivation, processor)),
      id,
    );
}

function recordedProcessor(derivation: Derivation, processor: object): object {
  if (!modelProcessors.has(Object.getPrototypeOf(processor))) return processor;
  const agents = Object.entries(processor).filter(([, value]) => isAgent(value));
  return copyWith(
    processor,
    Object.fromEntries(agents.map(([key, agent]: [string, Agent]) => [key, derivation.agent(agent)])),
  );
}
