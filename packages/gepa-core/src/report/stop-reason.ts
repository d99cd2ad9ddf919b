import { ownValue } from '../component.ts';
import type { BudgetHeld } from '../result.ts';
import type { KnownStopReason, StopReason } from '../search/strategies/stop-conditions.ts';
import { visible } from '../visible.ts';
import { formatCount } from './format.ts';

const descriptions: Readonly<Record<KnownStopReason | 'evaluated', string>> = {
  maxMetricCalls: 'the metric calls are used up',
  maxIterations: 'the iterations are used up',
  // A call is not made if its maximum does not fit, so that a part of the limit may be left.
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
  // The texts were known or refused, or minibatches were perfect already.
  noNewProposals: 'the last iterations brought no new texts to test',
  evaluated: 'every candidate of the evaluation was scored',
  error: 'the run failed',
};

/**
 * Describes a stop reason, followed by the reason itself in parentheses.
 *
 * @param held The metric calls that were left, and what another proposal takes.
 */
export function describeStopReason(reason: StopReason, held?: BudgetHeld): string {
  const description =
    reason === 'maxMetricCalls' && held !== undefined && held.left > 0
      ? describeHeld(held)
      : (ownValue(descriptions, reason) as string | undefined);
  return description === undefined
    ? `a stop condition returned "${visible(reason)}"`
    : `${description} (${reason})`;
}

function describeHeld({ left, needed }: BudgetHeld): string {
  // The search keeps calls for the comparison at its end, which may not use them all.
  return left < needed
    ? `the ${formatCount(left)} metric calls that are left do not suffice for another proposal, which can take ${formatCount(needed)}`
    : `another proposal can take ${formatCount(needed)} metric calls, more than the search had besides those kept for the final comparison`;
}
