import type { CallMeter, CallRequest, MeteredCall } from '../adapter/call-meter.ts';
import { isUnbilled } from '../calls/classify-error.ts';
import type { ClientRetries } from '../calls/client-retries.ts';
import type { FailingStep } from '../calls/failing-step.ts';
import type { CallOutcome, ReportedCall } from './protocol.ts';

/** Reports model calls while they run, for runs that admit each of them. */
export interface CallReports {
  /** Resolves when the run admits the call. @throws when it refuses. */
  begin(call: number, request: CallRequest): Promise<void>;
  end(call: number, outcome: CallOutcome): void;
}

/** Records the model calls of one step of a rollout. */
export class WorkerMeter implements CallMeter {
  readonly #calls: ReportedCall[] = [];
  readonly #reports: CallReports | undefined;
  readonly #retries: ClientRetries;
  readonly #step: FailingStep;
  #isClosed = false;

  constructor(reports: CallReports | undefined, retries: ClientRetries, step: FailingStep) {
    this.#reports = reports;
    this.#retries = retries;
    this.#step = step;
  }

  async begin(request: CallRequest = {}): Promise<MeteredCall> {
    const number = this.#calls.length;
    this.#calls.push({ request });
    this.#retries.continued();
    await this.#reports?.begin(number, request);
    const end = (outcome: CallOutcome) => {
      const call = this.#calls[number]!;
      if (outcome.failed !== undefined) this.#retries.ended();
      else if (outcome.usage?.modelCalls) {
        if (outcome.usage.outputTokens > 0) this.#step.noteAnswer();
        this.#retries.answered(outcome.usage.outputTokens);
      }
      if (this.#isClosed || call.usage !== undefined || call.failed !== undefined) return;
      this.#calls[number] = { request, ...outcome };
      this.#reports?.end(number, outcome);
    };
    return {
      end: (usage) => end({ usage }),
      fail: (error) => end({ failed: isUnbilled(error) ? 'unbilled' : 'unknown' }),
    };
  }

  retrying(error: unknown): () => void {
    return this.#retries.failed(error);
  }

  /** The calls so far; later reports are ignored. */
  close(): readonly ReportedCall[] {
    this.#isClosed = true;
    this.#retries.close();
    return [...this.#calls];
  }
}
