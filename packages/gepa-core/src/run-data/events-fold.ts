import type { Candidate } from '../component.ts';
import type { DecisionEvent, GepaEvent } from '../events.ts';
import { SearchState } from '../search/state/state.ts';
import type { ProposalData } from './run-data.ts';

export type OpenProposal = { -readonly [Field in keyof ProposalData]: ProposalData[Field] } & {
  /** The whole texts of the child. */
  child?: Candidate;
  /** Positions in the trainset, or for a merge in the valset. */
  positions: readonly number[];
};

type Numbered = Extract<DecisionEvent, { readonly proposal: number }>;

/** Collects the decisions of a run from the lines of `events.jsonl`. */
export class EventsFold {
  readonly state = new SearchState();
  readonly proposals: OpenProposal[] = [];
  readonly warnings: string[] = [];
  readonly #selected = new Map<number, number>();

  apply(event: GepaEvent): void {
    if (event.type === 'warning') {
      if (!this.warnings.includes(event.message)) this.warnings.push(event.message);
      return;
    }
    this.state.apply(event as DecisionEvent);
    switch (event.type) {
      case 'task_evaluated': {
        const { parent, minibatch, scores, skipped, feedback } = event;
        const found = { parents: [parent], positions: minibatch, before: scores } as const;
        this.#update(event, {
          ...found,
          ...(skipped ? { status: 'skipped' } : {}),
          feedback,
        });
        break;
      }
      case 'proposal_rejected': {
        const { parent, components, reason, message, refused } = event;
        this.#update(event, {
          parents: [parent],
          components,
          status: 'refused',
          reason,
          message,
          refused,
        });
        break;
      }
      case 'proposal_evaluated': {
        const { parent, texts, before, after, accepted, refused } = event;
        this.#update(event, {
          parents: [parent],
          components: Object.keys(texts),
          texts,
          child: { ...this.state.candidates[parent]?.texts, ...(texts as Candidate) },
          before,
          after,
          status: accepted ? 'accepted' : 'rejected',
          refused,
        });
        break;
      }
      case 'merge_evaluated': {
        const { parents, texts, subsample, scores, parentScores, accepted } = event;
        const [first, second] = parentScores;
        this.#update(event, {
          kind: 'merge',
          parents,
          components: Object.keys(texts),
          texts,
          child: texts,
          positions: subsample,
          before: first.map((score, place) => Math.max(score, second[place]!)),
          after: scores,
          status: accepted ? 'accepted' : 'rejected',
        });
        break;
      }
      case 'candidate_added':
        this.#link(event);
        break;
      case 'run_finished':
        for (const warning of event.warnings)
          if (!this.warnings.includes(warning)) this.warnings.push(warning);
        break;
      default:
        break;
    }
  }

  /** The number of the proposal of a candidate. */
  proposalOf(candidate: number): number | undefined {
    return this.#selected.get(candidate);
  }

  /** Version 3 of the format did not number proposals. */
  #numberOf(event: Numbered): number {
    const number: number | undefined = event.proposal;
    return number ?? this.state.proposalNumber('task' in event ? event.task : 0);
  }

  #update(event: Numbered, fields: Partial<OpenProposal>): void {
    const number = this.#numberOf(event);
    const task = 'task' in event ? event.task : 0;
    for (let next = this.proposals.length + 1; next <= number; next++) {
      const place = task - (number - next);
      this.proposals.push(openProposal(next, event.iteration, Math.max(0, place)));
    }
    Object.assign(this.proposals[number - 1]!, fields);
  }

  #link(event: Extract<DecisionEvent, { type: 'candidate_added' }>): void {
    if (event.source === 'seed') return;
    const isOrigin = ({ iteration, status, child, candidate }: OpenProposal) =>
      iteration === event.iteration &&
      status === 'accepted' &&
      candidate === undefined &&
      Object.entries(event.texts).every(([name, text]) => child?.[name] === text);
    const origin =
      event.proposal === undefined ? this.proposals.find(isOrigin) : this.proposals[event.proposal - 1];
    if (origin === undefined) return;
    origin.candidate = event.index;
    this.#selected.set(event.index, origin.number);
  }
}

function openProposal(number: number, iteration: number, task: number): OpenProposal {
  return {
    number,
    iteration,
    task,
    kind: 'mutation',
    parents: [],
    components: [],
    positions: [],
    minibatch: [],
    before: [],
    after: [],
    status: 'open',
    reflections: [],
  };
}
