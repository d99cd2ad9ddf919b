import type { DecisionEvent } from '../../events.ts';
import type { ComponentProposals, ProposalCounts, RejectedProposal } from '../../result.ts';

type Decision<Name extends string, Type extends DecisionEvent['type']> = Extract<
  DecisionEvent<Name>,
  { type: Type }
>;

/** Counts the outcomes of proposals from the decisions of a run. */
export class ProposalTally<Name extends string> {
  #accepted = 0;
  #rejected = 0;
  #perfectMinibatches = 0;
  #zeroMinibatches = 0;
  #last: RejectedProposal | undefined;
  readonly #byReason = new Map<RejectedProposal['reason'], number>();
  readonly #byComponent = new Map<Name, ComponentProposals>();
  /** One line of the feedback on the present tasks, by proposal. */
  readonly #feedback = new Map<number, string>();

  apply(event: DecisionEvent<Name>): void {
    switch (event.type) {
      case 'run_started':
        for (const name of event.components) this.#byComponent.set(name, noProposals);
        break;
      case 'iteration_started':
        this.#feedback.clear();
        break;
      case 'task_evaluated':
        if (event.skipped) this.#perfectMinibatches++;
        else if (event.scores.every((score) => score === 0)) this.#zeroMinibatches++;
        if (event.feedback !== undefined) this.#feedback.set(event.proposal, event.feedback);
        break;
      case 'proposal_rejected':
        for (const name of event.components) this.#count(name, event.refused?.[name]?.reason ?? event.reason);
        this.#reject(event.components, event, event.reason, event.message);
        break;
      case 'proposal_evaluated':
        this.#evaluate(event);
        break;
      case 'merge_evaluated':
        if (event.accepted) this.#accepted++;
        else this.#reject([], event, 'not_better', childScore(event.scores, event.parentScores));
        break;
      default:
        break;
    }
  }

  get counts(): ProposalCounts<Name> {
    return {
      made: this.#accepted + this.#rejected,
      accepted: this.#accepted,
      rejected: this.#rejected,
      byReason: Object.fromEntries(this.#byReason),
      byComponent: Object.fromEntries(this.#byComponent) as ProposalCounts<Name>['byComponent'],
      perfectMinibatches: this.#perfectMinibatches,
      zeroMinibatches: this.#zeroMinibatches,
      lastRejected: this.#last,
    };
  }

  #evaluate(event: Decision<Name, 'proposal_evaluated'>): void {
    const names = Object.keys(event.texts) as Name[];
    for (const name of Object.keys(event.refused ?? {}) as Name[])
      this.#count(name, event.refused![name]!.reason);
    for (const name of names) this.#count(name, event.accepted ? undefined : 'not_better');
    if (!event.accepted) {
      this.#reject(names, event, 'not_better', childScore(event.after, [event.before]));
      return;
    }
    this.#accepted++;
  }

  #reject(
    components: readonly Name[],
    { proposal }: { readonly proposal: number },
    reason: RejectedProposal['reason'],
    message: string,
  ): void {
    this.#rejected++;
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + 1);
    this.#last = { proposal, components, reason, message, feedback: this.#feedback.get(proposal) };
  }

  /** Without a reason, the proposal was accepted. */
  #count(name: Name, reason: RejectedProposal['reason'] | undefined): void {
    const { accepted, rejected, byReason } = this.#byComponent.get(name) ?? noProposals;
    this.#byComponent.set(
      name,
      reason === undefined
        ? { accepted: accepted + 1, rejected, byReason }
        : {
            accepted,
            rejected: rejected + 1,
            byReason: { ...byReason, [reason]: (byReason[reason] ?? 0) + 1 },
          },
    );
  }
}

const noProposals: ComponentProposals = { accepted: 0, rejected: 0, byReason: {} };

/** `The child scored 1.2 instead of 1.5 in all on 3 examples.` */
function childScore(after: readonly number[], before: readonly (readonly number[])[]): string {
  const sum = (scores: readonly number[]) =>
    Number(scores.reduce((total, score) => total + score, 0).toFixed(3));
  const parent = Math.max(...before.map(sum));
  const [child, size] = [sum(after), `${after.length} example${after.length === 1 ? '' : 's'}`];
  return child === parent
    ? `The child scored ${child} in all on ${size}, as its parent did.`
    : `The child scored ${child} in all on ${size}, and its parent ${parent}.`;
}
