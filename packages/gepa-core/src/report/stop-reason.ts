import type { StopReason } from '../strategies/stop-conditions.ts';
import { visible } from './visible.ts';

const words = new Map<StopReason, string>([
  ['max_metric_calls', 'the metric calls left do not suffice for another iteration'],
  ['max_iterations', 'the iterations are used up'],
  ['max_cost', 'the cost limit is reached'],
  ['max_duration', 'the time limit is reached'],
  ['score_reached', 'the wanted score is reached'],
  ['no_improvement', 'the best score has not risen for a while'],
  ['stop_file', 'the stop file was found'],
  ['aborted', 'the run was aborted'],
  ['all_perfect', 'every minibatch is perfect already'],
  ['no_new_proposals', 'no new texts are being proposed'],
  ['error', 'the run could not go on'],
]);

/** A stop reason for people, with the word for programs behind it. */
export function describeStopReason(reason: StopReason): string {
  const known = words.get(reason);
  return known === undefined ? `a stop condition said "${visible(reason)}"` : `${known} (${reason})`;
}
