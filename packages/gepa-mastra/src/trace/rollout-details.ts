import type { AgentExecutionOptionsBase, MastraDBMessage } from '@mastra/core/agent';
import type { AnySpan } from '@mastra/core/observability';
import type { Step } from 'gepa-core';

/** What Mastra's scorers and observability need from a rollout, beside its output and steps. */
export interface RolloutDetails {
  /** The input and output in the form that scorers of agents expect. */
  readonly scoringData?: { readonly input: unknown; readonly output: unknown };
  readonly messages?: readonly MastraDBMessage[];
  readonly requestContext: NonNullable<AgentExecutionOptionsBase<unknown>['requestContext']>;
  readonly runId: string;
  /** The root span of the rollout in the user's observability. */
  readonly span?: AnySpan;
}

const key = Symbol('gepa.mastra.rollout');

/** Attaches the details to the first step under a symbol, so that printing or comparing steps does not show them. */
export function attachDetails(steps: readonly Step[], details: RolloutDetails): readonly Step[] {
  const [first, ...rest] = steps;
  return first === undefined ? steps : [Object.assign({ ...first }, { [key]: details }), ...rest];
}

export function detailsOf(trace: readonly Step[] | undefined): RolloutDetails | undefined {
  return (trace?.[0] as { [key]?: RolloutDetails } | undefined)?.[key];
}
