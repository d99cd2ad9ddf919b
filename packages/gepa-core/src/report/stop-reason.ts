import type { StopReason } from '../search/strategies/stop-conditions.ts';
import { visible } from './visible.ts';

const words = new Map<StopReason, string>([
  ['maxMetricCalls', 'the metric calls left do not suffice for another iteration'],
  ['maxIterations', 'the iterations are used up'],
  ['maxCostUsd', 'the cost limit is reached'],
  ['maxTokens', 'the token limit is reached'],
  ['maxDurationMs', 'the time limit is reached'],
  ['scoreReached', 'the wanted score is reached'],
  ['noImprovement', 'the best score has not risen for a while'],
  ['stopFile', 'the stop file was found'],
  ['aborted', 'the run was aborted'],
  ['providerUnavailable', 'the models could not be had any more'],
  ['runDirUnwritable', 'the run directory could not be written any more'],
  ['allPerfect', 'every minibatch is perfect already'],
  ['noNewProposals', 'no new texts are being proposed'],
  ['error', 'the run could not go on'],
]);

/** A stop reason for people, with the word for programs behind it. */
export function describeStopReason(reason: StopReason): string {
  const known = words.get(reason);
  return known === undefined ? `a stop condition said "${visible(reason)}"` : `${known} (${reason})`;
}
