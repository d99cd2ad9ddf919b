import { OptionsError } from 'gepa-core';
import { freeName } from 'gepa-core/adapter';
import type { Scorer } from './run-scorer.ts';

/** A scorer with how its scores become scores of the metric. */
export interface ScorerOptions {
  readonly scorer: Scorer;
  /**
   * Whether a lower score is better, as with toxicity; the score is then subtracted from `max`. Default `false`, but
   * `true` for a `threshold` with only a `max`.
   */
  readonly lowerIsBetter?: boolean;
  /** The maximum score of the scorer, by which its scores are divided. Default 1. */
  readonly max?: number;
  /** The weight in the mean of several scorers. Default 1. */
  readonly weight?: number;
  /** Whether every example must have `expected`, the scorer's ground truth. Default `false`. */
  readonly needsGroundTruth?: boolean;
  /** The score, 0 to 1, of a rollout that the scorer reports as not scorable. Default 0. */
  readonly notScorable?: number;
  /** The threshold of `runEvals`, which the feedback mentions. Within a range, the score is 1. */
  readonly threshold?: number | { readonly min?: number; readonly max?: number };
}

type Entry = Scorer | ScorerOptions;

/** Scorers in the forms that `runEvals` takes, or by name. */
export type ScorersInput = Entry | readonly Entry[] | Readonly<Record<string, Entry>> | ScorersByScope;

/** The scorers of `runEvals` for the parts of a run. */
export interface ScorersByScope {
  /** Of the output of an agent. */
  readonly agent?: readonly Entry[];
  /** Of the output of a workflow. */
  readonly workflow?: readonly Entry[];
  /** Of the outputs of a workflow's steps, by id of the step. */
  readonly steps?: Readonly<Record<string, readonly Entry[]>>;
  /** Of the path of the run. */
  readonly trajectory?: readonly Entry[];
}

/** One scorer of a metric. */
export interface ScorerEntry extends ScorerOptions {
  /** The name of its objective. */
  readonly name: string;
  readonly isOfTrajectory: boolean;
  /** The step of the workflow whose output it scores. */
  readonly step?: string;
}

/** @throws {OptionsError} when a value is not a scorer. */
export function scorerEntries(scorers: ScorersInput): readonly ScorerEntry[] {
  const names = new Set<string>();
  const entryOf = (entry: Entry, name?: string, step?: string, isOfTrajectory = false): ScorerEntry => {
    const options = isScorer(entry) ? { scorer: entry } : entry;
    const { scorer } = (options ?? {}) as Partial<ScorerOptions>;
    if (!isScorer(scorer)) {
      throw new OptionsError([
        `fromScorers() takes scorers, { scorer, weight, … }, lists of them, or the categories of runEvals (agent, workflow, steps, trajectory), but "${name ?? step ?? typeof entry}" is not a scorer.`,
      ]);
    }
    const free = freeName(name ?? (step === undefined ? scorer.id : `${step}.${scorer.id}`), names);
    names.add(free);
    return {
      ...options,
      name: free,
      isOfTrajectory: isOfTrajectory || (scorer as { readonly type?: unknown }).type === 'trajectory',
      step,
    };
  };
  const list = (entries: readonly Entry[] = [], step?: string, isOfTrajectory = false) =>
    entries.map((entry) => entryOf(entry, undefined, step, isOfTrajectory));
  if (Array.isArray(scorers)) return list(scorers as readonly Entry[]);
  if (isScorer(scorers) || isOptions(scorers)) return [entryOf(scorers)];
  if (isByScope(scorers)) {
    const { agent, workflow, steps = {}, trajectory } = scorers;
    return [
      ...list(agent),
      ...list(workflow),
      ...Object.entries(steps).flatMap(([step, entries]) => list(entries, step)),
      ...list(trajectory, undefined, true),
    ];
  }
  return Object.entries(scorers as Readonly<Record<string, Entry>>).map(([name, entry]) =>
    entryOf(entry, name),
  );
}

function isScorer(value: unknown): value is Scorer {
  return typeof (value as Partial<Scorer> | null | undefined)?.run === 'function';
}

const optionNames = new Set<string>([
  'scorer',
  'lowerIsBetter',
  'max',
  'weight',
  'needsGroundTruth',
  'notScorable',
  'threshold',
] satisfies (keyof ScorerOptions)[]);

/** A record of scorers may also have the key `scorer`. */
function isOptions(value: object): value is ScorerOptions {
  return (
    isScorer((value as Partial<ScorerOptions>).scorer) &&
    Object.entries(value).every(
      ([name, option]) => optionNames.has(name) && (name === 'scorer' || !isScorer(option)),
    )
  );
}

/** A record of scorers may also have the key `agent`. */
function isByScope(value: object): value is ScorersByScope {
  const { agent, workflow, steps, trajectory } = value as ScorersByScope;
  const isSteps = typeof steps === 'object' && steps !== null && Object.values(steps).every(Array.isArray);
  return [agent, workflow, trajectory].some(Array.isArray) || (isSteps && !isScorer(steps));
}
