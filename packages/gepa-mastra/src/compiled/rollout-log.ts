import type { Candidate, Execution, RolloutError, Step } from 'gepa-core';
import { detailsOf } from '../trace/rollout-details.ts';

interface Outcome {
  readonly output?: unknown;
  readonly error?: string;
  readonly traceId?: string;
}

/** The last outcome of every rollout, by candidate and example. */
export class RolloutLog {
  readonly #outcomes = new Map<string, Map<unknown, Outcome>>();

  finished(candidate: Candidate, example: unknown, { output, trace }: Execution<unknown>): void {
    this.#set(candidate, example, { output, ...traceIdOf(trace) });
  }

  failed(candidate: Candidate, example: unknown, { message, trace }: RolloutError): void {
    this.#set(candidate, example, { error: message, ...traceIdOf(trace) });
  }

  get(candidate: Candidate, example: unknown): Outcome | undefined {
    return this.#outcomes.get(keyOf(candidate))?.get(example);
  }

  #set(candidate: Candidate, example: unknown, outcome: Outcome): void {
    const key = keyOf(candidate);
    const outcomes = this.#outcomes.get(key) ?? new Map<unknown, Outcome>();
    this.#outcomes.set(key, outcomes.set(example, outcome));
  }
}

function keyOf(candidate: Candidate): string {
  return JSON.stringify(Object.entries(candidate).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function traceIdOf(trace: readonly Step[] | undefined): { traceId?: string } {
  const traceId = detailsOf(trace)?.span?.externalTraceId;
  return traceId === undefined ? {} : { traceId };
}
