import type { Phase, Rollout } from '../adapter/adapter.ts';
import type { Expense, TimeSpent } from '../budget/spend.ts';
import type { Amount } from '../budget/spending-bounds.ts';
import type { Usage } from '../budget/usage.ts';
import type { Candidate } from '../component.ts';

/** What an effect took, beside its usage. */
interface EffectCost {
  /** The number of the call that its marks of what is set aside bear, where dollars or tokens are bounded. */
  readonly hold?: number | undefined;
  /** What may have been billed without an answer. */
  readonly inDoubt?: Amount | undefined;
  readonly retries?: number | undefined;
}

/** A rollout that was scored. */
export interface RolloutEntry extends EffectCost {
  readonly type: 'rollout';
  readonly iteration: number;
  readonly phase: Phase;
  /** The number of the candidate's texts in this journal. */
  readonly candidate: number;
  /** The number of the example; equal examples have the same. */
  readonly example: number;
  readonly exampleId: string;
  /** Without a cache a pair may be run more than once; this tells the runs apart. */
  readonly place?: string | undefined;
  readonly score: number;
  readonly objectives?: Readonly<Record<string, number>> | undefined;
  readonly feedback?: string | undefined;
  readonly componentFeedback?: Readonly<Record<string, string>> | undefined;
  readonly error?: string | undefined;
  readonly failedIn?: 'program' | 'metric' | undefined;
  readonly output?: unknown;
  readonly trace?: unknown;
  readonly usage?: Usage | undefined;
  /** The metric's own share, which is not part of `usage`. */
  readonly judgeUsage?: Usage | undefined;
  readonly durationMs: number;
}

/** An answer of the reflection model. */
export interface ReflectionEntry extends EffectCost {
  readonly type: 'reflection';
  readonly iteration: number;
  readonly task: number;
  readonly component: string;
  /** 1 when a faulty answer was asked for again. */
  readonly attempt: number;
  readonly prompt: string;
  readonly answer: string;
  readonly finishReason?: string | undefined;
  readonly usage: Usage;
  readonly durationMs: number;
}

/** New texts from a proposer of the caller's own. */
export interface ProposalEntry extends EffectCost {
  readonly type: 'proposal';
  readonly iteration: number;
  readonly task: number;
  readonly texts: Readonly<Partial<Record<string, string>>>;
  /** Where the proposer told of its model calls. */
  readonly usage?: Usage | undefined;
  readonly durationMs: number;
}

/**
 * An effect that could not be had, or did not come to its end. It counts only if the run went on without it; otherwise
 * it is tried again.
 */
export interface UnavailableEntry extends EffectCost {
  readonly type: 'unavailable';
  readonly iteration: number;
  readonly expense: Expense;
  /** Of the effect that it stands for. */
  readonly key: string;
  readonly message: string;
  /** What the attempts cost. */
  readonly usage?: Usage | undefined;
  readonly judgeUsage?: Usage | undefined;
}

/** What an effect brought. */
export type EffectEntry = RolloutEntry | ReflectionEntry | ProposalEntry | UnavailableEntry;

/** Everything else a journal tells. */
export type MarkEntry =
  | { readonly type: 'candidate'; readonly candidate: number; readonly texts: Candidate }
  /** An iteration began: nothing had ended the run before it. */
  | { readonly type: 'iteration'; readonly iteration: number }
  /** `null`: without a bound on metric calls. */
  | { readonly type: 'session'; readonly startedAt: string; readonly maxMetricCalls: number | null }
  | { readonly type: 'ended'; readonly reason: string }
  /**
   * What a call under way may come to cost, all in all. It stands until the entry of that call, or another such mark:
   * where neither comes, it may have cost that.
   */
  | ({ readonly type: 'setAside'; readonly hold: number } & Amount);

/** The part of an entry that is kept in memory. */
export type Remembered<Entry extends EffectEntry = EffectEntry> = Entry extends RolloutEntry
  ? Omit<RolloutEntry, Exclude<keyof RolloutDetails, 'error'>>
  : Entry extends ReflectionEntry
    ? Omit<ReflectionEntry, 'prompt'>
    : Entry;

/** What the reflection model is shown of a rollout, as it was written down. */
export type RolloutDetails = Pick<
  Rollout<unknown, unknown, unknown>,
  'output' | 'trace' | 'feedback' | 'componentFeedback' | 'error'
>;

/** Where an entry stands in the journal. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

/** An entry of an earlier session. */
export interface Taken {
  readonly entry: Remembered;
  readonly place: Place;
}

/**
 * What a run's two effects brought, kept outside of the process. The engine is a pure function of it and the seed, so a
 * run is resumed by replaying it: an effect that stands here is taken from here, any other is had live and added.
 */
export interface Journal {
  readonly runId: string;
  /** The largest bound on metric calls of earlier sessions. */
  readonly plannedMetricCalls: number | undefined;
  /** What earlier sessions had set aside for calls that came to no end. */
  readonly earlierDoubt: Amount;
  /** Milliseconds the earlier sessions took, by what they were spent on. */
  readonly earlierTime: TimeSpent;
  /** Whether an earlier session began this iteration, so that nothing ended the run before it. */
  hasIteration(iteration: number): boolean;
  /** The number of a candidate's texts. */
  numberOf(texts: Candidate): number;
  /** All that earlier sessions had. */
  entries(): Iterable<Remembered>;
  /** The next entry of an effect that an earlier session had; `note` is told of it. */
  take(key: string, note: (entry: Remembered) => void): Taken | undefined;
  /**
   * Tells `note` what has not been taken yet, all or what belongs to the iterations before one: those calls were made,
   * whether or not they are used. No entry is told of twice.
   */
  settle(note: (entry: Remembered) => void, beforeIteration?: number): void;
  /** Writes down what an effect brought; the place is given once it is on disk, and none if that failed. */
  add(entry: EffectEntry): Promise<Place | undefined>;
  /** Gives whether it is on disk. */
  mark(entry: MarkEntry): Promise<boolean>;
  /** Reads back what is not kept in memory. */
  detailsAt(place: Place): RolloutDetails;
}

export function rolloutKey(candidate: number, example: number, place: string | undefined): string {
  return place === undefined ? `${candidate}:${example}` : `${candidate}:${example}@${place}`;
}

export function reflectionKey(iteration: number, task: number, component: string, attempt: number): string {
  return `reflection ${iteration}.${task}.${attempt} ${component}`;
}

export function proposalKey(iteration: number, task: number): string {
  return `proposal ${iteration}.${task}`;
}

/** Equal keys mean the same effect. */
export function keyOf(entry: Remembered): string {
  switch (entry.type) {
    case 'rollout':
      return rolloutKey(entry.candidate, entry.example, entry.place);
    case 'reflection':
      return reflectionKey(entry.iteration, entry.task, entry.component, entry.attempt);
    case 'proposal':
      return proposalKey(entry.iteration, entry.task);
    case 'unavailable':
      return entry.key;
  }
}
