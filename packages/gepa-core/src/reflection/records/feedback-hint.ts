import { wholeRecords } from '../prompt/evidence.ts';
import type { RequestSource } from '../prompt/requests.ts';
import type { ProposalRequest } from '../proposer.ts';
import { expectedOf } from './example-parts.ts';

export const noFeedback =
  'The metric gives no feedback, so the reflection model sees scores and must guess what was wanted. Return { score, feedback } that says what was wrong and what is right, or set `showExpected: true` to show it the expected value of each example.';

/** Whether the records of a minibatch do not say what was wrong. An adapter's own records may say it. */
export async function teachesNothing<Name extends string>(
  options: Pick<RequestSource<Name>, 'adapter' | 'knowledge'>,
  request: ProposalRequest<Name>,
): Promise<boolean> {
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
    const records = await wholeRecords({ ...options, ...request }, name);
    if (!records.every((record) => 'Score' in record)) return false;
  }
  return true;
}
