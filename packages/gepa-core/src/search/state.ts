import { noTime, SpendReport } from '../budget/spend.ts';
import { noUsage } from '../budget/usage.ts';
import { type Candidate, candidateKey, ownValue } from '../component.ts';
import type { DecisionEvent } from '../events.ts';
import type { FrontierKey, OptimizationResult } from '../result.ts';
import { FrontierKeys } from './frontier-keys.ts';
import { ParetoFrontier } from './pareto-frontier.ts';
import type { ScoredCandidate, SearchView, Survivor } from './search-view.ts';

type Decision<Name extends string, Type extends DecisionEvent['type']> = Extract<
  DecisionEvent<Name>,
  { type: Type }
>;

/** The search so far: a fold of its decisions, which only `apply` changes. */
export class SearchState<Name extends string = string> implements SearchView<Name> {
  readonly candidates: ScoredCandidate<Name>[] = [];
  bestIndex = 0;
  iteration = 0;
  metricCalls = 0;
  valsetSize = 0;
  mergesAccepted = 0;
  /** The components that the search leaves out: see `unreadComponents`. */
  unread: readonly Name[] = [];
  started: Decision<Name, 'run_started'> | undefined;
  finished: Decision<Name, 'run_finished'> | undefined;
  #names: readonly Name[] = [];
  readonly #known = new Set<string>();
  readonly #frontier = new ParetoFrontier();
  #frontierKeys = new FrontierKeys('instance');
  readonly #meanOf = (candidate: number): number => this.candidates[candidate]!.mean;

  apply(event: DecisionEvent<Name>): void {
    switch (event.type) {
      case 'run_started':
        this.started = event;
        this.#names = event.components;
        this.valsetSize = event.valsetSize;
        this.#frontierKeys = new FrontierKeys(event.frontierType);
        break;
      case 'iteration_started':
        this.iteration = event.iteration;
        break;
      case 'candidate_added':
        this.#addToPoolAndFrontier(scoredCandidate(event));
        this.bestIndex = event.bestIndex;
        if (event.unread !== undefined) this.unread = event.unread;
        this.metricCalls = event.metricCalls;
        break;
      case 'candidate_rescored':
        // The frontier keeps the scores that the search went by.
        this.candidates[event.index] = scoredCandidate({ ...this.candidates[event.index]!, ...event });
        // The seed comes first, so that both are comparable now.
        if (
          event.index === this.bestIndex &&
          this.candidates[event.index]!.mean <= this.candidates[0]!.mean
        ) {
          this.bestIndex = 0;
        }
        break;
      case 'merge_evaluated':
        // Also when the evaluation policy asks for no scores, so that the candidate is not added.
        if (event.accepted) this.mergesAccepted++;
        break;
      case 'iteration_finished':
        this.metricCalls = event.metricCalls;
        break;
      case 'run_finished':
        this.finished = event;
        this.metricCalls = event.metricCalls;
        break;
      default:
        break;
    }
  }

  survivors(among?: readonly number[]): readonly Survivor[] {
    return this.#frontier.survivors(this.#meanOf, among);
  }

  /** Whether a candidate with these texts is in the pool. */
  has(texts: Candidate<Name>): boolean {
    return this.#known.has(candidateKey(this.#names, texts));
  }

  frontierKeys(): FrontierKey[] {
    return this.#frontierKeys.names.map((name, key) => {
      const { score, candidates } = this.#frontier.key(key);
      return { ...name, score, candidates: [...candidates] };
    });
  }

  #addToPoolAndFrontier(candidate: ScoredCandidate<Name>): void {
    this.candidates.push(candidate);
    this.#known.add(candidateKey(this.#names, candidate.texts));
    this.#frontierKeys.offer(this.#frontier, candidate);
  }
}

/** The candidate that a decision adds, with its means. */
export function scoredCandidate<Name extends string>(
  event: Omit<Decision<Name, 'candidate_added'>, 'type' | 'bestIndex'>,
): ScoredCandidate<Name> {
  const { index, texts, parents, source, iteration, scores, objectiveScores, metricCalls } = event;
  const { mean, count } = meanOf(scores);
  return {
    index,
    texts,
    parents,
    source,
    iteration,
    scores,
    mean,
    coverage: count,
    ...(objectiveScores === undefined
      ? {}
      : {
          objectiveScores,
          objectives: Object.fromEntries(
            Object.entries(objectiveScores).map(([name, values]) => [name, meanOf(values).mean]),
          ),
        }),
    metricCalls,
  };
}

/** The result of a search that finished or was interrupted. */
export function resultOf<Name extends string>(state: SearchState<Name>): OptimizationResult<Name> {
  const { candidates, started, finished } = state;
  const best = candidates[state.bestIndex];
  const seed = candidates[0];
  if (started === undefined || finished === undefined || best === undefined || seed === undefined) {
    throw new RangeError('A run has no result before it has scored its seed and finished.');
  }
  const objectives = objectivesOf(candidates);
  return {
    runId: started.runId,
    bestCandidate: best.texts,
    bestIndex: best.index,
    bestScore: best.mean,
    seedScore: seed.mean,
    candidates: [...candidates],
    frontier: {
      type: started.frontierType,
      keys: state.frontierKeys(),
      candidates: state
        .survivors()
        .map(({ candidate }) => candidate)
        .sort((a, b) => a - b),
    },
    ...(objectives === undefined ? {} : { objectives }),
    stopReason: finished.stopReason,
    iterations: state.iteration,
    totalMetricCalls: finished.metricCalls,
    metricCallsSaved: finished.metricCallsSaved,
    cacheHits: finished.cacheHits,
    retries: finished.retries,
    usage: finished.usage,
    spend: finished.spend,
    durationMs: finished.durationMs,
    time: finished.time,
    ...(finished.test === undefined ? {} : { test: finished.test }),
    warnings: finished.warnings,
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
    });
  }
  return resultOf(state);
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

function meanOf(scores: readonly (number | null)[]): { mean: number; count: number } {
  let sum = 0;
  let count = 0;
  for (const score of scores) {
    if (score === null) continue;
    sum += score;
    count++;
  }
  return { mean: count === 0 ? 0 : sum / count, count };
}
