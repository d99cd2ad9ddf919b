import type { AgentExecutionOptionsBase, MastraDBMessage } from '@mastra/core/agent';
import type { AnySpan } from '@mastra/core/observability';
import type { Step } from 'gepa-core';

/** What Mastra's own scorers and traces need to know of a rollout, beyond its output and steps. */
export interface RolloutDetails {
  /** What a scorer of agents is given. */
  readonly scoringData?: { readonly input: unknown; readonly output: unknown };
  readonly messages?: readonly MastraDBMessage[];
  readonly requestContext: NonNullable<AgentExecutionOptionsBase<unknown>['requestContext']>;
  readonly runId: string;
  /** The rollout's root in the user's own traces. */
  readonly span?: AnySpan;
}

const key = Symbol('gepa.mastra.rollout');

/** Lets the details travel on the first step, where whoever prints or compares the steps does not see them. */
export function attachDetails(steps: readonly Step[], details: RolloutDetails): readonly Step[] {
  const [first, ...rest] = steps;
  return first === undefined ? steps : [Object.assign({ ...first }, { [key]: details }), ...rest];
}

export function detailsOf(trace: readonly Step[] | undefined): RolloutDetails | undefined {
  return (trace?.[0] as { [key]?: RolloutDetails } | undefined)?.[key];
}
