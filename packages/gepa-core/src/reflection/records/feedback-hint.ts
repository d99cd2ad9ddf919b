import type { Rollout } from '../../adapter/adapter.ts';
import { wholeRecords } from '../prompt/evidence.ts';
import type { RequestSource } from '../prompt/requests.ts';
import type { ProposalRequest } from '../proposer.ts';
import { expectedOf } from './example-parts.ts';
import { shorten } from './shorten.ts';

export const noFeedback =
  'The metric gives no feedback, so the reflection model sees scores and must guess what was wanted. Return { score, feedback } that says what was wrong and what is right, or set `showExpected: true` to show it the expected value of each example.';

/** So many different examples that failed do not get the same feedback if it says what was wanted in each. */
const MIN_EXAMPLES = 6;

/** Notices a metric whose feedback is the same for every example that fails. */
export class ConstantFeedback {
  readonly #examples = new Set<string>();
  #text: string | undefined;
  #varies = false;

  add(rollouts: readonly Rollout<unknown, unknown, unknown>[], perfectScore: number): void {
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

/** Whether the records of a minibatch say nothing of what was wrong. An adapter's own records may. */
export function* teachesNothing<Example, Output, Trace, Name extends string>(
  options: Pick<RequestSource<Example, Output, Trace, Name>, 'adapter' | 'knowledge'>,
  request: ProposalRequest<Example, Output, Trace, Name>,
): Generator<void, boolean> {
  const { rollouts, components } = request;
  const remarks = rollouts.flatMap(({ feedback, componentFeedback }) => [
    feedback,
    ...Object.values<string | undefined>(componentFeedback ?? {}),
  ]);
  if (remarks.some((remark) => remark?.trim())) return false;
  if (
    options.knowledge.showExpected === true &&
    rollouts.some(({ example }) => expectedOf(example) !== undefined)
  )
    return false;
  if (options.adapter.reflectiveRecords === undefined) return true;
  for (const name of components) {
    const records = yield* wholeRecords({ ...options, ...request }, name);
    if (!records.every((record) => 'Score' in record)) return false;
  }
  return true;
}
