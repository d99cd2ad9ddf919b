import type { StopReason } from '../search/strategies/stop-conditions.ts';
import { visible } from './visible.ts';

const descriptions = new Map<StopReason, string>([
  ['maxMetricCalls', 'the metric calls left do not suffice for another iteration'],
  ['maxIterations', 'the iterations are used up'],
  ['maxCostUsd', 'the cost limit is reached'],
  ['maxTokens', 'the token limit is reached'],
  ['maxDurationMs', 'the time limit is reached'],
  ['scoreReached', 'the target score is reached'],
  ['noImprovement', 'the best score has not risen for a while'],
  ['stopFile', 'the stop file was found'],
  ['aborted', 'the run was aborted'],
  ['providerUnavailable', 'the model provider is unavailable'],
  ['runDirUnwritable', 'the run directory can no longer be written'],
  ['allPerfect', 'every example is perfect already'],
  ['trainsetExhausted', 'the candidates are perfect on the whole trainset'],
  ['noNewProposals', 'the proposals contain no new candidates'],
  ['error', 'the run failed'],
]);

/** Describes a stop reason, followed by the reason itself in parentheses. */
export function describeStopReason(reason: StopReason): string {
  const description = descriptions.get(reason);
  return description === undefined
    ? `a stop condition returned "${visible(reason)}"`
    : `${description} (${reason})`;
}
