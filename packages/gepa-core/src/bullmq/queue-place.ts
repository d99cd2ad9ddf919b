import { Queue } from 'bullmq';
import type { AnyExecution } from '../adapter/any.ts';
import type { AttemptContext } from '../calls/call.ts';
import { sleep } from '../calls/retry.ts';
import { OptionsError } from '../errors.ts';
import type { RolloutPlace, RolloutRequest, RolloutRun } from '../rollouts/rollouts.ts';
import { canonicalJson } from '../text/canonical-json.ts';
import { NoWorkerError } from './errors.ts';
import { findWorkers, noWorkers, workersOf } from './find-workers.ts';
import { differencesOf, type Identity, identityOf } from './identity.ts';
import { Mailbox, Post } from './mailbox.ts';
import { type BullmqOptions, checkClient, connectionOf } from './options.ts';
import { type JobNews, PendingJob } from './pending-job.ts';
import {
  inboxOfRun,
  inboxOfWorker,
  type JobData,
  type MessageToRun,
  type MessageToWorker,
} from './protocol.ts';
import { type JobQueue, QueuedRollout } from './queued-rollout.ts';

/** How long the outcomes of a killed run are kept for its next session, in seconds. */
const KEEP_S = 7 * 24 * 3600;
const SWEEP_MS = 1_000;
/** After this time without news, a job is looked up: a lost connection may have lost a message. */
const SILENT_MS = 2_000;
const MAX_LOOKED_UP = 200;
const CLOSE_MS = 5_000;

type Options = BullmqOptions &
  Required<Pick<BullmqOptions, 'metricIn' | 'maxLostWorkers' | 'waitForWorkersMs'>>;

/** Makes the rollouts of a run in the workers of a queue. */
export class QueuePlace<Name extends string> implements RolloutPlace<Name> {
  readonly limitsTimeOf: readonly ('program' | 'metric')[];
  readonly #options: Options;
  readonly #run: RolloutRun<Name>;
  readonly #identity: Identity;
  readonly #inboxName: string;
  readonly #pending = new Map<string, PendingJob>();
  /** Messages about jobs of an earlier session that this session has not reached yet. */
  readonly #early = new Map<string, JobNews[]>();
  readonly #greeted = new Map<string, Identity>();
  readonly #removals = new Map<string, Promise<void>>();
  #queue: Queue<JobData> | undefined;
  #inbox: Mailbox<MessageToRun> | undefined;
  #post: Post<MessageToWorker> | undefined;
  #sweeping: ReturnType<typeof setTimeout> | undefined;
  #withoutWorkersSince: number | undefined;
  #jobs = 0;
  #isClosed = false;

  constructor(options: Options, run: RolloutRun<Name>) {
    this.#options = options;
    this.#run = run;
    this.limitsTimeOf = options.metricIn === 'worker' ? ['program', 'metric'] : ['program'];
    const metric = options.metricIn === 'worker' ? run.metric : undefined;
    this.#identity = identityOf(run.adapter, metric, options.version);
    this.#inboxName = inboxOfRun(options.queue, run.runId);
  }

