import type { Phase, Rollout } from '../adapter/adapter.ts';
import type { Amount } from '../budget/amount.ts';
import { type SettledCall, type SpendPhase, spendPhaseOf, type TimeSpent } from '../budget/spend.ts';
import { noUsage, type Usage } from '../budget/usage.ts';
import type { Candidate } from '../component.ts';
import type { EvaluationDescription, SessionDescription } from './describe-run.ts';

/** The cost of a call. */
export interface CallCost {
  /** The number of its reservation, which its `reserved` lines have too; only where dollars or tokens are limited. */
  readonly reservation?: number;
  /** Charged for model calls with an unknown outcome. */
  readonly uncertain?: Pick<Amount, 'tokens' | 'costUsd'>;
  readonly retries?: number;
  readonly usage?: Usage;
  /** The metric's own share, which is not part of `usage`. */
  readonly judgeUsage?: Usage;
}

/** A rollout that was scored. */
export interface RolloutEntry extends CallCost {
  readonly type: 'rollout';
  readonly iteration: number;
  readonly phase: Phase;
  /** The number of the texts in this journal: see the `texts` lines. */
  readonly textsId: number;
  /** The number of the candidate, once it is in the pool. */
  readonly candidate?: number;
  /** The number of the proposal that the rollout was made for. */
  readonly proposal?: number;
  /** The number of the example; equal examples have the same. */
  readonly example: number;
  readonly exampleId: string;
  /** A pair may run more than once, as without a cache; this distinguishes the rollouts. */
  readonly occurrence?: string;
  readonly score: number;
  readonly repeatScore?: number;
  readonly objectives?: Readonly<Record<string, number>>;
  readonly feedback?: string;
  readonly componentFeedback?: Readonly<Record<string, string>>;
  readonly unread?: readonly string[];
  readonly error?: string;
  readonly failedIn?: 'program' | 'metric';
  readonly isHopeless?: boolean;
  readonly output?: unknown;
  readonly trace?: unknown;
  readonly durationMs: number;
}

/** An answer of the reflection model. */
export interface ReflectionEntry extends CallCost {
  readonly type: 'reflection';
  readonly iteration: number;
  readonly task: number;
  /** The number of the proposal. */
  readonly proposal?: number;
  /** The components of the prompt. */
  readonly components: readonly string[];
  /** 0 for the first question of a proposal, 1 for the second, about texts that could not be used. */
  readonly attempt: number;
  readonly prompt: string;
  readonly answer: string;
  readonly finishReason?: string;
  readonly durationMs: number;
}

/** New texts from the caller's own proposer. */
export interface ProposalEntry extends CallCost {
  readonly type: 'proposal';
  readonly iteration: number;
  readonly task: number;
  readonly proposal?: number;
  readonly texts: Readonly<Partial<Record<string, string>>>;
  readonly durationMs: number;
}

/**
 * A call that failed for a reason that is not the program's, or was interrupted after it cost something. A resumed run
 * repeats the failure if the run went on after it, and else makes the call again.
 */
export interface UnavailableEntry extends CallCost {
  readonly type: 'unavailable';
  readonly iteration: number;
  readonly phase: SpendPhase;
  /** The key of the call. */
  readonly key: string;
  readonly message: string;
}

/** The outcome of a call. */
export type CallEntry = RolloutEntry | ReflectionEntry | ProposalEntry | UnavailableEntry;

/** Everything else in a journal. */
export type MarkEntry =
  | { readonly type: 'texts'; readonly textsId: number; readonly texts: Candidate }
  /** An iteration began: nothing ended the run before it. */
  | { readonly type: 'iteration'; readonly iteration: number }
  /** `null`: no limit on metric calls. */
  | {
      readonly type: 'session';
      readonly startedAt: string;
      readonly maxMetricCalls: number | null;
      readonly program: Readonly<Record<string, string>>;
      readonly about: SessionDescription;
      readonly evaluation?: EvaluationDescription;
    }
  | { readonly type: 'ended'; readonly reason: string }
  /**
   * The maximum total cost of a call in flight. It is valid until the entry of that call or its next such line; if neither
   * follows, the call may have cost that much.
   */
  | {
      readonly type: 'reserved';
      readonly reservation: number;
      readonly tokens: number;
      readonly costUsd: number;
    };

