import { type Journal, settledCallOf } from '../journal/journal.ts';
import { plus, zero } from './amount.ts';
import type { Budget } from './budget.ts';

/** Charges everything that earlier sessions spent, or may have been billed for. */
export function chargeEarlierSessions(
  budget: Budget,
  journal: Journal | undefined,
  note: (message: string) => void,
): void {
  if (journal === undefined) return;
  let uncertain = journal.earlierUncertain;
  for (const entry of journal.entries()) {
    budget.chargeEarlier(settledCallOf(entry), entry.uncertain !== undefined);
    uncertain = plus(uncertain, { ...zero, ...entry.uncertain });
  }
  for (const warning of budget.chargeEarlierUncertain(uncertain)) note(warning);
}
