import { noTime, SpendReport } from '../../budget/spend.ts';
import { noUsage } from '../../budget/usage.ts';
import { type Candidate, candidateKey, ownValue, recordOf } from '../../component.ts';
import type { DecisionEvent } from '../../events.ts';
import { describeResult, inspectable } from '../../report/inspect.ts';
import type { FrontierKey, OptimizationResult, ScoreBasis, TextLength } from '../../result.ts';
import { Attempts } from './attempts.ts';
import { FrontierKeys } from './frontier-keys.ts';
import { ParetoFrontier } from './pareto-frontier.ts';
import { ProposalTally } from './proposal-tally.ts';
import { meanAt, scoredCandidate, withFurtherScores } from './scored-candidate.ts';
import type { Pool, ScoredCandidate, SearchView, Survivor } from './search-view.ts';

type Decision<Name extends string, Type extends DecisionEvent['type']> = Extract<
  DecisionEvent<Name>,
  { type: Type }
>;

/** The search so far: a fold of its decisions, which only `apply` changes. */
export class SearchState<Name extends string = string> implements SearchView<Name> {
  readonly candidates: ScoredCandidate<Name>[] = [];
  bestIndex = 0;
  bestSince = 0;
  iteration = 0;
  metricCalls = 0;
  valsetSize = 0;
  trainsetSize = 0;
  perfectScore: number | undefined;
  mergesAccepted = 0;
  childrenTested = 0;
  readonly tally = new ProposalTally<Name>();
  #proposals = { before: 0, last: 0 };
  pool: Pool = { candidates: [], part: [] };
  chosen: Decision<Name, 'best_chosen'> | undefined;
  /** What came of every task. */
  readonly attempts = new Attempts<Name>();
  /** The components that the search leaves out: see `unreadComponents`. */
  unread: readonly Name[] = [];
  started: Decision<Name, 'run_started'> | undefined;
  finished: Decision<Name, 'run_finished'> | undefined;
  #names: readonly Name[] = [];
  readonly #known = new Set<string>();
  #frontier = new ParetoFrontier();
  #frontierKeys = new FrontierKeys('instance');
  /** Whether the frontier has to be built again before it is read: several changes of the pool may come in a row. */
  #isFrontierStale = false;
  readonly #partMeanOf = (index: number): number => this.partMean(index);

  apply(event: DecisionEvent<Name>): void {
    const { bestIndex } = this;
    this.#apply(event);
    if (this.bestIndex !== bestIndex) this.bestSince = this.iteration;
  }

