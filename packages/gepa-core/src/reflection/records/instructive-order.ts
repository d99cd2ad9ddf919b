import type { AnyRollout } from '../../adapter/any.ts';

/** Above this similarity, rollouts teach the same. */
const NEAR_DUPLICATE = 0.8;
const MAX_WORDS = 300;

/**
 * The rollouts in the order of their use for a reflection: failures of different kinds and with different expected values,
 * one success, then similar rollouts. Further successes without news are left out.
 */
export function instructiveOrder<R extends AnyRollout>(
  rollouts: readonly R[],
  perfectScore = 1,
): { readonly shown: readonly R[]; readonly leftOut: number } {
  const isRight = ({ score, error }: R) => error === undefined && score >= perfectScore;
  const worstFirst = rollouts.filter((rollout) => !isRight(rollout)).sort((a, b) => a.score - b.score);
  const words = new Map(rollouts.map((rollout) => [rollout, wordsOf(rollout)]));
  const distinct: R[] = [];
  const similar: R[] = [];
  while (worstFirst.length > 0) {
    const closeness = worstFirst.map((rollout) =>
      distinct.reduce((most, other) => Math.max(most, overlap(words.get(rollout)!, words.get(other)!)), 0),
    );
    const least = Math.min(...closeness);
    const [next] = worstFirst.splice(closeness.indexOf(least), 1);
    (least < NEAR_DUPLICATE ? distinct : similar).push(next!);
  }
  const [success, ...successes] = rollouts.filter(isRight);
  const others = successes.filter(
    ({ feedback, componentFeedback }) =>
      componentFeedback !== undefined || (feedback !== undefined && feedback !== success!.feedback),
  );
  return {
    shown: [...distinct, ...(success === undefined ? [] : [success]), ...similar, ...others],
    leftOut: successes.length - others.length,
  };
}

/** The words of the feedback and of the expected value. */
function wordsOf({ example, feedback, componentFeedback, error }: AnyRollout): ReadonlySet<string> {
  const expected =
    typeof example === 'object' && example !== null && 'expected' in example ? example.expected : '';
  const text = [expected, feedback, error, ...Object.values(componentFeedback ?? {})]
    .map((part) => (typeof part === 'string' ? part : (JSON.stringify(part) ?? '')).slice(0, 4_000))
    .join(' ');
  return new Set((text.match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, MAX_WORDS));
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size + b.size === 0) return 1;
  let common = 0;
  for (const word of a) if (b.has(word)) common++;
  return common / (a.size + b.size - common);
}
