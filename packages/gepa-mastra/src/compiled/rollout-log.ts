import type { Candidate, Execution, RolloutError, Step } from 'gepa-core';
import type { DatasetExample } from '../data/dataset.ts';
import { detailsOf } from '../trace/rollout-details.ts';
import type { ScorerScore } from '../trace/scorer-scores.ts';

interface Outcome {
  readonly output?: unknown;
  readonly error?: string;
  readonly traceId?: string;
  /** The scores of scorers and objectives. */
  readonly scores?: readonly ScorerScore[];
}

/** The last outcome of every rollout on an example of a dataset, by candidate and dataset item. */
export class RolloutLog {
  readonly #outcomes = new Map<string, Map<string, Outcome>>();

  finished(candidate: Candidate, example: object, { output, trace }: Execution<unknown>): void {
    this.#set(candidate, example, { output, traceId: traceIdOf(trace) });
  }

  failed(candidate: Candidate, example: object, { message, trace }: RolloutError): void {
    this.#set(candidate, example, { error: message, traceId: traceIdOf(trace) });
  }

  /** Adds what a metric returned to the outcome that it scored. */
  scored(candidate: Candidate, example: object, scores: readonly ScorerScore[]): void {
    const { itemId } = example as Partial<DatasetExample>;
    const outcome = itemId === undefined ? undefined : this.get(candidate, itemId);
    if (outcome !== undefined) this.#set(candidate, example, { ...outcome, scores });
  }

  get(candidate: Candidate, itemId: string): Outcome | undefined {
    return this.#outcomes.get(keyOf(candidate))?.get(itemId);
  }

  #set(candidate: Candidate, example: object, outcome: Outcome): void {
    const { itemId } = example as Partial<DatasetExample>;
    if (itemId === undefined) return;
    const key = keyOf(candidate);
    const outcomes = this.#outcomes.get(key) ?? new Map<string, Outcome>();
    this.#outcomes.set(key, outcomes.set(itemId, outcome));
  }
}

function keyOf(candidate: Candidate): string {
  return JSON.stringify(Object.entries(candidate).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function traceIdOf(trace: readonly Step[] | undefined): string | undefined {
  return detailsOf(trace)?.span?.externalTraceId;
}
