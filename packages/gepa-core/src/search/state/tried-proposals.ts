import type { Candidate } from '../../component.ts';
import type { DecisionEvent } from '../../events.ts';
import type { ProposalRejection, RefusedTexts } from '../../rejection.ts';

/** The outcome of one task: new texts that were scored on the minibatch, or a rejection. */
export interface TriedProposal<Name extends string = string> {
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
export class TriedProposals<Name extends string = string> {
  readonly #byParent = new Map<number, TriedProposal<Name>[]>();
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

  /** The proposals for a candidate, in order. */
  of(parent: number): readonly TriedProposal<Name>[] {
    return this.#byParent.get(parent) ?? [];
  }

  /** A candidate's score on an example of the trainset; `undefined` where it was not run. */
  scoreOf(candidate: number, example: number): number | undefined {
    return this.#scores.get(candidate)?.get(example);
  }

  #addRefused(
    task: Pick<TriedProposal<Name>, 'iteration' | 'parent' | 'minibatch'>,
    refused: RefusedTexts<Name>,
  ): void {
    const names = Object.keys(refused) as Name[];
    for (const name of names) this.#addRejection(task, [name], refused[name]!);
  }

  #addRejection(
    task: Pick<TriedProposal<Name>, 'iteration' | 'parent' | 'minibatch'>,
    components: readonly Name[],
    rejection: NonNullable<TriedProposal<Name>['rejection']>,
  ): void {
    this.#add({ ...task, components, texts: {}, before: [], after: [], accepted: false, rejection });
  }

  #add(proposal: TriedProposal<Name>): void {
    const known = this.#byParent.get(proposal.parent);
    if (known === undefined) this.#byParent.set(proposal.parent, [proposal]);
    else known.push(proposal);
  }

  #addCandidate({
    index,
    texts,
    parents,
    iteration,
  }: Extract<DecisionEvent<Name>, { type: 'candidate_added' }>) {
    const proposals = this.#byParent.get(parents[0]!) ?? [];
    proposals.forEach((proposal, place) => {
      const isOrigin =
        proposal.iteration === iteration &&
        proposal.accepted &&
        proposal.candidate === undefined &&
        proposal.components.every((name) => proposal.texts[name] === texts[name]);
      if (!isOrigin) return;
      proposals[place] = { ...proposal, candidate: index };
      this.#addScores(index, proposal.minibatch, proposal.after);
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
