import { hostname } from 'node:os';
import { type Job, Queue, Worker } from 'bullmq';
import type { Adapter } from '../adapter/adapter.ts';
import { Outage } from '../calls/outage.ts';
import { checkOptions } from '../check-options.ts';
import { OptionsError } from '../errors.ts';
import { aCount, aFunction, aNumberFrom, aText } from '../kinds.ts';
import { createMask } from '../masking/mask.ts';
import { environmentSecrets } from '../masking/secrets.ts';
import type { Metric } from '../metric.ts';
import { type ServableTarget, servedBy } from '../program/served-target.ts';
import { visible } from '../text/visible.ts';
import { WorkerMismatchError } from './errors.ts';
import { differencesOf, type Identity, identityOf } from './identity.ts';
import { Mailbox, Post } from './mailbox.ts';
import { makeRollout, type Served } from './make-rollout.ts';
import { addressKinds, checkClient, connectionOf, type QueueAddress } from './options.ts';
import {
  type CallPlace,
  inboxOfWorker,
  type JobData,
  type MessageToRun,
  type MessageToWorker,
  type Part,
} from './protocol.ts';
import type { CallReports } from './worker-meter.ts';

/** Options for `serveRollouts`. */
export interface ServeOptions<Example, Output, Trace, Name extends string> extends QueueAddress {
  /** The metric of the run, which scores rollouts where they run. Left out only with `metricIn: 'optimizer'`. */
  readonly metric?: Metric<Example, Output, Trace, Name> | undefined;
  /** The maximum number of rollouts at once in this process. Default 1. */
  readonly concurrency?: number | undefined;
  /**
   * After this time without a sign of life, in milliseconds, another worker makes the rollouts of this process. Must exceed
   * the longest time for which the program blocks the event loop. Default 30,000.
   */
  readonly lockDurationMs?: number | undefined;
  /** The maximum size of a rollout's output and trace, in characters of JSON. Default 32,000,000. */
  readonly maxResultBytes?: number | undefined;
  /** The version of program and metric, such as a commit. Run and workers compare it instead of the source. */
  readonly version?: string | undefined;
  /** Masks texts of outputs, traces, feedback and errors before they leave the process. API keys are masked without it. */
  readonly redact?: ((text: string) => string) | undefined;
}

/** A worker that makes rollouts. */
export interface RolloutServer {
  /** Identifies the worker in messages of a run. */
  readonly name: string;
  /** Takes no further rollouts, finishes those in progress, and disconnects. */
  close(): Promise<void>;
  /** Settles when the worker has stopped; rejects with a `WorkerMismatchError` when a run has another program. */
  readonly closed: Promise<void>;
}

/**
 * Makes rollouts of runs on a queue, until it is closed. Models and keys are those of this process; results are masked.
 *
 * @param program What the run optimizes: what `gepa(…)` returns, or an adapter.
 * @throws {OptionsError} on invalid options.
 */
export async function serveRollouts<Example, Output, Trace, Name extends string>(
  program: Adapter<Example, Output, Trace, Name> | ServableTarget,
  options: ServeOptions<Example, Output, Trace, Name>,
): Promise<RolloutServer> {
  checkServeOptions(program, options);
  await checkClient(options);
  const { adapter, metric } = servedBy(program, options.metric as Served['metric']);
  const server = new Server(options, {
    adapter: adapter as Served['adapter'],
    metric,
    mask: createMask({
      secrets: [...(adapter.secrets ?? []), ...environmentSecrets()],
      redact: options.redact,
    }),
    maxResultBytes: options.maxResultBytes ?? 32_000_000,
    outage: new Outage(),
  });
  await server.open();
  return server;
}

const ASK_AGAIN_MS = 3_000;
/** If the metric takes longer than this, the outcome of the program is sent before it, otherwise with it. */
const AT_ONCE_MS = 20;

type ServedOptions = QueueAddress & {
  readonly concurrency?: number | undefined;
  readonly lockDurationMs?: number | undefined;
  readonly version?: string | undefined;
};

