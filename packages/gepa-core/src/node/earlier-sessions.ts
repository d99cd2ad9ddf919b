import { keyOf, type Place, type Remembered } from '../effects/journal.ts';
import { type Expense, expenseOf, noTime, type TimeSpent } from '../effects/stopwatch.ts';
import type { JournalLine } from './journal-lines.ts';

/** What earlier sessions spent their time on: the time up to a line is that of what it tells. */
export class EarlierTime {
  elapsedMs = 0;
  readonly #spent = { ...noTime };

  learn(line: JournalLine): void {
    this.#spent[expenseOfLine(line)] += line.at - this.elapsedMs;
    this.elapsedMs = line.at;
  }

  get spent(): TimeSpent {
    return this.#spent;
  }
}

function expenseOfLine(line: JournalLine): Expense | 'other' {
  switch (line.type) {
    case 'rollout':
      return expenseOf(line.phase);
    case 'reflection':
    case 'proposal':
      return 'reflection';
    case 'unavailable':
      return line.expense;
    default:
      return 'other';
  }
}

/** What earlier sessions brought, by the key of the effect, in order. */
export class EarlierEffects {
  lastIteration = -1;
  readonly #entries = new Map<string, Note[]>();

  learn(line: JournalLine, place: Place): void {
    if (line.type === 'session' || line.type === 'ended' || line.type === 'candidate') return;
    if (line.type === 'iteration') {
      this.lastIteration = Math.max(this.lastIteration, line.iteration);
      return;
    }
    const key = keyOf(line);
    const notes = this.#entries.get(key);
    const note = { entry: line, place, isPaid: false };
    if (notes === undefined) this.#entries.set(key, [note]);
    else notes.push(note);
  }

  take(key: string): Note | undefined {
    const notes = this.#entries.get(key);
    if (notes === undefined) return undefined;
    // The run did not go on after that: it is tried again.
    const next = notes.findIndex(
      ({ entry }) => entry.type !== 'unavailable' || entry.iteration < this.lastIteration,
    );
    if (next === -1) return undefined;
    const [note] = notes.splice(next, 1);
    if (notes.length === 0) this.#entries.delete(key);
    return note;
  }

  settleRest(pay: (entry: Remembered) => void): void {
    for (const notes of this.#entries.values()) {
      for (const note of notes) {
        if (!note.isPaid) pay(note.entry);
        note.isPaid = true;
      }
    }
  }
}

interface Note {
  readonly entry: Remembered;
  readonly place: Place;
  isPaid: boolean;
}
