import type { Agent } from '@mastra/core/agent';
import * as mastraProcessors from '@mastra/core/processors';
import type { RequestContext } from '@mastra/core/request-context';
import type { Discovery, SkippedPart } from '../program/discovery.ts';
import { isAgent } from '../program/program.ts';
import { isModelProcessor, processorsIn } from './record-processors.ts';

// Newer than Mastra 1.0.
const { ClassifierProcessor } = mastraProcessors as Partial<typeof mastraProcessors>;

interface ProcessorFindings {
  /**
   * The agents in properties of processors of the user's own classes, including classes that extend those of Mastra. Within
   * a rollout their calls go to copies, like those of parts, so that they are counted and limited.
   */
  readonly agents: readonly Agent[];
  /** Processors that call a model in another way. */
  readonly skipped: readonly SkippedPart[];
}

/** What is found in the processors of a program. Asynchronous, because Mastra lists processors asynchronously. */
export async function searchProcessors(
  { agents }: Discovery,
  requestContext: RequestContext,
): Promise<ProcessorFindings> {
  const listed = await Promise.all(
    [...agents].map(async ([agent, { name }]) => {
      if (!isAgent(agent)) return [];
      const { listConfiguredInputProcessors, listConfiguredOutputProcessors } = agent as Partial<Agent>;
      // Ignore errors here: the first rollout will report them.
      const [inputs = [], outputs = []] = await Promise.all([
        listConfiguredInputProcessors?.call(agent, requestContext).catch(() => []),
        listConfiguredOutputProcessors?.call(agent, requestContext).catch(() => []),
      ]);
      return [...inputs, ...outputs]
        .flatMap((processor: object) => processorsIn(processor))
        .map((processor) => ({ owner: name, processor }));
    }),
  );
  const all = listed.flat();
  const found = all
    .filter(({ processor }) => !isModelProcessor(processor))
    .flatMap(({ processor }) => Object.values<unknown>(processor as never).filter(isAgent));
  const classifiers = all.filter(
    ({ processor }) => ClassifierProcessor !== undefined && processor instanceof ClassifierProcessor,
  );
  const places = classifiers.map(
    ({ owner, processor }) => `agent ${owner}, processor ${(processor as { readonly id: string }).id}`,
  );
  return {
    agents: [...new Set(found)].filter((agent) => Object.isExtensible(agent)),
    skipped: [...new Set(places)].map((location) => ({ location, why: { kind: 'classifier' } })),
  };
}
