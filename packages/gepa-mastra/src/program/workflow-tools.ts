import type { RequestContext } from '@mastra/core/request-context';
import { discover } from './discover.ts';
import type { Discovery } from './discovery.ts';
import { isAgent } from './program.ts';
import type { Skipped } from './skip-reasons.ts';

/**
 * The agents in workflows that agents offer as tools, except those that are discovered already. Mastra lists these
 * workflows only asynchronously, too late for their texts to become components.
 */
export async function skippedWorkflowTools(
  discovery: Discovery,
  requestContext: RequestContext,
): Promise<readonly Skipped[]> {
  const skipped = await Promise.all(
    [...discovery.agents].map(async ([agent, { name }]) => {
      if (!isAgent(agent)) return [];
      // Ignore errors here: the first rollout will report them.
      const workflows = await agent.listWorkflows({ requestContext }).catch(() => ({}));
      return Object.entries(workflows).flatMap(([key, workflow]) =>
        [...discover(workflow).agents.keys()]
          .filter(isAgent)
          .filter((inner) => !discovery.agents.has(inner) && !discovery.agents.has(inner.id))
          .map(({ id }) => ({
            location: `agent ${name}, workflow "${key}", agent ${id}`,
            reason:
              'Mastra lists the workflows of an agent only asynchronously, too late to find their texts.',
            hint: 'Pass them as the option `workflows`: { workflows: await agent.listWorkflows() }.',
          })),
      );
    }),
  );
  return skipped.flat();
}