  async open(): Promise<void> {
    const { queue, waitForWorkersMs } = this.#options;
    const { examples, signal, note } = this.#run;
    checkExamples(examples);
    await checkClient(this.#options);
    const connection = connectionOf(this.#options);
    const onError = ({ message }: Error) => {
      if (!this.#isClosed)
        note(`The connection to the queue ${queue} failed; the run waits for it: ${message}`);
    };
    this.#queue = new Queue<JobData>(queue, { ...connection, streams: { events: { maxLen: 1000 } } });
    this.#queue.on('error', onError);
    const connected = await within(waitForWorkersMs, this.#queue.getBackend().client, signal);
    if (signal.aborted) return;
    if (connected === undefined || connected === null) {
      throw new NoWorkerError(`The queue ${queue} could not be reached for ${waitForWorkersMs / 1000} s.`);
    }
    this.#post = new Post({ ...connection, connection: connected });
    this.#inbox = new Mailbox<MessageToRun>(
      this.#inboxName,
      connection,
      (message) => this.#receive(message),
      onError,
    );
    await findWorkers({
      queue: this.#queue,
      identity: this.#identity,
      greeted: this.#greeted,
      send: (mailbox, message) => this.#post!.send(mailbox, message),
      inbox: this.#inboxName,
      waitMs: waitForWorkersMs,
      signal,
      note,
    });
    this.#scheduleSweep();
  }

  start(request: RolloutRequest<Name>): QueuedRollout<Name> {
    const { metric } = this.#run;
    const { candidate, example } = request;
    const scoreHere = (given: AttemptContext, { output, trace }: AnyExecution) =>
      metric({ ...given, candidate, example, output, trace });
    return new QueuedRollout(
      this.#jobQueueFor(request),
      request,
      this.#options.metricIn === 'optimizer' ? scoreHere : undefined,
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#sweeping);
    // The workers end unfinished jobs, and then have nothing to send.
    if (this.#run.hasJournal) await within(CLOSE_MS, this.#removeEarlier());
    await within(CLOSE_MS, Promise.allSettled([...this.#removals.values()]));
    await within(
      CLOSE_MS,
      this.#inbox?.remove().catch(() => {}),
    );
    await within(CLOSE_MS, this.#post?.close());
    await within(CLOSE_MS, this.#queue?.close());
  }

  #jobQueueFor({ candidate, example, ...context }: RolloutRequest<Name>): JobQueue {
    const { runId, rolloutTimeoutMs, hasJournal, admitsCalls } = this.#run;
    const { iteration, phase, candidateIndex, exampleId } = context;
    return {
      maxLostWorkers: this.#options.maxLostWorkers,
      jobIdOf: (key) => `${runId}-${hasJournal ? encodeURIComponent(key) : ++this.#jobs}`,
      submit: (id, steps) =>
        this.#submit(id, {
          inbox: this.#inboxName,
          admitsCalls,
          identity: this.#identity,
          request: {
            candidate,
            example,
            context: { runId, iteration, phase, candidateIndex, exampleId },
            timeoutMs: rolloutTimeoutMs,
            ...steps,
          },
          parts: [],
        }),
      cancel: (id) => this.#remove(id),
      discard: (ids) => {
        for (const id of ids) this.#remove(id);
      },
      warnOfRefusal: (differences) =>
        this.#run.warn(
          `A worker serves another program than this run optimizes, and makes no rollout of it: ${differences.join('; ')}.`,
        ),
    };
  }

  async #submit(id: string, data: JobData): Promise<PendingJob> {
    const job = new PendingJob(id, {
      load: (one) => this.#partsOf(one),
      answer: (worker, place, refused) =>
        void this.#post!.send(inboxOfWorker(this.#options.queue, worker), {
          type: 'answer',
          ...place,
          refused,
        }).catch(() => {}),
    });
    await this.#removals.get(id);
    this.#pending.set(id, job);
    for (const news of this.#early.get(id) ?? []) job.deliver(news);
    this.#early.delete(id);
    if (this.#run.hasJournal && (await this.#isQueued(id))) {
      job.deliver({ type: 'news', job: id });
    } else {
      await this.#queue!.add('rollout', data, {
        jobId: id,
        removeOnComplete: { age: KEEP_S },
        removeOnFail: { age: KEEP_S },
      });
    }
    return job;
  }

  /** Whether an earlier session queued the job, for the same program. */
  async #isQueued(id: string): Promise<boolean> {
    const earlier = await this.#queue!.getJob(id);
    if (earlier === undefined) return false;
    if (differencesOf(this.#identity, earlier.data.identity).length === 0) return true;
    await this.#takeOut(id);
    return false;
  }

  async #partsOf(id: string): Promise<JobData['parts'] | undefined> {
    return (await this.#queue!.getJob(id))?.data.parts;
  }

  #receive(message: MessageToRun): void {
    if (message.type === 'worker') {
      this.#greeted.set(message.worker, message.identity);
      return;
    }
    const job = this.#pending.get(message.job);
    if (job !== undefined) job.deliver(message);
    // The message only announces the outcome, which is in the queue.
    else if (message.type !== 'news' && message.job.startsWith(this.#run.runId)) {
      this.#early.set(message.job, [...(this.#early.get(message.job) ?? []), message]);
    }
  }

  #remove(id: string): void {
    this.#pending.delete(id);
    if (this.#removals.has(id) || this.#queue === undefined) return;
    const removal = this.#takeOut(id)
      .catch(() => {})
      .finally(() => this.#removals.delete(id));
    this.#removals.set(id, removal);
  }

  /** Removes jobs that earlier sessions left in the queue and that this session did not use. */
  async #removeEarlier(): Promise<void> {
    const ids = await this.#queue?.getRanges(['wait', 'active', 'completed', 'failed'], 0, -1);
    for (const id of ids ?? []) if (id.startsWith(this.#run.runId)) this.#remove(id);
  }

  /** Removes a job from the queue. If it runs, its worker ends it first. */
  async #takeOut(id: string): Promise<void> {
    for (let round = 0; round < 40; round++) {
      // 0 when a worker runs it, or when it is gone.
      if ((await this.#queue!.remove(id)) === 1) return;
      const job = await this.#queue!.getJob(id);
      if (job === undefined) return;
      const { processedBy } = job;
      if (round % 10 === 0 && processedBy !== undefined) {
        await this.#post!.send(inboxOfWorker(this.#options.queue, processedBy), { type: 'abort', job: id });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #scheduleSweep(): void {
    this.#sweeping = setTimeout(async () => {
      try {
        await this.#sweep();
      } catch {
        // The connection is lost: the next sweep looks again.
      }
      if (!this.#isClosed) this.#scheduleSweep();
    }, SWEEP_MS);
  }

  /** Finds what no message reports: lost jobs, and missing workers. */
  async #sweep(): Promise<void> {
    if (this.#pending.size === 0) return;
    const silentSince = performance.now() - SILENT_MS;
    let lookedUp = 0;
    for (const [id, job] of this.#pending) {
      if (job.isOver || job.heardAt > silentSince) continue;
      if (++lookedUp > MAX_LOOKED_UP) break;
      job.heardAt = performance.now();
      const state = await this.#queue!.getJobState(id);
      if (state === 'failed') job.deliver({ type: 'lost', reason: 'It died, or blocked its event loop.' });
      else if (state === 'unknown') job.deliver({ type: 'lost', reason: 'The queue has lost its job.' });
      else if (state === 'completed') job.deliver({ type: 'news', job: id });
      // Those with the oldest news first.
      if (this.#pending.delete(id)) this.#pending.set(id, job);
    }
    await this.#checkWorkers();
  }

  async #checkWorkers(): Promise<void> {
    const { queue, waitForWorkersMs } = this.#options;
    if ((await workersOf(this.#queue!)).length > 0) {
      this.#withoutWorkersSince = undefined;
      return;
    }
    if (this.#withoutWorkersSince === undefined) this.#run.note(noWorkers(queue));
    this.#withoutWorkersSince ??= performance.now();
    if (performance.now() - this.#withoutWorkersSince < waitForWorkersMs) return;
    const error = new NoWorkerError(
      `No worker has served the queue ${queue} for ${Math.round(waitForWorkersMs / 1000)} s, so the run ends. Start workers with serveRollouts; with a \`runDir\`, repeat the same call to resume.`,
    );
    for (const job of this.#pending.values()) job.deliver({ type: 'failed', error });
  }
}

/** Resolves with the value, or with `undefined` after a timeout or an abort. */
async function within<T>(
  ms: number,
  work: Promise<T> | undefined,
  signal: AbortSignal = new AbortController().signal,
): Promise<T | undefined> {
  const timer = new AbortController();
  const limit = sleep(ms, AbortSignal.any([signal, timer.signal])).catch(() => {});
  try {
    return (await Promise.race([work, limit])) as T | undefined;
  } finally {
    timer.abort();
  }
}

function checkExamples(examples: readonly { readonly id: string; readonly example: unknown }[]): void {
  const unfit = examples.filter(({ example }) => canonicalJson(example) === undefined);
  if (unfit.length === 0) return;
  const ids = unfit.slice(0, 3).map(({ id }) => id);
  throw new OptionsError([
    `Examples are sent to workers as JSON, but ${unfit.length === 1 ? 'the example' : `${unfit.length} examples, such as`} ${ids.join(', ')} ${unfit.length === 1 ? 'has' : 'have'} parts that are not plain data: instances of classes, dates, functions. Give plain data, such as { role, content } for a message.`,
  ]);
}
