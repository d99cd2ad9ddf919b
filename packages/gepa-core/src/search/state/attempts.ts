import type { Candidate } from '../../component.ts';
import type { DecisionEvent } from '../../events.ts';
import type { ProposalRejection, RefusedTexts } from '../../rejection.ts';

/** The outcome of one task: new texts that were scored on the minibatch, or a rejection. */
export interface Attempt<Name extends string = string> {
  readonly iteration: number;
  readonly parent: number;
  /** Positions in the trainset. */
  readonly minibatch: readonly number[];
  /** The components with a new text, or that should have got one. */
  readonly components: readonly Name[];
  /** The new texts; empty when there was none. */
  readonly texts: Partial<Candidate<Name>>;
  /** By position in the minibatch; empty when the texts were not run. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly accepted: boolean;
  /** The number of the candidate with these texts. */
  readonly candidate?: number;
  /** Why there is no new text, with the one that was refused. */
  readonly rejection?: {
    readonly reason: ProposalRejection;
    readonly message: string;
    readonly text?: string;
  };
}

/** Collects the outcomes of all tasks from the decisions of a run. */
export class Attempts<Name extends string = string> {
  readonly #byParent = new Map<number, Attempt<Name>[]>();
  /** The best score of each candidate on the training examples on which it was run, as a parent or as a child. */
  readonly #scores = new Map<number, Map<number, number>>();
  /** The minibatches of the present iteration, by task. */
  readonly #minibatches = new Map<number, readonly number[]>();

  apply(event: DecisionEvent<Name>): void {
    switch (event.type) {
      case 'iteration_started':
        this.#minibatches.clear();
        break;
      case 'task_evaluated':
        this.#minibatches.set(event.task, event.minibatch);
        this.#addScores(event.parent, event.minibatch, event.scores);
        break;
      case 'proposal_rejected': {
        const { iteration, parent, components, reason, message, refused } = event;
        const minibatch = this.#minibatches.get(event.task) ?? [];
        const task = { iteration, parent, minibatch };
        if (refused === undefined) this.#addRejection(task, components, { reason, message });
        else this.#addRefused(task, refused);
        break;
      }
      case 'proposal_evaluated': {
        const { iteration, task, parent, texts, before, after, accepted } = event;
        const minibatch = this.#minibatches.get(task) ?? [];
        const components = Object.keys(texts) as Name[];
        this.#add({ iteration, parent, minibatch, components, texts, before, after, accepted });
        this.#addRefused({ iteration, parent, minibatch }, event.refused ?? {});
        break;
      }
      case 'candidate_added':
        if (event.source === 'reflection') this.#addCandidate(event);
        break;
      default:
        break;
    }
  }

  /** The attempts to improve a candidate, in order. */
  of(parent: number): readonly Attempt<Name>[] {
    return this.#byParent.get(parent) ?? [];
  }

  /** A candidate's score on an example of the trainset; `undefined` where it was not run. */
  scoreOf(candidate: number, example: number): number | undefined {
    return this.#scores.get(candidate)?.get(example);
  }

  #addRefused(
    task: Pick<Attempt<Name>, 'iteration' | 'parent' | 'minibatch'>,
    refused: RefusedTexts<Name>,
  ): void {
    const names = Object.keys(refused) as Name[];
    for (const name of names) this.#addRejection(task, [name], refused[name]!);
  }

  #addRejection(
    task: Pick<Attempt<Name>, 'iteration' | 'parent' | 'minibatch'>,
    components: readonly Name[],
    rejection: NonNullable<Attempt<Name>['rejection']>,
  ): void {
    this.#add({ ...task, components, texts: {}, before: [], after: [], accepted: false, rejection });
  }

  #add(attempt: Attempt<Name>): void {
    const known = this.#byParent.get(attempt.parent);
    if (known === undefined) this.#byParent.set(attempt.parent, [attempt]);
    else known.push(attempt);
  }

  #addCandidate({
    index,
    texts,
    parents,
    iteration,
  }: Extract<DecisionEvent<Name>, { type: 'candidate_added' }>) {
    const attempts = this.#byParent.get(parents[0]!) ?? [];
    attempts.forEach((attempt, place) => {
      const isOrigin =
        attempt.iteration === iteration &&
        attempt.accepted &&
        attempt.candidate === undefined &&
        attempt.components.every((name) => attempt.texts[name] === texts[name]);
      if (!isOrigin) return;
      attempts[place] = { ...attempt, candidate: index };
      this.#addScores(index, attempt.minibatch, attempt.after);
    });
  }

  #addScores(candidate: number, minibatch: readonly number[], scores: readonly number[]): void {
    const known = this.#scores.get(candidate) ?? new Map<number, number>();
    this.#scores.set(candidate, known);
    minibatch.forEach((example, place) => {
      known.set(example, Math.max(scores[place]!, known.get(example) ?? Number.NEGATIVE_INFINITY));
    });
  }
}