  #apply(event: DecisionEvent<Name>): void {
    this.attempts.apply(event);
    this.#countProposal(event);
    this.tally.apply(event);
    switch (event.type) {
      case 'run_started':
        this.started = event;
        this.#names = event.components;
        this.valsetSize = event.valsetSize;
        this.trainsetSize = event.trainsetSize;
        this.perfectScore = event.perfectScore;
        this.pool = { candidates: [], part: [...Array(event.valsetSize).keys()] };
        this.#frontierKeys = new FrontierKeys(event.frontierType);
        break;
      case 'iteration_started':
        this.iteration = event.iteration;
        break;
      case 'proposal_evaluated':
        this.childrenTested++;
        break;
      case 'candidate_added':
        this.#addToPoolAndFrontier(scoredCandidate(event));
        this.bestIndex = event.bestIndex;
        if (event.unread !== undefined) this.unread = event.unread;
        this.metricCalls = event.metricCalls;
        break;
      case 'candidate_rescored':
        // The frontier keeps the scores that the search went by. Those of a final comparison are of the old program.
        this.#refreshFrontier();
        this.candidates[event.index] = scoredCandidate({ ...this.candidates[event.index]!, ...event });
        this.chosen = undefined;
        // The seed comes first, so that both are comparable now.
        if (event.index === this.bestIndex && this.partMean(event.index) <= this.partMean(0)) {
          this.bestIndex = 0;
        }
        break;
      case 'candidate_scored':
        this.candidates[event.index] = withFurtherScores(this.candidates[event.index]!, event);
        if (event.purpose === 'pool') this.#isFrontierStale = true;
        break;
      case 'pool_changed':
        this.pool = { candidates: event.candidates, part: event.part };
        this.bestIndex = event.bestIndex;
        this.#isFrontierStale = true;
        break;
      case 'best_chosen':
        this.chosen = event;
        this.bestIndex = event.index;
        break;
      case 'merge_evaluated':
        this.childrenTested++;
        // Also when the evaluation policy asks for no scores, so that the candidate is not added.
        if (event.accepted) this.mergesAccepted++;
        break;
      case 'iteration_finished':
        this.metricCalls = event.metricCalls;
        break;
      case 'run_finished':
        this.finished = event;
        this.bestIndex = event.bestIndex;
        this.metricCalls = event.metricCalls;
        break;
      default:
        break;
    }
  }

  /** The number of a task of the present iteration in the run; a merge is the only task of its iteration. */
  proposalNumber(task = 0): number {
    return this.#proposals.before + task + 1;
  }

  #countProposal(event: DecisionEvent<Name>): void {
    const { last } = this.#proposals;
    if (event.type === 'iteration_started') this.#proposals.before = last;
    const isTask = 'task' in event || event.type === 'merge_evaluated';
    if (!isTask) return;
    this.#proposals.last = Math.max(last, this.proposalNumber('task' in event ? event.task : 0));
  }

  survivors(among?: readonly number[], ties?: 'key' | 'older'): readonly Survivor[] {
    this.#refreshFrontier();
    return this.#frontier.survivors(this.#partMeanOf, among, ties);
  }

  partMean(index: number): number {
    const candidate = this.candidates[index];
    return candidate === undefined ? 0 : meanAt(candidate, this.pool.part);
  }

  trainScores(index: number): readonly (number | null)[] {
    return Array.from(
      { length: this.trainsetSize },
      (_, position) => this.attempts.scoreOf(index, position) ?? null,
    );
  }

  /** Whether a candidate with these texts is in the pool. */
  has(texts: Candidate<Name>): boolean {
    return this.#known.has(this.#keyOf(texts));
  }

  #keyOf(texts: Candidate<Name>): string {
    return candidateKey(this.#names, texts);
  }

  frontierKeys(): FrontierKey[] {
    this.#refreshFrontier();
    return this.#frontierKeys.names.map((name, key) => {
      const { score, candidates } = this.#frontier.key(key);
      return { ...name, score, candidates: [...candidates] };
    });
  }

  #addToPoolAndFrontier(candidate: ScoredCandidate<Name>): void {
    this.candidates.push(candidate);
    this.pool = { ...this.pool, candidates: [...this.pool.candidates, candidate.index] };
    this.#known.add(this.#keyOf(candidate.texts));
    if (!this.#isFrontierStale) this.#offer(candidate);
  }

  #offer(candidate: ScoredCandidate<Name>): void {
    const { part } = this.pool;
    this.#frontierKeys.offer(
      this.#frontier,
      part.length === this.valsetSize ? candidate : scoredCandidate(candidate, part),
    );
  }

  #refreshFrontier(): void {
    if (!this.#isFrontierStale) return;
    this.#isFrontierStale = false;
    this.#frontier = new ParetoFrontier();
    this.#frontierKeys = new FrontierKeys(this.started!.frontierType);
    for (const index of this.pool.candidates) this.#offer(this.candidates[index]!);
  }
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
  const result: OptimizationResult<Name> = {
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
    ...(objectives === undefined ? {} : { objectives }),
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
    ...(finished.budgetHeld === undefined ? {} : { budgetHeld: finished.budgetHeld }),
    ...(finished.test === undefined ? {} : { test: finished.test }),
    warnings: finished.warnings,
  };
  return inspectable(result, () => describeResult(result));
}

/** The scores of the best candidate and of the seed, on the examples of the final choice where there was one. */
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
  // Where the testset made it the best, the final choice may have scored the other one only.
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
