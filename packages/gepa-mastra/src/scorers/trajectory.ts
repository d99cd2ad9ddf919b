import * as evals from '@mastra/core/evals';
import type { RolloutDetails } from '../trace/rollout-details.ts';

/**
 * The path of a rollout in the form that trajectory scorers expect. As in `runEvals`, it is the tree of spans when the
 * Mastra instance has observability and a storage, otherwise the tool calls of the agent or the steps of the workflow.
 */
export function trajectoryOf({ span, spans = [], scoringData }: Partial<RolloutDetails> = {}): unknown {
  // Newer than scorers.
  const { extractTrajectory, extractTrajectoryFromTrace, extractWorkflowTrajectory } = evals as Partial<
    typeof evals
  >;
  const program = spans.find(({ parentSpanId }) => parentSpanId === span?.id);
  if (program !== undefined && extractTrajectoryFromTrace !== undefined) {
    return extractTrajectoryFromTrace(spans as never, program.spanId);
  }
  const { output, stepResults, stepExecutionPath } = scoringData ?? {};
  if (stepResults !== undefined)
    return extractWorkflowTrajectory?.(stepResults as never, stepExecutionPath as never);
  return Array.isArray(output) ? extractTrajectory?.(output) : { steps: [] };
}
