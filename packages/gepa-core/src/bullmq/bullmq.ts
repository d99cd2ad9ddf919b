import { checkOptions } from '../check-options.ts';
import { aCount, aNumberFrom, aText, oneOf } from '../kinds.ts';
import type { Rollouts } from '../rollouts/rollouts.ts';
import { addressKinds, type BullmqOptions } from './options.ts';
import { QueuePlace } from './queue-place.ts';

const kinds = {
  ...addressKinds,
  metricIn: oneOf('worker', 'optimizer'),
  maxLostWorkers: aCount,
  waitForWorkersMs: aNumberFrom(1),
  version: aText,
} satisfies Record<keyof BullmqOptions, unknown>;

/**
 * The value of the option `rollouts`: makes rollouts in the workers of a queue, which call `serveRollouts`. Before the
 * first rollout, workers that serve another program end the run with a `WorkerMismatchError`.
 *
 * @throws {OptionsError} on invalid options.
 */
export function bullmq(options: BullmqOptions): Rollouts {
  checkOptions(options, kinds);
  const { metricIn = 'worker', maxLostWorkers = 3, waitForWorkersMs = 600_000 } = options;
  return {
    placeFor: (run) => new QueuePlace({ ...options, metricIn, maxLostWorkers, waitForWorkersMs }, run),
  };
}
