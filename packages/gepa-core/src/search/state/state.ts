import { type Candidate, candidateKey } from '../../component.ts';
import type { DecisionEvent } from '../../events.ts';
import type { FrontierKey } from '../../result.ts';
import { ParetoFrontier } from './pareto-frontier.ts';
import { ProposalTally } from './proposal-tally.ts';
import { meanAt, scoredCandidate, withFurtherScores } from './scored-candidate.ts';
import type { Pool, ScoredCandidate, SearchView, Survivor } from './search-view.ts';
import { TriedProposals } from './tried-proposals.ts';

type Decision<Name extends string, Type extends DecisionEvent['type']> = Extract<
  DecisionEvent<Name>,
  { type: Type }
>;

/** The state of the search: the result of all decisions so far. Only `apply` changes it. */
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
  /** The outcomes of all tasks. */
  readonly tried = new TriedProposals<Name>();
  /** The components that no rollout of the seed read when it was scored: see `unreadComponents`. */
  unread: readonly Name[] = [];
  started: Decision<Name, 'run_started'> | undefined;
  finished: Decision<Name, 'run_finished'> | undefined;
  #names: readonly Name[] = [];
  readonly #known = new Set<string>();
  #frontier = new ParetoFrontier('instance');
  /** Whether the frontier has to be built again before it is read: several changes of the pool may come in a row. */
  #isFrontierStale = false;
  readonly #partMeanOf = (index: number): number => this.partMean(index);

  apply(event: DecisionEvent<Name>): void {
    const { bestIndex } = this;
    this.#apply(event);
    if (this.bestIndex !== bestIndex) this.bestSince = this.iteration;
  }

  #apply(event: DecisionEvent<Name>): void {
    this.tried.apply(event);
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
        this.#frontier = new ParetoFrontier(event.frontierType);
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
        // The frontier keeps the scores of the search. The final comparison was made with the old program.
        this.#refreshFrontier();
        this.candidates[event.index] = scoredCandidate({ ...this.candidates[event.index]!, ...event });
        this.chosen = undefined;
        // The seed comes first, so that both are comparable now.
        if (event.index === this.bestIndex && this.partMean(event.index) <= this.partMean(0)) {
          this.bestIndex = 0;
        }
        break;
      case 'candidate_scored':
        // The frontier keeps the scores of the search, as for a program that changed.
        if (event.purpose !== 'pool') this.#refreshFrontier();
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
      (_, position) => this.tried.scoreOf(index, position) ?? null,
    );
  }

  /** Whether a candidate with these texts was added before; it may have left the pool. */
  has(texts: Candidate<Name>): boolean {
    return this.#known.has(this.#keyOf(texts));
  }

  #keyOf(texts: Candidate<Name>): string {
    return candidateKey(this.#names, texts);
  }

  frontierKeys(): FrontierKey[] {
    this.#refreshFrontier();
    return this.#frontier.keys;
  }

  #addToPoolAndFrontier(candidate: ScoredCandidate<Name>): void {
    this.candidates.push(candidate);
    this.pool = { ...this.pool, candidates: [...this.pool.candidates, candidate.index] };
    this.#known.add(this.#keyOf(candidate.texts));
    if (!this.#isFrontierStale) this.#offer(candidate);
  }

  #offer(candidate: ScoredCandidate<Name>): void {
    const { part } = this.pool;
    this.#frontier.add(part.length === this.valsetSize ? candidate : scoredCandidate(candidate, part));
  }

  #refreshFrontier(): void {
    if (!this.#isFrontierStale) return;
    this.#isFrontierStale = false;
    this.#frontier = new ParetoFrontier(this.started!.frontierType);
    for (const index of this.pool.candidates) this.#offer(this.candidates[index]!);
  }
}
