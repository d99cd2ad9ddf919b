import type { AnyRollout } from '../../adapter/any.ts';

const MAX_FEEDBACK_CHARACTERS = 160;

/** The first line of the feedback on the lowest score. It shows people why proposals are not accepted. */
export function lineOfFeedback(rollouts: readonly Pick<AnyRollout, 'score' | 'feedback'>[]): {
  readonly feedback?: string;
} {
  const remarks = rollouts.filter(({ feedback }) => typeof feedback === 'string' && feedback.trim() !== '');
  if (remarks.length === 0) return {};
  const { feedback } = remarks.reduce((lowest, rollout) => (rollout.score < lowest.score ? rollout : lowest));
  const [line] = feedback!.trim().split('\n') as [string];
  return {
    feedback: line.length > MAX_FEEDBACK_CHARACTERS ? `${line.slice(0, MAX_FEEDBACK_CHARACTERS)}…` : line,
  };
}
