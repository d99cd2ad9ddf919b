import type { AnyRollout } from '../adapter/any.ts';
import { type Candidate, ownValue, seedCandidateOf } from '../component.ts';
import type { Interruption } from '../interruption.ts';
import { countOf } from '../text/format.ts';
import { haveJumped } from './evaluation/failure-check.ts';
import { stopsRun } from './outcomes.ts';
import type { SearchContext } from './search-context.ts';
import { metricRepeats } from './seed-advice.ts';
import { refuseOrAdvise } from './seed-problems.ts';
import { scoredCandidate } from './state/scored-candidate.ts';
import type { CandidateSource, ScoredCandidate, SearchView } from './state/search-view.ts';
import { unreadComponents } from './state/unread-components.ts';
import type { StopReason } from './strategies/stop-reason.ts';

/** A candidate's rollouts on the valset, with gaps where it was not run. */
export interface Validation {
  readonly rollouts: readonly (AnyRollout | undefined)[];
  readonly interruption: Interruption | undefined;
  /** The metric calls of the run before the validation. */
  readonly metricCallsBefore: number;
}

/** Scores the seed on the part of the valset that the pool starts with; it becomes candidate 0. */
export async function validateSeed<Name extends string>(
  search: SearchContext<Name>,
): Promise<StopReason | undefined> {
  const texts = seedCandidateOf(search.settings.adapter.components);
  const validation = await validate(search, texts, 0);
  updateFrontier(search, { texts, parents: [], source: 'seed' }, validation);
  return refuseOrAdvise(search, validation);
}

/** Scores the given candidates, which join the pool after the seed; equal ones once. */
export async function validateGiven<Name extends string>(
  search: SearchContext<Name>,
): Promise<StopReason | undefined> {
  const { state, settings } = search;
  for (const texts of settings.seedCandidates) {
    if (state.has(texts)) continue;
    const validation = await validate(search, texts, state.candidates.length);
    updateFrontier(search, { texts, parents: [], source: 'given' }, validation);
    const reason = stopsRun(validation.interruption);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Scores a candidate on the positions of the valset that the evaluation policy returns. */
export async function validate<Name extends string>(
  search: SearchContext<Name>,
  candidate: Candidate<Name>,
  candidateIndex: number,
): Promise<Validation> {
  const { valset, state, strategies, evaluator, spend } = search;
  const { metricCalls: metricCallsBefore } = spend;
  const isSeed = candidateIndex === 0;
  const context = {
    iteration: state.iteration,
    phase: isSeed ? 'seed' : 'valset',
    candidateIndex,
    metricRepeats: isSeed ? metricRepeats(search.settings) : undefined,
  } as const;
  const rollouts: (AnyRollout | undefined)[] = valset.map(() => undefined);

  const examplesAt = (positions: readonly number[]) => positions.map((position) => valset[position]!);
  const nextPart = (): readonly number[] => {
    if (rollouts.every((rollout) => rollout !== undefined)) return [];
    const scores = rollouts.map((rollout) => rollout?.score ?? null);
    const wanted = strategies.evaluationPolicy.next({ scores, search: state });
    return [...new Set(wanted)].filter((position) => rollouts[position] === undefined);
  };

  for (let part = isSeed ? [...new Set(state.pool.part)] : nextPart(); part.length > 0; part = nextPart()) {
    const { rollouts: measured, interruption } = await evaluator.evaluate(
      candidate,
      examplesAt(part),
      context,
    );
    part.forEach((position, i) => {
      rollouts[position] = measured[i];
    });
    if (interruption !== undefined) return { rollouts, interruption, metricCallsBefore };
  }
  const wanted = strategies.evaluationPolicy.scoresPart ? new Set(state.pool.part) : valset.keys();
  const skipped = [...wanted].filter((position) => rollouts[position] === undefined);
  evaluator.metricCallsSaved += evaluator.cost(candidate, examplesAt(skipped));
  return { rollouts, interruption: undefined, metricCallsBefore };
}

/**
 * Adds a validated candidate to the pool and its scores to the Pareto frontier, also if its validation was interrupted,
 * unless it has no score.
 *
 * @returns whether it was added.
 */
export function updateFrontier<Name extends string>(
  search: SearchContext<Name>,
  origin: {
    texts: Candidate<Name>;
    parents: readonly number[];
    source: CandidateSource;
    proposal?: number;
  },
  { rollouts, metricCallsBefore }: Validation,
): boolean {
  const { state, strategies, dispatch } = search;
  const index = state.candidates.length;
  const isSeed = index === 0;
  if (!isSeed && rollouts.every((rollout) => rollout === undefined)) return false;
  const unread = isSeed ? unreadComponents(search.names, rollouts) : [];
  const errors = rollouts.flatMap((rollout) => rollout?.error ?? []);
  const added = {
    index,
    ...origin,
    iteration: state.iteration,
    scores: rollouts.map((rollout) => rollout?.score ?? null),
    objectiveScores: objectivesOf(search, rollouts),
    unread: unread.length === 0 ? undefined : unread,
    failed: errors.length || undefined,
    error: errors[0],
    metricCalls: metricCallsBefore,
  };
  warnIfFailuresJumped(search, added, rollouts);
  const members = state.pool.candidates.map((member) => state.candidates[member]!);
  const bestIndex = strategies.evaluationPolicy.best([...members, scoredCandidate(added)], state.pool.part);
  dispatch({ type: 'candidate_added', ...added, bestIndex });
  if (origin.parents.length > 0) strategies.candidateAdded(index, origin.parents);
  return true;
}

/** Warns about failures that are no outage, since other examples were answered, but may not be the candidate's. */
function warnIfFailuresJumped<Name extends string>(
  { state, evaluator, warn }: SearchContext<Name>,
  { index, parents, failed = 0, error }: Pick<ScoredCandidate, 'index' | 'parents' | 'failed' | 'error'>,
  rollouts: Validation['rollouts'],
): void {
  const [parent] = parents;
  if (parent === undefined) return;
  const made = rollouts.filter((rollout) => rollout !== undefined).length;
  const before = evaluator.failuresOf(state.candidates[parent]!.texts);
  if (!haveJumped({ failed, made }, before)) return;
  warn(
    `Candidate ${index} failed on ${failed} of ${countOf(made, 'validation example')}, its parent on ${before.failed} of ${before.made} examples: ${error}. If no text can cause this, its score is too low.`,
  );
}

/** The scores by objective, in the order of `rollouts`. A failed rollout scores `failureScore` on every objective. */
export function objectivesOf<Measured extends Pick<AnyRollout, 'objectives'> | undefined>(
  {
    state,
    settings: { failureScore },
  }: {
    readonly state: Pick<SearchView, 'candidates'>;
    readonly settings: { readonly failureScore: number };
  },
  rollouts: readonly Measured[],
): Readonly<Record<string, readonly ScoreOf<Measured>[]>> | undefined {
  const names = Object.keys(
    state.candidates[0]?.objectiveScores ?? rollouts.find((rollout) => rollout?.objectives)?.objectives ?? {},
  );
  if (names.length === 0) return undefined;
  const scoresOf = (name: string) =>
    rollouts.map(
      (rollout) =>
        (rollout === undefined
          ? null
          : (ownValue(rollout.objectives, name) ?? failureScore)) as ScoreOf<Measured>,
    );
  return Object.fromEntries(names.map((name) => [name, scoresOf(name)]));
}

/** `null` where there is no rollout. */
type ScoreOf<Measured> = undefined extends Measured ? number | null : number;
