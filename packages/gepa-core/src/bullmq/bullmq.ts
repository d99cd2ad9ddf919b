import type { Rollouts } from '../rollouts/rollouts.ts';
import { type BullmqOptions, checkAddress } from './options.ts';
import { QueuePlace } from './queue-place.ts';

/**
 * The value of the option `rollouts`: makes rollouts in the workers of a queue, which call `serveRollouts`. Before the
 * first rollout, workers that serve another program end the run with a `WorkerMismatchError`.
 *
 * @throws {OptionsError} on invalid options.
 */
export function bullmq(options: BullmqOptions): Rollouts {
  const { metricIn = 'worker', maxLostWorkers = 3, waitForWorkersMs = 600_000 } = options ?? {};
  checkAddress(options ?? {}, [
    ...(['worker', 'optimizer'].includes(metricIn)
      ? []
      : ["The option \"metricIn\" must be 'worker' or 'optimizer'."]),
    ...(Number.isInteger(maxLostWorkers) && maxLostWorkers >= 1
      ? []
      : ['The option "maxLostWorkers" must be a whole number of 1 or more.']),
    ...(waitForWorkersMs > 0 ? [] : ['The option "waitForWorkersMs" must be more than 0.']),
  ]);
  return {
    placeFor: (run) => new QueuePlace({ ...options, metricIn, maxLostWorkers, waitForWorkersMs }, run),
  };
}
