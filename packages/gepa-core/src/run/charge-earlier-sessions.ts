import { amountOf, oneMetricCall, plus, sum, zero } from '../budget/amount.ts';
import type { Budget } from '../budget/budget.ts';
import { explainMissingTokens, uncertainWarnings } from '../budget/limit-messages.ts';
import { RunError } from '../errors.ts';
import { type Journal, settledCallOf } from '../journal/journal.ts';

/**
 * Charges everything that earlier sessions spent, or may have been billed for.
 *
 * @throws {RunError} when a usage does not report what a limit needs now.
 */
export function chargeEarlierSessions(
  budget: Budget,
  journal: Journal | undefined,
  note: (message: string) => void,
): void {
  if (journal === undefined) return;
  const { account, spendLimits } = budget;
  const limitsTokens = spendLimits.some(({ unit }) => unit === 'tokens');
  let uncertain = journal.earlierUncertain;
  for (const entry of journal.entries()) {
    const { phase, isScored, retries, usage, judgeUsage } = settledCallOf(entry);
    const kind = phase === 'reflection' ? 'reflection' : 'rollout';
    const usages = [usage, judgeUsage].map((given) => budget.price(given));
    for (const priced of usages) {
      const problem = budget.problemOf(kind, 'program', priced, true);
      if (problem !== undefined) throw problem;
      // That session had no limit, and so no maximum to charge.
      const lacksTokens = priced.modelCalls > 0 && amountOf(priced).tokens === 0;
      if (limitsTokens && lacksTokens && entry.uncertain === undefined) {
        throw new RunError(explainMissingTokens(kind, priced));
      }
    }
    const cost = sum(usages.map(amountOf));
    account.charge(isScored ? plus(cost, oneMetricCall) : cost);
    // Testset rollouts do not change the expected costs of the search, so that a finished run does not continue.
    if (isScored && retries === 0 && phase !== 'testset') account.expected.learnRollout(cost);
    uncertain = plus(uncertain, { ...zero, ...entry.uncertain });
  }
  account.charge(uncertain);
  account.earlierUncertain = uncertain;
  // Not a warning of the result, which should equal that of an uninterrupted run.
  for (const warning of uncertainWarnings(spendLimits, uncertain)) note(warning);
}
