import type { Agent } from '@mastra/core/agent';
import type { RequestContext } from '@mastra/core/request-context';
import type { Discovery } from './discovery.ts';
import { isAgent } from './program.ts';
import { isModelProcessor, processorsIn } from './record-processors.ts';

/**
 * The agents that processors of the user's own classes have as properties, also classes that extend those of Mastra.
 * Within a rollout their calls go to copies, as those of parts do, so that they are counted and bounded. Mastra lists
 * processors only asynchronously.
 */
export async function processorAgents(
  { agents }: Discovery,
  requestContext: RequestContext,
): Promise<readonly Agent[]> {
  const listed = await Promise.all(
    [...agents.keys()].filter(isAgent).flatMap((agent: Partial<Agent>) => [
      // The first rollout reports an error here as its own.
      agent.listConfiguredInputProcessors?.(requestContext).catch(() => []),
      agent.listConfiguredOutputProcessors?.(requestContext).catch(() => []),
    ]),
  );
  const processors = listed.flatMap((found): readonly object[] => found ?? []).flatMap(processorsIn);
  const held = processors
    .filter((processor) => !isModelProcessor(processor))
    .flatMap((processor) => Object.values<unknown>(processor as never).filter(isAgent));
  return [...new Set(held)].filter((agent) => Object.isExtensible(agent));
}
