import type { AnyExecution } from '../adapter/any.ts';
import type { AttemptContext } from '../calls/call.ts';
import type { RolloutInProgress, RolloutRequest } from '../rollouts/rollouts.ts';
import { WorkerLostError } from './errors.ts';
import { unpackError } from './packed-error.ts';
import { JobLost, type PendingJob } from './pending-job.ts';
import type { JobRequest, Part } from './protocol.ts';

/** The part of the queue that a rollout uses. */
export interface JobQueue {
  /** The prefix of the ids of the rollout's jobs, the same in every session of the run. */
  jobIdOf(key: string): string;
  submit(id: string, request: Pick<JobRequest, 'execution' | 'scores'>): Promise<PendingJob>;
  /** Removes the job from the queue, or ends it in its worker. */
  cancel(id: string): void;
  /** Removes the outcomes of jobs, which are no longer needed. */
  discard(ids: readonly string[]): void;
  warnOfRefusal(differences: readonly string[]): void;
  readonly maxLostWorkers: number;
}

/** A rollout that workers make: one job for program and metric, and one more for each retry. */
export class QueuedRollout<Name extends string> implements RolloutInProgress {
  readonly #queue: JobQueue;
  readonly #request: RolloutRequest<Name>;
  /** Runs the metric in this process, with `metricIn: 'optimizer'`. */
  readonly #scoreHere: ((given: AttemptContext, execution: AnyExecution) => unknown) | undefined;
  readonly #id: string;
  readonly #ids: string[] = [];
  #job: PendingJob | undefined;
  #lostWorkers = 0;

  constructor(
    queue: JobQueue,
    request: RolloutRequest<Name>,
    scoreHere?: (given: AttemptContext, execution: AnyExecution) => unknown,
  ) {
    this.#queue = queue;
    this.#request = request;
    this.#scoreHere = scoreHere;
    this.#id = queue.jobIdOf(request.key);
  }

  async run(given: AttemptContext): Promise<AnyExecution> {
    const scores = this.#scoreHere !== undefined ? 0 : this.#request.repeatsMetric ? 2 : 1;
    const { value } = await this.#next(given, { scores });
    return value as AnyExecution;
  }

  async score(given: AttemptContext, execution: AnyExecution): Promise<unknown> {
    if (this.#scoreHere !== undefined) return this.#scoreHere(given, execution);
    const { output, trace } = execution;
    const { value } = await this.#next(given, {
      scores: this.#request.repeatsMetric ? 2 : 1,
      execution: { output, trace },
    });
    return value;
  }

  end(): void {
    this.#queue.discard(this.#ids);
  }

  /** The next part of the job in progress, or the first part of a new job. */
  async #next(given: AttemptContext, request: Pick<JobRequest, 'execution' | 'scores'>): Promise<Part> {
    for (;;) {
      given.signal.throwIfAborted();
      if (this.#job === undefined || this.#job.isOver) this.#job = await this.#submit(request);
      const part = await this.#partOf(this.#job, given);
      if (part.refused === undefined) {
        if (part.error !== undefined) throw unpackError(part.error);
        return part;
      }
      // That worker has stopped; another one may serve the run.
      this.#queue.warnOfRefusal(part.refused);
    }
  }

  #submit(request: Pick<JobRequest, 'execution' | 'scores'>): Promise<PendingJob> {
    const id = `${this.#id}-${this.#ids.length + 1}`;
    this.#ids.push(id);
    return this.#queue.submit(id, request);
  }

  async #partOf(job: PendingJob, given: AttemptContext): Promise<Part> {
    const cancel = () => this.#queue.cancel(job.id);
    given.signal.addEventListener('abort', cancel, { once: true });
    if (given.signal.aborted) cancel();
    try {
      return await job.take(given);
    } catch (error) {
      if (!(error instanceof JobLost)) throw error;
      this.#job = undefined;
      // The worker may come back.
      cancel();
      throw this.#workerLost(error.message);
    } finally {
      given.signal.removeEventListener('abort', cancel);
    }
  }

  #workerLost(reason: string): WorkerLostError {
    const { exampleId } = this.#request;
    this.#lostWorkers++;
    return this.#lostWorkers < this.#queue.maxLostWorkers
      ? new WorkerLostError(
          `A worker was lost during a rollout on example ${exampleId}. ${reason}`,
          'transient',
        )
      : new WorkerLostError(
          `${this.#lostWorkers} workers were lost during the rollout on example ${exampleId}, so it is not made again. ${reason}`,
          'program',
        );
  }
}
