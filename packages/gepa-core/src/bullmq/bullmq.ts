import type { Rollouts } from '../rollouts/rollouts.ts';
import { checkAddress, type QueueAddress } from './connection.ts';
import { QueuePlace } from './queue-place.ts';

/** Options for `bullmq`. */
export interface BullmqOptions extends QueueAddress {
  /**
   * Where the metric runs. `'worker'`: where the program ran, with the metric that was given to `serveRollouts`.
   * `'optimizer'`: in the process of the search, on outputs and traces as plain data. Default `'worker'`.
   */
  readonly metricIn?: 'worker' | 'optimizer';
  /** How many workers one rollout may lose, until it counts as failed and scores `failureScore`. Default 3. */
  readonly maxLostWorkers?: number;
  /** How long a run waits while no worker serves the queue, in milliseconds. Default 600,000, ten minutes. */
  readonly waitForWorkersMs?: number;
  /** The same text in a run and its workers, such as a commit, instead of a comparison of the source of program and metric. */
  readonly version?: string;
}

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
