import type { RequestContext } from '@mastra/core/request-context';
import { discover } from './discover.ts';
import type { Discovery, Skipped } from './discovery.ts';
import { isAgent } from './program.ts';

/**
 * The agents inside workflows that an agent carries as tools, but for those that were given. Mastra tells of those
 * workflows only asynchronously, too late for their texts to be components.
 */
export async function agentsInCarriedWorkflows(
  discovery: Discovery,
  requestContext: RequestContext,
): Promise<readonly Skipped[]> {
  const agents = [...discovery.agents].filter(([agent]) => isAgent(agent));
  const found = await Promise.all(
    agents.map(async ([agent, { name }]) => {
      if (!isAgent(agent)) return [];
      // What cannot be told now will be told by the run that needs it.
      const workflows = await agent.listWorkflows({ requestContext }).catch(() => ({}));
      return Object.entries(workflows).flatMap(([key, workflow]) =>
        [...discover(workflow).agents.keys()]
          .filter(isAgent)
          .filter((inner) => !discovery.agents.has(inner) && !discovery.agents.has(inner.id))
          .map(({ id }) => passedOver(`agent ${name}, workflow "${key}"`, id)),
      );
    }),
  );
  return found.flat();
}

function passedOver(location: string, agent: string): Skipped {
  return {
    location: `${location}, agent ${agent}`,
    reason: 'Mastra tells of the workflows of an agent only asynchronously, too late for the texts in them.',
    hint: 'Give the workflows by the option `workflows`: { workflows: await agent.listWorkflows() }.',
  };
}
