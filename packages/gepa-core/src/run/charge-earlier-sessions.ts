import { zero } from '../budget/amount.ts';
import type { Budget } from '../budget/budget.ts';
import { type Journal, settledCallOf } from '../journal/journal.ts';

/** Charges everything that earlier sessions spent, or may have been billed for. */
export function chargeEarlierSessions(
  budget: Budget,
  journal: Journal | undefined,
  note: (message: string) => void,
): void {
  if (journal === undefined) return;
  budget.chargeEarlierUncertain(journal.earlierUncertain);
  for (const entry of journal.entries()) {
    const call = settledCallOf(entry);
    const kind = call.phase === 'reflection' ? 'reflection' : 'rollout';
    const cost = budget.chargeEarlier(kind, call, entry.uncertain !== undefined);
    if (entry.uncertain !== undefined) budget.chargeEarlierUncertain({ ...zero, ...entry.uncertain });
    // Testset rollouts do not change the expected costs of the search, so that a finished run does not continue.
    if (call.isScored && call.retries === 0 && call.phase !== 'testset') budget.learnRollout(cost);
  }
  // Not a warning of the result, which should equal that of an uninterrupted run.
  for (const warning of budget.earlierWarnings) note(warning);
}
