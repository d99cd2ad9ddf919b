/** Rollouts in worker processes, on a queue of BullMQ. Requires the package `bullmq`. */

export type { RolloutPlace, RolloutRun, Rollouts } from '../rollouts/rollouts.ts';
export { type BullmqOptions, bullmq } from './bullmq.ts';
export type { QueueAddress } from './connection.ts';
export { NoWorkerError, WorkerLostError, WorkerMismatchError } from './errors.ts';
export { type RolloutServer, type ServeOptions, serveRollouts } from './serve-rollouts.ts';
