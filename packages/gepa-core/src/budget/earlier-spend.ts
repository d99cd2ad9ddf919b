import type { Journal, Remembered, Taken } from '../journal/journal.ts';
import type { Ledger } from './ledger.ts';
import { type Expense, expenseOf } from './spend.ts';
import { addUsage, noUsage, type Usage } from './usage.ts';

/**
 * Counts all that earlier sessions spent, or may have been billed for, against the bounds, and learns from it what
 * rollouts are likely to cost.
 *
 * @throws {RunError} when there is a bound now on what they did not tell.
 */
export function commitEarlier(ledger: Ledger, journal: Journal | undefined): void {
  if (journal !== undefined) ledger.commitDoubt(journal.earlierDoubt);
  for (const entry of journal?.entries() ?? []) {
    if (entry.type === 'rollout') ledger.commitScored();
    if (entry.inDoubt !== undefined) ledger.commitDoubt(entry.inDoubt);
    const cost = partsOf(entry).reduce(
      (sum, [expense, usage]) => addUsage(sum, ledger.commit(expense, usage)),
      noUsage,
    );
    if (entry.type !== 'rollout') continue;
    // Of several tries it is not known what each has cost.
    const isOneTry = entry.error === undefined && entry.retries === undefined;
    // The mean stays that of the search: by another one, a run that was over would go on.
    if (isOneTry && entry.phase !== 'testset') ledger.learnCost(cost);
  }
  // Not a warning of the result, which is to be that of a run that was not broken off.
  ledger.noteDoubt();
}

/** The next entry of an effect that an earlier session had, noted in the ledger. */
export function takeEarlier(ledger: Ledger, journal: Journal | undefined, key: string): Taken | undefined {
  return journal?.take(key, (entry) => noteEntry(ledger, entry));
}

/**
 * Notes what earlier sessions spent and the replay has not come to, be it that it never will: on the iterations before
 * one, or on all.
 */
export function noteEarlier(ledger: Ledger, journal: Journal | undefined, beforeIteration?: number): void {
  journal?.settle((entry) => noteEntry(ledger, entry), beforeIteration);
}

function noteEntry(ledger: Ledger, entry: Remembered): void {
  ledger.retries += entry.retries ?? 0;
  if (entry.type === 'rollout') ledger.noteScored(expenseOf(entry.phase));
  for (const [expense, usage] of partsOf(entry)) ledger.note(expense, usage);
}

/** What an effect cost, by what it was spent on. */
function partsOf(entry: Remembered): [Expense | 'judge', Usage][] {
  switch (entry.type) {
    case 'proposal':
    case 'reflection':
      return [['reflection', entry.usage ?? noUsage]];
    default: {
      const { usage = noUsage, judgeUsage = noUsage } = entry;
      return [
        [entry.type === 'rollout' ? expenseOf(entry.phase) : entry.expense, usage],
        ['judge', judgeUsage],
      ];
    }
  }
}
