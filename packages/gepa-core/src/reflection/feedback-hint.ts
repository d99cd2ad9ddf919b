import { expectedOf } from './example-parts.ts';
import type { ProposalRequest } from './proposer.ts';
import { type RequestSource, recordsFor } from './requests.ts';

export const noFeedback =
  'The metric gives no feedback, so the reflection model sees scores and must guess what was wanted. Return { score, feedback } that says what was wrong and what is right, or set `showExpected: true` to show it the expected value of each example.';

/** Whether the records of a minibatch say nothing of what was wrong. An adapter's own records may. */
export function teachesNothing<Example, Output, Trace, Name extends string>(
  options: Pick<RequestSource<Example, Output, Trace, Name>, 'adapter' | 'mask' | 'knowledge'>,
  request: ProposalRequest<Example, Output, Trace, Name>,
): boolean {
  const { rollouts, components } = request;
  if (rollouts.some(({ feedback, componentFeedback }) => (feedback ?? componentFeedback) !== undefined))
    return false;
  if (
    options.knowledge.showExpected === true &&
    rollouts.some(({ example }) => expectedOf(example) !== undefined)
  )
    return false;
  return (
    options.adapter.reflectiveRecords === undefined ||
    components.every((name) =>
      recordsFor({ ...options, ...request }, name).every((record) => 'Score' in record),
    )
  );
}
