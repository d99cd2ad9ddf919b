import { type Amount, sum, zero } from '../budget/amount.ts';
import { noTime, type TimeSpent } from '../budget/spend.ts';
import {
  type EarlierEntry,
  type JournalPosition,
  type KnownEntry,
  keyOf,
  PROBE,
  phaseOf,
} from './journal.ts';
import type { JournalLine } from './journal-lines.ts';

/** The time of earlier sessions, by phase: the time before a line belongs to the phase of that line. */
export class EarlierTime {
  elapsedMs = 0;
  readonly #spent = { ...noTime };

  learn(line: JournalLine): void {
    // The outcome of a reserved call has a line of its own.
    if (line.type === 'reserved') return;
    this.#spent[isCall(line) ? phaseOf(line) : 'other'] += line.at - this.elapsedMs;
    this.elapsedMs = line.at;
  }

  get spent(): TimeSpent {
    return this.#spent;
  }
}

/** What earlier sessions reserved for calls without an outcome. */
export class EarlierReservations {
  readonly #open = new Map<number, Amount>();
  #lost: Amount = zero;

  learn(line: JournalLine): void {
    // Each session numbers its reservations anew.
    if (line.type === 'session') this.#lose();
    else if (line.type === 'reserved') {
      this.#open.set(line.reservation, { ...zero, tokens: line.tokens, costUsd: line.costUsd });
    } else if ('reservation' in line && line.reservation !== undefined) this.#open.delete(line.reservation);
  }

  get uncertain(): Amount {
    this.#lose();
    return this.#lost;
  }

  #lose(): void {
    this.#lost = sum([this.#lost, ...this.#open.values()]);
    this.#open.clear();
  }
}

/** The calls of earlier sessions, by key, in order. */
export class EarlierCalls {
  lastIteration = -1;
  /** Receives each entry once, when it is replayed or skipped. */
  listener: (entry: KnownEntry) => void = () => {};
  /** The limit on metric calls of the session that began an iteration. */
  readonly #limits = new Map<number, number>();
  #limit = Number.POSITIVE_INFINITY;
  readonly #byKey = new Map<string, Recorded[]>();
  readonly #byIteration = new Map<number, Recorded[]>();
  /** Failures of the last iteration so far, and the rollouts that check what they mean. */
  #lastFailures: Recorded[] = [];

  learn(line: JournalLine, position: JournalPosition): void {
    if (line.type === 'session') {
      this.endSession();
      this.#limit = line.maxMetricCalls ?? Number.POSITIVE_INFINITY;
    }
    if (line.type === 'iteration') {
      if (line.iteration > this.lastIteration) this.#lastFailures = [];
      this.lastIteration = Math.max(this.lastIteration, line.iteration);
      this.#limits.set(line.iteration, this.#limit);
    }
    // Failed rollouts count as scored; the run came to its end with them.
    if (line.type === 'ended' && !unforeseenEnds.has(line.reason)) {
      this.#lastFailures = this.#lastFailures.filter(({ entry }) => entry.type === 'unavailable');
    }
    if (!isCall(line)) return;
    const recorded: Recorded = { entry: line, position, isReported: false, isVoid: false };
    push(this.#byKey, keyOf(line), recorded);
    push(this.#byIteration, line.iteration, recorded);
    if (line.iteration >= this.lastIteration && mayBeVoid(line)) this.#lastFailures.push(recorded);
  }

  /**
   * The run did not go on after the failures at the end of a session, so they decided nothing. Those of rollouts may be
   * an outage that had not been noticed.
   */
  endSession(): void {
    for (const recorded of this.#lastFailures) recorded.isVoid = true;
    this.#lastFailures = [];
  }

  /** The limit of the session that went on after an iteration. */
  limitOf(iteration: number): number | undefined {
    return this.#limits.get(iteration + 1);
  }

  *entries(): Generator<KnownEntry> {
    for (const list of this.#byIteration.values()) for (const { entry } of list) yield entry;
  }

  replay(key: string): EarlierEntry | undefined {
    const list = this.#byKey.get(key);
    const next = list?.findIndex(({ isVoid }) => !isVoid) ?? -1;
    if (list === undefined || next === -1) return undefined;
    const [recorded] = list.splice(next, 1) as [Recorded];
    if (list.length === 0) this.#byKey.delete(key);
    this.#report(recorded);
    return recorded;
  }

  skip(beforeIteration = Number.POSITIVE_INFINITY): void {
    for (const [iteration, list] of this.#byIteration) {
      if (iteration >= beforeIteration) continue;
      this.#byIteration.delete(iteration);
      for (const recorded of list) this.#report(recorded);
    }
  }

  #report(recorded: Recorded): void {
    if (recorded.isReported) return;
    recorded.isReported = true;
    this.listener(recorded.entry);
  }
}

interface Recorded extends EarlierEntry {
  isReported: boolean;
  isVoid: boolean;
}

/** Reasons for which a session ends without having decided what its last failures mean. */
const unforeseenEnds: ReadonlySet<string> = new Set([
  'aborted',
  'providerUnavailable',
  'runDirUnwritable',
  'error',
]);

function mayBeVoid(entry: KnownEntry): boolean {
  if (entry.type !== 'rollout') return entry.type === 'unavailable';
  return entry.failedIn !== undefined || entry.occurrence?.startsWith(PROBE) === true;
}

function isCall(line: JournalLine): line is KnownEntry & { readonly at: number } {
  return ['rollout', 'reflection', 'proposal', 'unavailable'].includes(line.type);
}

function push<Key>(lists: Map<Key, Recorded[]>, key: Key, recorded: Recorded): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [recorded]);
  else list.push(recorded);
}
