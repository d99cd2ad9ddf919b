import { ownValue } from '../component.ts';
import type { BudgetHeld } from '../result.ts';
import type { KnownStopReason, StopReason } from '../search/strategies/stop-reason.ts';
import { formatCount } from '../text/format.ts';
import { visible } from '../text/visible.ts';

const descriptions: Readonly<Record<KnownStopReason | 'evaluated', string>> = {
  maxMetricCalls: 'the metric calls are used up',
  maxIterations: 'the iterations are used up',
  // A call is not made if its maximum exceeds the limit, so that part of the limit may be left.
  maxCostUsd: 'the next call could exceed the cost limit',
  maxTokens: 'the next call could exceed the token limit',
  maxDurationMs: 'the time limit is reached',
  scoreReached: 'the target score is reached',
  noImprovement: 'no candidate has become the best for a while',
  stopFile: 'the stop file was found',
  aborted: 'the run was aborted',
  providerUnavailable: 'the model provider is unavailable',
  runDirUnwritable: 'the run directory can no longer be written',
  allPerfect: 'the best candidate is perfect on every validation example',
  trainsetExhausted: 'the candidates are perfect on the training examples, which teach nothing more',
  // The texts were known or refused, or the minibatches were perfect.
  noNewProposals: 'the last iterations brought no new texts to test',
  evaluated: 'every candidate of the evaluation was scored',
  error: 'the run failed',
};

/**
 * Describes a stop reason, followed by the reason itself in parentheses.
 *
 * @param unused The metric calls that were left, and the number that another proposal can take.
 */
export function describeStopReason(reason: StopReason, unused?: BudgetHeld): string {
  const description =
    reason === 'maxMetricCalls' && unused !== undefined && unused.left > 0
      ? describeUnused(unused)
      : (ownValue(descriptions, reason) as string | undefined);
  return description === undefined
    ? `a stop condition returned "${visible(reason)}"`
    : `${description} (${reason})`;
}

function describeUnused({ left, needed }: BudgetHeld): string {
  // The search keeps calls for the comparison at its end, which may not use them all.
  return left < needed
    ? `the ${formatCount(left)} metric calls that are left do not suffice for another proposal, which can take ${formatCount(needed)}`
    : `another proposal can take ${formatCount(needed)} metric calls, more than the search had besides those kept for the final comparison`;
}
