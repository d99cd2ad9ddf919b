import type { AnyRollout } from '../../adapter/any.ts';

const MAX_FEEDBACK_CHARACTERS = 160;

/** The first line of the feedback on the lowest score. It shows people why proposals are not accepted. */
export function lineOfFeedback(
  rollouts: readonly Pick<AnyRollout, 'score' | 'feedback'>[],
): string | undefined {
  const remarks = rollouts.filter(({ feedback }) => typeof feedback === 'string' && feedback.trim() !== '');
  const lowest = Math.min(...remarks.map(({ score }) => score));
  const line = remarks
    .find(({ score }) => score === lowest)
    ?.feedback?.trim()
    .split('\n')[0];
  return line === undefined || line.length <= MAX_FEEDBACK_CHARACTERS
    ? line
    : `${line.slice(0, MAX_FEEDBACK_CHARACTERS)}…`;
}
