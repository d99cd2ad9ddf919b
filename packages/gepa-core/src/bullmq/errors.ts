import type { FailureKind } from '../calls/classify-error.ts';
import { GepaError, RunError } from '../errors.ts';

/** A worker serves another program, or another version of it, than the run optimizes. */
export class WorkerMismatchError extends RunError {
  static override readonly kind = 'WorkerMismatchError';
  /** The differences, each as a clause. */
  readonly differences: readonly string[];

  constructor(message: string, differences: readonly string[]) {
    super(message);
    this.differences = differences;
  }
}

/** No worker served the queue for too long. */
export class NoWorkerError extends RunError {
  static override readonly kind = 'NoWorkerError';
}

/** A worker died or stopped answering while it made a rollout. The rollout is made again, until it has cost too many workers. */
export class WorkerLostError extends GepaError {
  static override readonly kind = 'WorkerLostError';
  readonly failureKind: FailureKind;

  constructor(message: string, failureKind: FailureKind) {
    super(message);
    this.failureKind = failureKind;
  }
}
