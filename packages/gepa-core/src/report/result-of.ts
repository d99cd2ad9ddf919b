import { noTime, SpendReport } from '../budget/spend.ts';
import { noUsage } from '../budget/usage.ts';
import { definedOnly, ownValue, recordOf } from '../component.ts';
import type { DecisionEvent } from '../events.ts';
import type { OptimizationResult, ScoreBasis, TextLength } from '../result.ts';
import { meanAt } from '../search/state/scored-candidate.ts';
import type { ScoredCandidate } from '../search/state/search-view.ts';
import { SearchState } from '../search/state/state.ts';
import { describeResult, inspectable } from './inspect.ts';

/**
 * The result of a search that finished or was interrupted.
 *
 * @param warnings of the run, which goes on to warn while it closes. Default: those of the closing event.
 */
export function resultOf<Name extends string>(
  state: SearchState<Name>,
  warnings?: readonly string[],
): OptimizationResult<Name> {
  const { candidates, started, finished } = state;
  const best = candidates[state.bestIndex];
  const seed = candidates[0];
  if (started === undefined || finished === undefined || best === undefined || seed === undefined) {
    throw new RangeError('A run has no result before it has scored its seed and finished.');
  }
  const result = definedOnly<OptimizationResult<Name>>({
    runId: started.runId,
    bestCandidate: best.texts,
    bestIndex: best.index,
    ...scoresOf(state, best, seed),
    part: state.pool.part,
    candidates: [...candidates],
    frontier: {
      type: started.frontierType,
      keys: state.frontierKeys(),
      candidates: state
        .survivors()
        .map(({ candidate }) => candidate)
        .sort((a, b) => a - b),
    },
    objectives: objectivesOf(candidates),
    lengths: lengthsOf(state, best.index),
    stopReason: finished.stopReason,
    iterations: state.iteration,
    proposals: state.tally.counts,
    totalMetricCalls: finished.metricCalls,
    metricCallsSaved: finished.metricCallsSaved,
    cacheHits: finished.cacheHits,
    retries: finished.retries,
    usage: finished.usage,
    spend: finished.spend,
    durationMs: finished.durationMs,
    time: finished.time,
    budgetHeld: finished.budgetHeld,
    test: finished.test,
    warnings: warnings ?? finished.warnings,
  });
  return inspectable(result, () => describeResult(result));
}

/** The scores of the best candidate and of the seed, on the examples of the final comparison if there was one. */
export function scoresOf(
  { chosen, pool }: Pick<SearchState, 'chosen' | 'pool'>,
  best: ScoredCandidate,
  seed: ScoredCandidate,
): Pick<OptimizationResult, 'bestScore' | 'scoredOn' | 'seedScore' | 'seedScoredOn'> {
  const positions = new Set(chosen?.positions ?? pool.part);
  const part = new Set(pool.part);
  const basisOf = (
    candidate: ScoredCandidate,
    positions: ReadonlySet<number>,
    fresh: boolean,
  ): ScoreBasis => {
    const scored = [...positions]
      .filter((position) => typeof candidate.scores[position] === 'number')
      .sort((a, b) => a - b);
    return {
      examples: scored.length,
      positions: scored,
      fresh,
      optimistic: candidate.index !== 0 && !fresh,
    };
  };
  const isPaired = [...positions].every((position) => typeof seed.scores[position] === 'number');
  const seedPositions = isPaired ? positions : part;
  const fresh = chosen?.fresh ?? false;
  const seedScore = meanAt(seed, [...seedPositions]);
  const seedScoredOn = basisOf(seed, seedPositions, isPaired && fresh);
  // If the testset made the seed the best, the final comparison may have scored only the other candidate.
  if (best.index === seed.index)
    return { bestScore: seedScore, scoredOn: seedScoredOn, seedScore, seedScoredOn };
  return {
    bestScore: meanAt(best, [...positions]),
    scoredOn: basisOf(best, positions, fresh),
    seedScore,
    seedScoredOn,
  };
}

/**
 * Rebuilds a run's result from its events; progress events among them are ignored. Without the closing event the run
 * counts as aborted.
 */
export function replay<Name extends string>(events: Iterable<DecisionEvent<Name>>): OptimizationResult<Name> {
  const state = new SearchState<Name>();
  for (const event of events) state.apply(event);
  if (state.finished === undefined) {
    state.apply({
      type: 'run_finished',
      stopReason: 'aborted',
      bestIndex: state.bestIndex,
      metricCalls: state.metricCalls,
      metricCallsSaved: 0,
      cacheHits: 0,
      retries: 0,
      usage: noUsage,
      spend: new SpendReport().byPhase,
      durationMs: 0,
      time: noTime,
      warnings: [],
      lengths: lengthsOf(state, state.bestIndex),
    });
  }
  return resultOf(state);
}

/** The length of each component's text in the seed and in the best candidate. */
export function lengthsOf<Name extends string>(
  { candidates }: SearchState<Name>,
  bestIndex: number,
): Readonly<Record<Name, TextLength>> {
  const [seed, best] = [candidates[0]?.texts, candidates[bestIndex]?.texts];
  if (seed === undefined || best === undefined) return {} as Record<Name, TextLength>;
  return recordOf(Object.keys(seed) as Name[], (name) => ({
    seed: seed[name].length,
    best: best[name].length,
  }));
}

function objectivesOf(candidates: readonly ScoredCandidate[]): OptimizationResult['objectives'] {
  // A candidate whose rollouts all failed has no objectives.
  const names = Object.keys(candidates.find(({ objectives }) => objectives !== undefined)?.objectives ?? {});
  if (names.length === 0) return undefined;
  const value = (candidate: ScoredCandidate, name: string) =>
    ownValue(candidate.objectives, name) ?? Number.NEGATIVE_INFINITY;
  const best = names.map((name) => [
    name,
    candidates.reduce((a, b) => (value(b, name) > value(a, name) ? b : a)).index,
  ]);
  const beats = (a: ScoredCandidate, b: ScoredCandidate) =>
    names.every((name) => value(a, name) >= value(b, name)) &&
    names.some((name) => value(a, name) > value(b, name));
  return {
    best: Object.fromEntries(best),
    undominated: candidates.filter((b) => !candidates.some((a) => beats(a, b))).map(({ index }) => index),
  };
}
