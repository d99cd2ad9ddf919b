import type { Phase } from '../../adapter/adapter.ts';
import type { Candidate } from '../../component.ts';
import type { Interruption } from '../../interruption.ts';
import { DECIDING_ROLLOUTS, isHopeless } from './hopeless-seed.ts';
import type { Outcome, RolloutsOfCandidate, Scored } from './known-rollouts.ts';

/** Where in the run a rollout belongs. */
export interface RolloutContext {
  readonly iteration: number;
  readonly phase: Phase;
  readonly candidateIndex: number | undefined;
  /** Its place within the iteration. */
  readonly task?: number;
  /** The number of the proposal that it is for. */
  readonly proposal?: number;
  /** The most rollouts of the evaluation at once. Default: as many as of the run. */
  readonly concurrency?: number;
  /** Repeats rollouts that are known already, under this name in the journal. */
  readonly repeat?: string | undefined;
  /** The metric is asked again for the outputs on this many examples, the first ones. */
  readonly metricRepeats?: number;
}

/** What the rollouts of one candidate in one evaluation share. */
export class CandidateRun<Name extends string> {
  readonly candidate: Candidate<Name>;
  /** The number of the texts in the journal. */
  readonly textsId: number;
  readonly context: RolloutContext;
  /** The candidate's rollouts so far; undefined where they are made again. */
  readonly known: RolloutsOfCandidate | undefined;
  /** The positions of those that were not known. */
  readonly made = new Set<number>();
  /** Why the remaining rollouts are not made. */
  unavailable: Interruption | undefined;
  /** The first rollouts of a seed, which show whether a text can help. */
  readonly #deciding: (Scored | undefined)[];

  /** @param size the number of examples. */
  constructor(
    candidate: Candidate<Name>,
    textsId: number,
    context: RolloutContext,
    known: RolloutsOfCandidate | undefined,
    size: number,
  ) {
    this.candidate = candidate;
    this.textsId = textsId;
    this.context = context;
    this.known = known;
    this.#deciding = Array.from({ length: context.phase === 'seed' ? Math.min(size, DECIDING_ROLLOUTS) : 0 });
  }

  /** Adds an outcome. It may show that the remaining rollouts are of no use; they are not made then. */
  add(position: number, outcome: Outcome): void {
    if ('interruption' in outcome) {
      const { interruption } = outcome;
      if (interruption.reason === 'unavailable' && !this.#mayHaveGaps) this.unavailable = interruption;
    } else if (position < this.#deciding.length) {
      this.#deciding[position] = outcome;
      if (isHopeless(this.#deciding)) this.unavailable = { reason: 'unavailable' };
    }
  }

  /** Distinguishes the rollouts of one example; the same for the same rollout in every session. */
  occurrence(position: number): string {
    const { iteration, phase, task = 0, repeat } = this.context;
    return repeat === undefined
      ? `${iteration}.${phase}.${task}.${position}`
      : `${repeat}.${phase}.${position}`;
  }

  /** Evaluations with gaps are of use only for a new candidate on the valset, and on the testset. */
  get #mayHaveGaps(): boolean {
    return this.context.phase === 'valset' || this.context.phase === 'testset';
  }
}
