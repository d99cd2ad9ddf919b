/** Rollouts in worker processes, on a queue of BullMQ. Requires the package `bullmq`. */

export type { RolloutPlace, RolloutRun, Rollouts } from '../rollouts/rollouts.ts';
export { bullmq } from './bullmq.ts';
export { NoWorkerError, WorkerLostError, WorkerMismatchError } from './errors.ts';
export type { BullmqOptions, QueueAddress } from './options.ts';
export { type RolloutServer, type ServeOptions, serveRollouts } from './serve-rollouts.ts';
