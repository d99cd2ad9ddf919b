import type { Rollout } from '../adapter/adapter.ts';
import type { Interruption } from '../calls/interruption.ts';
import type { Place } from '../journal/journal.ts';
import type { ExampleRef } from './examples.ts';

/** A rollout as it is kept. What only the reflection model is shown may be left out: see `Evaluator.whole`. */
export interface Scored<Example, Output, Trace> extends Rollout<Example, Output, Trace> {
  /** Where the rest stands in the journal. */
  readonly place?: Place | undefined;
}

export type Outcome<Example, Output, Trace> =
  | Scored<Example, Output, Trace>
  | { readonly interruption: Interruption };

type Entry<Example, Output, Trace> =
  | Outcome<Example, Output, Trace>
  | Promise<Outcome<Example, Output, Trace>>;

/**
 * Finished and running rollouts of one candidate. Most are a score and nothing else by then (a valset is looked at
 * once), and take eight bytes each: a large valset times many candidates would otherwise fill the memory.
 */
export class RolloutCache<Example, Output, Trace> {
  readonly #size: number;
  /** By the example's key; NaN where there is none. */
  #scores: Float64Array | undefined;
  readonly #entries = new Map<number, Entry<Example, Output, Trace>>();

  /** `size`: more than the largest key. */
  constructor(size: number) {
    this.#size = size;
  }

  has(key: number): boolean {
    return this.#entries.has(key) || this.#scoreOf(key) !== undefined;
  }

  get({ key, id, example }: ExampleRef<Example>): Entry<Example, Output, Trace> | undefined {
    const score = this.#scoreOf(key);
    return score === undefined ? this.#entries.get(key) : { example, exampleId: id, score };
  }

  set(key: number, entry: Entry<Example, Output, Trace>): void {
    this.#entries.set(key, entry);
  }

  /** Keeps a rollout of which the score is everything. */
  setScore(key: number, score: number): void {
    this.#scores ??= new Float64Array(this.#size).fill(Number.NaN);
    this.#scores[key] = score;
    this.#entries.delete(key);
  }

  delete(key: number): void {
    this.#entries.delete(key);
  }

  #scoreOf(key: number): number | undefined {
    const score = this.#scores?.[key];
    return score === undefined || Number.isNaN(score) ? undefined : score;
  }
}
