/** Rollouts in worker processes, on a queue of BullMQ. Requires the package `bullmq`. */

export { bullmq } from '../bullmq/bullmq.ts';
export { NoWorkerError, WorkerLostError, WorkerMismatchError } from '../bullmq/errors.ts';
export type { BullmqOptions, QueueAddress } from '../bullmq/options.ts';
export { type RolloutServer, type ServeOptions, serveRollouts } from '../bullmq/serve-rollouts.ts';
export type { RolloutPlace, RolloutRun, Rollouts } from '../rollouts/rollouts.ts';
