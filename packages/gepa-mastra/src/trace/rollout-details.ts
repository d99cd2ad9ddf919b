import type { AgentExecutionOptionsBase, MastraDBMessage } from '@mastra/core/agent';
import type { Mastra } from '@mastra/core/mastra';
import type { AnySpan } from '@mastra/core/observability';
import type { Step } from 'gepa-core';

/** The data of a rollout for Mastra's scorers and observability, besides output and steps. */
export interface RolloutDetails {
  /** The input and output in the form that scorers of agents or workflows expect. */
  readonly scoringData?: {
    readonly input: unknown;
    readonly output: unknown;
    /** By id of the step. */
    readonly stepResults?: Readonly<Record<string, StepResult>>;
    readonly stepExecutionPath?: readonly string[];
  };
  readonly messages?: readonly MastraDBMessage[];
  readonly requestContext: NonNullable<AgentExecutionOptionsBase<unknown>['requestContext']>;
  readonly runId: string;
  /** The root span of the rollout in the user's observability. */
  readonly span?: AnySpan;
  /** The spans within it, as a storage has them. */
  readonly spans?: readonly StoredSpan[];
  /** The Mastra instance of the program. */
  readonly mastra?: Mastra;
}

/** A span as a storage has it, as far as it is read here. */
export interface StoredSpan {
  readonly spanId: string;
  readonly parentSpanId?: string;
}

/** The result of a workflow's step, as far as scorers need it. */
interface StepResult {
  readonly status: string;
  readonly payload?: unknown;
  readonly output?: unknown;
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
