import type { Agent } from '@mastra/core/agent';
import type { RequestContext } from '@mastra/core/request-context';
import type { Discovery } from '../program/discovery.ts';
import { isAgent } from '../program/program.ts';
import { isModelProcessor, processorsIn } from './record-processors.ts';

/**
 * The agents in properties of processors of the user's own classes, including classes that extend those of Mastra. Within a
 * rollout their calls go to copies, like those of parts, so that they are counted and limited. Asynchronous, because
 * Mastra lists processors asynchronously.
 */
export async function processorAgents(
  { agents }: Discovery,
  requestContext: RequestContext,
): Promise<readonly Agent[]> {
  const listed = await Promise.all(
    [...agents.keys()].filter(isAgent).flatMap((agent: Partial<Agent>) => [
      // Ignore errors here: the first rollout will report them.
      agent.listConfiguredInputProcessors?.(requestContext).catch(() => []),
      agent.listConfiguredOutputProcessors?.(requestContext).catch(() => []),
    ]),
  );
  const processors = listed.flatMap((found): readonly object[] => found ?? []).flatMap(processorsIn);
  const found = processors
    .filter((processor) => !isModelProcessor(processor))
    .flatMap((processor) => Object.values<unknown>(processor as never).filter(isAgent));
  return [...new Set(found)].filter((agent) => Object.isExtensible(agent));
}
