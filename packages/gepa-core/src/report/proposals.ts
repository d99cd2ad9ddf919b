import type { ProposalCounts, RejectedProposal } from '../result.ts';
import type { StopReason } from '../search/strategies/stop-reason.ts';
import { countOf, formatCount } from '../text/format.ts';
import { visible } from '../text/visible.ts';

const reasons: Readonly<Record<RejectedProposal['reason'], string>> = {
  not_better: 'not better on the minibatch',
  unchanged: 'with the same text again',
  duplicate: 'known already',
  cut_off: 'cut off',
  empty: 'empty',
  no_text: 'without a text in the answer',
  too_long: 'too long',
  lost_placeholder: 'without a placeholder',
  invented_placeholder: 'with an unknown placeholder',
  refused: 'refused by `validate`',
  copied: 'with copied examples',
  unread: 'without a component that their minibatch read',
  proposer_failed: 'lost to a failure of the reflection model',
  unavailable: 'lost to rollouts that were unavailable',
};

/** `12 proposals, 4 accepted; 5 not better on the minibatch, 3 cut off` */
export function describeProposals({ made, accepted, byReason }: ProposalCounts): string {
  const rejected = rejectionReasons({ byReason });
  const taken = accepted === 0 ? 'none accepted' : `${formatCount(accepted)} accepted`;
  return `${countOf(made, 'proposal')}, ${taken}${rejected === '' ? '' : `; ${rejected}`}`;
}

/** `5 not better on the minibatch, 3 cut off` */
export function rejectionReasons({ byReason }: Pick<ProposalCounts, 'byReason'>): string {
  return (Object.entries(byReason) as [RejectedProposal['reason'], number][])
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${formatCount(count)} ${reasons[reason]}`)
    .join(', ');
}

/** Whether the last rejection explains the outcome: the search found no gain, or no new texts. */
export const isLastRejectedTelling = (
  { accepted }: Pick<ProposalCounts, 'accepted'>,
  stopReason: StopReason,
): boolean => accepted === 0 || stopReason === 'noNewProposals';

/** Why the last proposal was rejected, with the feedback on its minibatch. */
export function describeLastRejected({ components, message, feedback }: RejectedProposal): string {
  const what = components.length === 0 ? 'merge' : `new text of ${components.map(visible).join(' and ')}`;
  const why = visible(message);
  if (feedback === undefined) return `The last ${what}: ${why}`;
  // Messages of errors may have no full stop.
  return `The last ${what}: ${why}${/[.!?]$/.test(why) ? '' : '.'} Feedback there: “${visible(feedback)}”`;
}

/** Explains minibatches without a failure or without a success; empty without any. */
export function minibatchesWithoutLesson({
  perfectMinibatches,
  zeroMinibatches,
}: Pick<ProposalCounts, 'perfectMinibatches' | 'zeroMinibatches'>): string | undefined {
  const parts = [
    ...(perfectMinibatches === 0 ? [] : [`${formatCount(perfectMinibatches)} perfect already`]),
    ...(zeroMinibatches === 0 ? [] : [`${formatCount(zeroMinibatches)} at 0 on every example`]),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}
