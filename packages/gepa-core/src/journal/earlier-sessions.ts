import { type Expense, expenseOf, noTime, type TimeSpent } from '../budget/spend.ts';
import { type Amount, nothing, sumOf } from '../budget/spending-bounds.ts';
import { keyOf, type Place, type Remembered, type Taken } from './journal.ts';
import type { JournalLine } from './journal-lines.ts';

/** What earlier sessions spent their time on: the time up to a line is that of what it tells. */
export class EarlierTime {
  elapsedMs = 0;
  readonly #spent = { ...noTime };

  learn(line: JournalLine): void {
    // Whatever it is set aside for is told of by a later line.
    if (line.type === 'setAside') return;
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

/** What earlier sessions had set aside for calls of which nothing more was heard. */
export class EarlierDoubt {
  readonly #setAside = new Map<number, Amount>();
  #lost: Amount = nothing;

  learn(line: JournalLine): void {
    // Each session counts its calls anew.
    if (line.type === 'session') this.#lose();
    else if (line.type === 'setAside') this.#setAside.set(line.hold, line);
    else if ('hold' in line && line.hold !== undefined) this.#setAside.delete(line.hold);
  }

  get amount(): Amount {
    this.#lose();
    return this.#lost;
  }

  #lose(): void {
    this.#lost = sumOf([this.#lost, ...this.#setAside.values()]);
    this.#setAside.clear();
  }
}

/** What earlier sessions brought, by the key of the effect, in order. */
export class EarlierEffects {
  lastIteration = -1;
  readonly #byKey = new Map<string, Note[]>();
  readonly #byIteration = new Map<number, Note[]>();
  /** What could not be had in the last iteration so far. */
  #unavailable: Note[] = [];

  learn(line: JournalLine, place: Place): void {
    switch (line.type) {
      case 'session':
        this.endSession();
        return;
      case 'iteration':
        if (line.iteration > this.lastIteration) this.#unavailable = [];
        this.lastIteration = Math.max(this.lastIteration, line.iteration);
        return;
      case 'ended':
      case 'candidate':
      case 'setAside':
        return;
    }
    const note: Note = { entry: line, place, isTold: false, isVoid: false };
    push(this.#byKey, keyOf(line), note);
    push(this.#byIteration, line.iteration, note);
    if (line.type === 'unavailable' && line.iteration >= this.lastIteration) this.#unavailable.push(note);
  }

  /** The run did not go on after what could not be had at the end of a session, so it decided nothing. */
  endSession(): void {
    for (const note of this.#unavailable) note.isVoid = true;
    this.#unavailable = [];
  }

  *entries(): Generator<Remembered> {
    for (const notes of this.#byIteration.values()) for (const { entry } of notes) yield entry;
  }

  take(key: string, tell: (entry: Remembered) => void): Taken | undefined {
    const notes = this.#byKey.get(key);
    if (notes === undefined) return undefined;
    const next = notes.findIndex(({ isVoid }) => !isVoid);
    if (next === -1) return undefined;
    const [note] = notes.splice(next, 1) as [Note];
    if (notes.length === 0) this.#byKey.delete(key);
    tellOnce(note, tell);
    return note;
  }

  settle(tell: (entry: Remembered) => void, beforeIteration = Number.POSITIVE_INFINITY): void {
    for (const [iteration, notes] of this.#byIteration) {
      if (iteration >= beforeIteration) continue;
      this.#byIteration.delete(iteration);
      for (const note of notes) tellOnce(note, tell);
    }
  }
}

interface Note extends Taken {
  isTold: boolean;
  isVoid: boolean;
}

function tellOnce(note: Note, tell: (entry: Remembered) => void): void {
  if (note.isTold) return;
  note.isTold = true;
  tell(note.entry);
}

function push<Key>(lists: Map<Key, Note[]>, key: Key, note: Note): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [note]);
  else list.push(note);
}
