import type { AnyRollout } from '../../adapter/any.ts';
import { shorten } from '../../text/shorten.ts';

/** So many different examples that failed do not get the same feedback if it says what was wanted in each. */
const MIN_EXAMPLES = 6;

/** Detects a metric with the same feedback for every failed example. */
export class ConstantFeedback {
  readonly #examples = new Set<string>();
  #text: string | undefined;
  #varies = false;

  add(rollouts: readonly AnyRollout[], perfectScore: number): void {
    for (const { exampleId, score, error, feedback, componentFeedback } of rollouts) {
      if (error !== undefined || score >= perfectScore) continue;
      const text = feedback?.trim();
      this.#varies ||= componentFeedback !== undefined || !text || text !== (this.#text ?? text);
      this.#text = text;
      this.#examples.add(exampleId);
    }
  }

  /** The warning, if there is reason for one. */
  get warning(): string | undefined {
    if (this.#varies || this.#examples.size < MIN_EXAMPLES) return undefined;
    return `The metric gave the same feedback on each of the first ${MIN_EXAMPLES} examples that failed: ${JSON.stringify(shorten(this.#text!, 200))}. The reflection model learns from feedback that says what was wrong and what is right in each example; \`showExpected: true\` shows it the expected values.`;
  }
}
