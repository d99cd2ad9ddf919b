import type { MeteredCall } from '../adapter/call-meter.ts';
import type { AttemptContext } from '../calls/call.ts';
import type { CallOutcome, CallPlace, MessageToRun, Part } from './protocol.ts';

/** News about a job: messages of its worker, and changes that the run sees in the queue. */
export type JobNews =
  | Extract<MessageToRun, { type: 'begin' | 'end' | 'news' }>
  | { readonly type: 'lost'; readonly reason: string }
  | { readonly type: 'failed'; readonly error: Error };

/** The job has no outcome and will have none. */
export class JobLost extends Error {}

/** A job of a run, until its outcome has been read. */
export class PendingJob {
  readonly id: string;
  /** The time of the last news, by `performance.now()`. */
  heardAt = performance.now();
  readonly #load: (id: string) => Promise<readonly Part[] | undefined>;
  readonly #answer: (worker: string, place: CallPlace, refused: string | undefined) => void;
  readonly #news: JobNews[] = [];
  #parts: readonly Part[] = [];
  #taken = 0;
  #wake: (() => void) | undefined;

  constructor(
    id: string,
    {
      load,
      answer,
    }: {
      /** Reads the outcome so far; `undefined` when the job is not in the queue. */
      readonly load: (id: string) => Promise<readonly Part[] | undefined>;
      readonly answer: (worker: string, place: CallPlace, refused: string | undefined) => void;
    },
  ) {
    this.id = id;
    this.#load = load;
    this.#answer = answer;
  }

  /** Whether all its parts have been taken. */
  get isOver(): boolean {
    return this.#taken > 0 && this.#parts[this.#taken - 1]?.isLast === true;
  }

  deliver(news: JobNews): void {
    this.heardAt = performance.now();
    this.#news.push(news);
    this.#wake?.();
  }

  /**
   * The next part. Meanwhile its model calls are admitted and settled by the attempt's meter.
   *
   * @throws {JobLost} when there will be none.
   */
  async take({ meter, signal }: AttemptContext): Promise<Part> {
    const part = this.#taken;
    /** The admitted calls, by number. */
    const calls = new Map<number, Promise<MeteredCall>>();
    const wake = () => this.#wake?.();
    signal.addEventListener('abort', wake, { once: true });
    try {
      for (;;) {
        signal.throwIfAborted();
        const ready = this.#parts[part];
        if (ready !== undefined) {
          await accountFor(ready, calls, meter);
          this.#taken++;
          return ready;
        }
        const news = this.#news.shift();
        if (news === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        } else if (news.type === 'begin') {
          if (news.part === part) void this.#answerWhenAdmitted(news, calls, meter);
        } else if (news.type === 'end') {
          if (news.part === part)
            void calls
              .get(news.call)
              ?.then((call) => endCall(call, news))
              .catch(() => {});
        } else if (news.type === 'failed') {
          throw news.error;
        } else {
          const parts = await this.#load(this.id);
          this.#parts = parts ?? this.#parts;
          if (this.#parts[part] !== undefined) continue;
          if (news.type === 'lost') throw new JobLost(news.reason);
          if (parts === undefined) throw new JobLost('The queue has lost it.');
        }
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  /** Admits a call once, also when the worker repeats its question: it may have asked another process before. */
  async #answerWhenAdmitted(
    { worker, request, job, part, call }: Extract<JobNews, { type: 'begin' }>,
    calls: Map<number, Promise<MeteredCall>>,
    meter: AttemptContext['meter'],
  ): Promise<void> {
    let refused: string | undefined;
    try {
      const admitted = calls.get(call) ?? meter.begin(request);
      calls.set(call, admitted);
      await admitted;
    } catch (error) {
      refused = (error as Error).message;
    }
    this.#answer(worker, { job, part, call }, refused);
  }
}

/** Settles the calls of a part. Calls that were not admitted one by one are reported now. */
async function accountFor(
  { calls: reported }: Part,
  known: ReadonlyMap<number, Promise<MeteredCall>>,
  meter: AttemptContext['meter'],
): Promise<void> {
  for (const [number, call] of reported.entries()) {
    endCall(await (known.get(number) ?? meter.begin(call.request)), call);
  }
}

/** Ends a call. One without an outcome stays open: it is charged at its maximum when its attempt ends. */
function endCall(call: MeteredCall, { usage, failed }: CallOutcome): void {
  if (usage !== undefined) call.end(usage);
  else if (failed === 'unbilled') call.fail({ status: 400 });
  else if (failed === 'unknown') call.fail(new Error('The model call failed.'));
}