class Server implements RolloutServer {
  readonly name =
    `${hostname().replaceAll(/[^\w.-]/g, '_')}-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  readonly closed: Promise<void>;
  readonly #served: Served;
  readonly #identity: Identity;
  readonly #worker: Worker<JobData>;
  readonly #inbox: Mailbox<MessageToWorker>;
  readonly #jobs: Queue<JobData>;
  #post!: Post<MessageToRun>;
  /** The model calls that wait for admission. */
  readonly #asking = new Map<string, (refused: string | undefined) => void>();
  /** How many jobs of each run are in progress. */
  readonly #runs = new Map<string, number>();
  readonly #warned = new Set<string>();
  #closing: Promise<void> | undefined;
  #settleClosed!: { resolve(): void; reject(error: unknown): void };

  constructor(options: ServedOptions, served: Served) {
    const { queue, concurrency = 1, lockDurationMs = 30_000, version } = options;
    const connection = connectionOf(options);
    this.#served = served;
    this.#identity = identityOf(served.adapter, served.metric, version);
    this.closed = new Promise((resolve, reject) => {
      this.#settleClosed = { resolve, reject };
    });
    // Also reported as a warning.
    this.closed.catch(() => {});
    const onError = (error: Error) => this.#warn(`Rollouts of the queue ${queue}: ${error.message}`);
    this.#jobs = new Queue(queue, { ...connection, streams: { events: { maxLen: 1000 } } });
    this.#jobs.on('error', onError);
    this.#inbox = new Mailbox(
      inboxOfWorker(queue, this.name),
      connection,
      (message) => this.#receive(message),
      onError,
    );
    // Three parameters: with fewer, BullMQ passes no signal.
    this.#worker = new Worker<JobData>(queue, (job, _token, signal) => this.#process(job, signal!), {
      ...connection,
      name: this.name,
      autorun: false,
      concurrency,
      lockDuration: lockDurationMs,
      stalledInterval: Math.ceil(lockDurationMs / 2),
      // The run decides about a rollout whose worker was lost: to BullMQ it is a failed attempt.
      maxStalledCount: 0,
    });
    this.#worker.on('error', onError);
    this.#worker.on('completed', (job) => void this.#afterJob(job));
  }

  async open(): Promise<void> {
    const client = await this.#jobs.getBackend().client;
    this.#post = new Post({ connection: client, prefix: this.#jobs.opts.prefix });
    await this.#inbox.open();
    void this.#worker.run().catch((error: Error) => this.#warn(error.message));
    await this.#worker.waitUntilReady();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(error?: unknown): Promise<void> {
    await this.#worker.close();
    await this.#inbox.remove();
    await this.#post.close();
    await this.#jobs.close();
    if (error === undefined) this.#settleClosed.resolve();
    else this.#settleClosed.reject(error);
  }

  async #process(job: Job<JobData>, signal: AbortSignal): Promise<void> {
    const { inbox, identity, request, admitsCalls, parts: earlier } = job.data;
    if (request === undefined || earlier.at(-1)?.isLast) return;
    this.#runs.set(inbox, (this.#runs.get(inbox) ?? 0) + 1);
    const differences = differencesOf(identity, this.#identity);
    if (differences.length > 0) return this.#refuse(job, differences);
    const parts: Part[] = [];
    try {
      const reportsOf = (part: number) =>
        admitsCalls ? this.#reportsOf(inbox, job.id!, part, signal) : undefined;
      const steps = makeRollout(this.#served, request, signal, reportsOf);
      let next = steps.next();
      for (let step = await next; !step.done; step = await next) {
        if (signal.aborted) return;
        parts.push(step.value);
        next = steps.next();
        // After an abort, do not wait for it.
        next.catch(() => {});
        if (step.value.isLast) {
          await this.#publish(job, parts);
        } else if (admitsCalls || !(await settlesWithin(AT_ONCE_MS, next))) {
          await this.#publish(job, parts);
          await this.#post.send(inbox, { type: 'news', job: job.id! });
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #refuse(job: Job<JobData>, differences: readonly string[]): Promise<void> {
    await this.#publish(job, [{ calls: [], refused: differences, isLast: true }]);
    const message = `The worker ${this.name} serves another program than a run on the queue ${this.#worker.name} optimizes: ${differences.join('; ')}. It stops. Start workers of the run's version, or give each version a queue of its own.`;
    this.#warn(message);
    // Close after this job.
    setTimeout(() => {
      this.#closing ??= this.#close(new WorkerMismatchError(message, differences));
    });
  }

  /** The outcome replaces the request. */
  async #publish(job: Job<JobData>, parts: readonly Part[]): Promise<void> {
    const request = parts.at(-1)!.isLast ? undefined : job.data.request;
    await job.updateData({ ...job.data, request, parts: [...parts] });
  }

  async #afterJob(job: Job<JobData>): Promise<void> {
    const { inbox, parts } = job.data;
    try {
      if (parts.at(-1)?.isLast) await this.#post.send(inbox, { type: 'news', job: job.id! });
      // It was aborted.
      else await job.remove();
    } catch (error) {
      this.#warn((error as Error).message);
    }
    const left = (this.#runs.get(inbox) ?? 1) - 1;
    if (left > 0) this.#runs.set(inbox, left);
    else {
      this.#runs.delete(inbox);
      await this.#post.forget(inbox);
    }
  }

  #receive(message: MessageToWorker): void {
    if (message.type === 'hello') {
      const { name: worker } = this;
      void this.#post
        .send(message.inbox, { type: 'worker', worker, identity: this.#identity })
        .catch(() => {});
    } else if (message.type === 'abort') {
      this.#worker.cancelJob(message.job, 'The run is over.');
    } else {
      this.#asking.get(keyOf(message))?.(message.refused);
    }
  }

  #reportsOf(inbox: string, job: string, part: number, signal: AbortSignal): CallReports {
    return {
      begin: async (call, request) => {
        const place = { job, part, call };
        const message = { type: 'begin', worker: this.name, request, ...place } as const;
        const ask = () => this.#post.send(inbox, message).catch(() => {});
        // Ask again, since the run may have been killed before it answered.
        const asking = setInterval(ask, ASK_AGAIN_MS);
        const refused = await new Promise<string | undefined>((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          this.#asking.set(keyOf(place), resolve);
          void ask();
        }).finally(() => {
          clearInterval(asking);
          this.#asking.delete(keyOf(place));
        });
        if (refused !== undefined) throw new Error(refused);
      },
      end: (call, outcome) => {
        void this.#post.send(inbox, { type: 'end', job, part, call, ...outcome }).catch(() => {});
      },
    };
  }

  #warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    process.emitWarning(visible(message), 'GepaWarning');
  }
}

const keyOf = ({ job, part, call }: CallPlace) => `${job} ${part} ${call}`;

async function settlesWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), limit]);
  } finally {
    clearTimeout(timer);
  }
}

const kinds = {
  ...addressKinds,
  metric: aFunction,
  concurrency: aCount,
  lockDurationMs: aNumberFrom(100),
  maxResultBytes: aCount,
  version: aText,
  redact: aFunction,
} satisfies Record<keyof ServeOptions<never, never, never, string>, unknown>;

function checkServeOptions(program: object, options: unknown): void {
  if (servedBy(program as ServableTarget, undefined).adapter === undefined) {
    throw new OptionsError([
      'serveRollouts needs what gepa(…) returns, or an adapter: an object with run() and components.',
    ]);
  }
  checkOptions(options, kinds);
}
