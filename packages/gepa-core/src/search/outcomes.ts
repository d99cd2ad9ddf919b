import type { Candidate } from '../component.ts';
import type { Interruption } from '../interruption.ts';
import type { ProposalRejection, RefusedTexts } from '../rejection.ts';
import { messageOf } from '../text/error-message.ts';
import type { SearchContext } from './search-context.ts';
import type { Trial } from './strategies/acceptance.ts';
import type { Task } from './strategies/proposal-sampling.ts';
import type { StopReason } from './strategies/stop-reason.ts';

/** A task with its place within the iteration. */
export interface NumberedTask extends Task {
  readonly task: number;
}

/** A child that was tested on its parent's minibatch. */
export interface Child<Name extends string> extends Trial<Name> {
  readonly task: number;
  /** The new texts. */
  readonly changed: Partial<Candidate<Name>>;
  readonly refused: RefusedTexts<Name> | undefined;
}

/** The outcome of a task. */
export type TaskOutcome<Name extends string> =
  | { readonly kind: 'perfect' }
  | {
      readonly kind: 'interrupted';
      readonly components: readonly Name[];
      readonly interruption: Interruption;
    }
  | {
      readonly kind: 'rejected';
      readonly components: readonly Name[];
      readonly reason: ProposalRejection;
      readonly message: string;
      readonly error?: unknown;
      readonly refused?: RefusedTexts<Name>;
    }
  | { readonly kind: 'child'; readonly child: Child<Name> };

/** How an iteration ended. */
export type IterationOutcome =
  /** Children were measured; `accepted` of them joined the pool. */
  | { readonly kind: 'tried'; readonly accepted: number }
  /** There was nothing to measure. */
  | { readonly kind: 'idle'; readonly why: 'perfectMinibatches' | 'unreadComponents' | 'noNewProposals' }
  /** Every task failed for a reason that is not the program's. */
  | { readonly kind: 'failed'; readonly reason: 'unavailable' | 'proposer_failed'; readonly error: unknown }
  | { readonly kind: 'stopped'; readonly reason: StopReason };

/** The reason to stop at an interruption; a single unavailable call does not stop the run. */
export function stopsRun(interruption: Interruption | undefined): StopReason | undefined {
  return interruption === undefined || interruption.reason === 'unavailable'
    ? undefined
    : interruption.reason;
}

/** Dispatches the outcome of a task, unless the run ends. */
export function dispatchOutcome<Name extends string>(
  search: SearchContext<Name>,
  task: NumberedTask,
  outcome: TaskOutcome<Name>,
  { accepted, selected }: { accepted: readonly Child<Name>[]; selected: readonly Child<Name>[] },
): void {
  const { state, dispatch } = search;
  const { iteration } = state;
  if (outcome.kind === 'interrupted' || outcome.kind === 'rejected') {
    dispatchRejection(search, task, outcome);
  }
  if (outcome.kind === 'child') {
    const { child } = outcome;
    const { changed: texts, refused, before, after } = child;
    dispatch({
      type: 'proposal_evaluated',
      iteration,
      task: task.task,
      proposal: state.proposalNumber(task.task),
      parent: task.parent,
      texts,
      before,
      after,
      accepted: accepted.includes(child),
      selected: selected.includes(child),
      refused,
    });
  }
}

/** Dispatches why a task has no child, unless the run ends. */
export function dispatchRejection<Name extends string>(
  { state, dispatch }: SearchContext<Name>,
  { parent, task }: Pick<NumberedTask, 'parent' | 'task'>,
  outcome: Extract<TaskOutcome<Name>, { kind: 'interrupted' | 'rejected' }>,
): void {
  const { iteration } = state;
  const { components } = outcome;
  const of = { iteration, task, proposal: state.proposalNumber(task), parent, components };
  if (outcome.kind === 'rejected') {
    const { reason, message, refused } = outcome;
    dispatch({ type: 'proposal_rejected', ...of, reason, message, refused });
  } else if (outcome.interruption.reason === 'unavailable') {
    const message = messageOf(outcome.interruption.error);
    dispatch({ type: 'proposal_rejected', ...of, reason: 'unavailable', message });
  }
}

/** The outcome of an iteration, from the outcomes of its tasks and the number of added candidates. */
export function iterationOutcome<Name extends string>(
  outcomes: readonly TaskOutcome<Name>[],
  added: number,
  interruptions: readonly Interruption[],
): IterationOutcome {
  const reason = interruptions.map(stopsRun).find((stop) => stop !== undefined);
  if (reason !== undefined) return { kind: 'stopped', reason };
  if (outcomes.some(({ kind }) => kind === 'child')) return { kind: 'tried', accepted: added };
  const [unavailable] = interruptions;
  if (unavailable !== undefined) return { kind: 'failed', reason: 'unavailable', error: unavailable.error };
  const rejected = outcomes.filter((outcome) => outcome.kind === 'rejected');
  const failure = rejected.find(({ reason }) => reason === 'proposer_failed');
  if (failure !== undefined) return { kind: 'failed', reason: 'proposer_failed', error: failure.error };
  if (rejected.length === 0) return { kind: 'idle', why: 'perfectMinibatches' };
  const areUnread = rejected.every(({ reason }) => reason === 'unread');
  return { kind: 'idle', why: areUnread ? 'unreadComponents' : 'noNewProposals' };
}