/** The part of an entry that stays in memory. */
export type KnownEntry<Entry extends CallEntry = CallEntry> = Entry extends RolloutEntry
  ? Omit<RolloutEntry, Exclude<keyof RolloutDetails, 'error'>>
  : Entry extends ReflectionEntry
    ? Omit<ReflectionEntry, 'prompt'>
    : Entry;

/** The part of a rollout that only the reflection model reads, as it was written. */
export type RolloutDetails = Pick<
  Rollout<unknown, unknown, unknown>,
  'output' | 'trace' | 'feedback' | 'componentFeedback' | 'error'
>;

/** Where an entry is in the journal, in bytes. */
export interface JournalPosition {
  readonly offset: number;
  readonly length: number;
}

/** An entry of an earlier session. */
export interface EarlierEntry {
  readonly entry: KnownEntry;
  readonly position: JournalPosition;
}

/**
 * The outcomes of a run's calls, stored outside of the process. The search is a pure function of these outcomes and the
 * random seed, so that a run is resumed by replay: calls in the journal are taken from it, others are made and added.
 */
export interface Journal {
  readonly runId: string;
  /** The largest `maxMetricCalls` of earlier sessions. */
  readonly plannedMetricCalls: number | undefined;
  /** Reserved by earlier sessions for calls without an outcome. */
  readonly earlierUncertain: Amount;
  /** Milliseconds that earlier sessions took, by phase. */
  readonly earlierTime: TimeSpent;
  /** What changed in the program since earlier sessions, each as part of a sentence. */
  readonly programChanges: readonly string[];
  /** Whether an earlier session began this iteration, so that nothing ended the run before it. */
  hasIteration(iteration: number): boolean;
  /**
   * The `maxMetricCalls` with which an earlier session continued after an iteration: `Infinity` without a limit;
   * `undefined` if no session continued.
   */
  limitOf(iteration: number): number | undefined;
  /** The number of a candidate's texts, in the order in which they are first run. */
  textsIdOf(candidate: Candidate): number;
  /** All entries of earlier sessions. */
  entries(): Iterable<KnownEntry>;
  /** Sets the listener that receives each entry of an earlier session once: when it is replayed or skipped. */
  onReplay(listener: (entry: KnownEntry) => void): void;
  /** The next entry of a call that an earlier session made. */
  replay(key: string): EarlierEntry | undefined;
  /** Skips entries that were not replayed: all, or those of iterations before one. Their spend still counts. */
  skip(beforeIteration?: number): void;
  /** Writes the outcome of a call; resolves once it is on disk, with `undefined` if that failed. */
  add(entry: CallEntry): Promise<JournalPosition | undefined>;
  /** Writes a mark; resolves to whether it is on disk. */
  mark(entry: MarkEntry): Promise<boolean>;
  /** Reads the part of a rollout that is not kept in memory. */
  detailsAt(position: JournalPosition): RolloutDetails;
}

/** The start of `occurrence` for rollouts of the seed that check whether the program still works. */
export const PROBE = 'probe ';

export function rolloutKey(textsId: number, example: number, occurrence: string | undefined): string {
  return occurrence === undefined ? `${textsId}:${example}` : `${textsId}:${example}@${occurrence}`;
}

export function reflectionKey(
  iteration: number,
  task: number,
  components: readonly string[],
  attempt: number,
): string {
  return `reflection ${iteration}.${task}.${attempt} ${JSON.stringify(components)}`;
}

export function proposalKey(iteration: number, task: number): string {
  return `proposal ${iteration}.${task}`;
}

/** Equal keys mean the same call. */
export function keyOf(entry: KnownEntry): string {
  switch (entry.type) {
    case 'rollout':
      return rolloutKey(entry.textsId, entry.example, entry.occurrence);
    case 'reflection':
      return reflectionKey(entry.iteration, entry.task, entry.components, entry.attempt);
    case 'proposal':
      return proposalKey(entry.iteration, entry.task);
    case 'unavailable':
      return entry.key;
  }
}

export function phaseOf(entry: KnownEntry): SpendPhase {
  if (entry.type === 'rollout') return spendPhaseOf(entry.phase);
  return entry.type === 'unavailable' ? entry.phase : 'reflection';
}

/** The entry as the spend report counts it. */
export function settledCallOf(entry: KnownEntry): SettledCall {
  const { usage = noUsage, judgeUsage = noUsage, retries = 0 } = entry;
  return { phase: phaseOf(entry), isScored: entry.type === 'rollout', usage, judgeUsage, retries };
}
