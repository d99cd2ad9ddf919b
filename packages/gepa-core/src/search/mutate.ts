import type { AnyRollout } from '../adapter/any.ts';
import { type Candidate, candidateKey } from '../component.ts';
import { type Other, refusedText } from '../reflection/proposer.ts';
import type { RefusedTexts } from '../rejection.ts';
import { affordableTasks } from './affordable-tasks.ts';
import { callsForSearch, costOfValidation } from './call-costs.ts';
import type { Evaluation } from './evaluation/evaluator.ts';
import type { ExampleRef } from './evaluation/examples.ts';
import { lineOfFeedback } from './evaluation/line-of-feedback.ts';
import {
  type Child,
  dispatchOutcome,
  type IterationOutcome,
  iterationOutcome,
  type NumberedTask,
  stopsRun,
  type TaskOutcome,
} from './outcomes.ts';
import type { SearchContext } from './search-context.ts';
import { unreadComponents } from './state/unread-components.ts';
import type { Task } from './strategies/proposal-sampling.ts';
import { updateFrontier, validate } from './validate.ts';

/** A task whose parent was run on the minibatch. */
interface ParentRun extends NumberedTask {
  readonly kind: 'parentRun';
  readonly rollouts: readonly AnyRollout[];
}

/** The basis of a child: a parent with its rollouts on the minibatch, and the components to rewrite. */
export interface ChildRequest<Name extends string> extends NumberedTask {
  readonly kind: 'request';
  readonly rollouts: readonly AnyRollout[];
  readonly components: readonly Name[];
  /** For a merge: the second parent. */
  readonly other?: Other<Name>;
}

/** The new texts of a child. */
interface ProposedTexts<Name extends string> extends Pick<Child<Name>, 'changed' | 'refused'> {
  readonly kind: 'proposed';
}

/**
 * One iteration of reflective mutation (paper, algorithm 1). Everything that depends on the order of tasks (draws,
 * positions in round robin, decisions, the pool) happens in that order, so that latencies do not influence the search. The
 * tasks themselves run concurrently.
 */
export async function mutate<Name extends string>(search: SearchContext<Name>): Promise<IterationOutcome> {
  const { state, strategies } = search;

  // Select parents and sample minibatches.
  const sampled = strategies.sampleTasks(state);
  if (sampled === undefined) return trainsetExhausted(search);
  const tasks = affordable(search, sampled).map((task, number) => ({ ...task, task: number }));
  if (tasks.length === 0) return noRoom(search);

  // Run the parents, and choose the components to rewrite.
  const evaluations = await runParents(search, tasks);
  const requests: (ChildRequest<Name> | TaskOutcome<Name>)[] = [];
  for (const task of tasks) {
    const run = await readParentRun(search, task, evaluations[task.task]!);
    requests.push(run.kind === 'parentRun' ? chooseComponents(search, run) : run);
  }

  // Reflect, and test the children on the minibatches of their parents.
  const outcomes = await Promise.all(
    requests.map(async (request): Promise<TaskOutcome<Name>> => {
      if (request.kind !== 'request') return request;
      const child = await proposeChild(search, request);
      return child.kind === 'proposed' ? testChild(search, request, child) : child;
    }),
  );

  // Accept.
  const children = outcomes.flatMap((outcome) => (outcome.kind === 'child' ? [outcome.child] : []));
  const accepted = children.filter((child) => strategies.accepts(child));
  const selected = withoutTwins(search.names, strategies.select(accepted));
  for (const task of tasks) {
    dispatchOutcome(search, task, outcomes[task.task]!, { accepted, selected });
  }

  // Validate the selected children, and update the frontier.
  const interruptions = outcomes.flatMap((outcome) =>
    outcome.kind === 'interrupted' ? [outcome.interruption] : [],
  );
  let added = 0;
  for (const { texts, parent, task } of selected) {
    if (interruptions.some(stopsRun)) break;
    const validation = await validate(search, texts, state.candidates.length);
    const origin = {
      texts,
      parents: [parent],
      source: 'reflection',
      proposal: state.proposalNumber(task),
    } as const;
    if (updateFrontier(search, origin, validation)) added++;
    if (validation.interruption !== undefined) interruptions.push(validation.interruption);
  }
  return iterationOutcome(outcomes, added, interruptions);
}

/** The tasks that the budget can finish. */
function affordable<Name extends string>(
  search: SearchContext<Name>,
  tasks: readonly Task[],
): readonly Task[] {
  const { state, evaluator, strategies } = search;
  const costOf = ({ parent, minibatch }: Task) => {
    const examples = examplesAt(search, minibatch);
    const child = evaluator.costOfNew(examples);
    return {
      parent: evaluator.cost(state.candidates[parent]!.texts, examples),
      child,
      valset: costOfValidation(search, examples) - child,
    };
  };
  return affordableTasks(tasks, callsForSearch(search), costOf, strategies.mostSelected);
}

function trainsetExhausted<Name extends string>({ trainset, warn }: SearchContext<Name>): IterationOutcome {
  warn(
    `The trainset is exhausted: every candidate that is left to improve is perfect on its ${trainset.length} examples. Give more or harder training examples to continue.`,
  );
  return { kind: 'stopped', reason: 'trainsetExhausted' };
}

function noRoom<Name extends string>({ state, warn }: SearchContext<Name>): IterationOutcome {
  if (state.iteration === 1) {
    warn(
      'maxMetricCalls leaves no room to search: after the seed, too few metric calls remain for one iteration with its validation.',
    );
  }
  return { kind: 'stopped', reason: 'maxMetricCalls' };
}

/** Runs every distinct pair of parent and minibatch once, also without a cache. */
function runParents<Name extends string>(
  search: SearchContext<Name>,
  tasks: readonly NumberedTask[],
): Promise<Evaluation[]> {
  const { state, evaluator, names } = search;
  const running = new Map<string, Promise<Evaluation>>();
  return Promise.all(
    tasks.map(({ parent, minibatch, task }) => {
      const { texts } = state.candidates[parent]!;
      const pair = JSON.stringify([candidateKey(names, texts), minibatch]);
      const context = {
        iteration: state.iteration,
        phase: 'minibatch',
        candidateIndex: parent,
        task,
        proposal: state.proposalNumber(task),
      } as const;
      const evaluation =
        running.get(pair) ?? evaluator.evaluate(texts, examplesAt(search, minibatch), context);
      running.set(pair, evaluation);
      return evaluation;
    }),
  );
}

/** Learns from the rollouts of a parent. There is nothing to improve where all of them are perfect. */
async function readParentRun<Name extends string>(
  { settings, state, evaluator, memory, dispatch }: SearchContext<Name>,
  { parent, minibatch, task }: NumberedTask,
  { rollouts: kept, interruption }: Evaluation,
): Promise<ParentRun | TaskOutcome<Name>> {
  if (interruption !== undefined) return { kind: 'interrupted', components: [], interruption };

  const rollouts = await evaluator.known.complete(kept.map((rollout) => rollout!));
  await memory.learn(rollouts);
  const scores = rollouts.map(({ score }) => score);
  const skipped = settings.skipPerfectScore && scores.every((score) => score >= settings.perfectScore);
  dispatch({
    type: 'task_evaluated',
    iteration: state.iteration,
    task,
    proposal: state.proposalNumber(task),
    parent,
    minibatch,
    scores,
    skipped,
    feedback: skipped ? undefined : lineOfFeedback(rollouts),
  });
  return skipped ? { kind: 'perfect' } : { kind: 'parentRun', parent, minibatch, task, rollouts };
}

/** Chooses the components to rewrite. */
function chooseComponents<Name extends string>(
  { state, names, strategies }: SearchContext<Name>,
  run: ParentRun,
): ChildRequest<Name> | TaskOutcome<Name> {
  const { parent, rollouts } = run;
  // One that the seed did not read on the valset may be read on other examples.
  const unread = unreadComponents(state.unread, rollouts);
  const eligible = names.filter((name) => !unread.includes(name));
  if (eligible.length === 0) {
    const message = 'No rollout on the minibatch read one of the components.';
    return { kind: 'rejected', components: names, reason: 'unread', message };
  }
  const components = strategies.selectComponents({
    components: eligible,
    parent,
    candidate: state.candidates[parent]!.texts,
    iteration: state.iteration,
    rollouts,
  });
  return { ...run, kind: 'request', components };
}

/** Asks for new texts of the chosen components. */
export async function proposeChild<Name extends string>(
  search: SearchContext<Name>,
  { parent, minibatch, task, rollouts, components, other }: ChildRequest<Name>,
): Promise<ProposedTexts<Name> | Extract<TaskOutcome<Name>, { kind: 'interrupted' | 'rejected' }>> {
  const { settings, state, names, propose, evaluator, trainset } = search;
  const { perfectScore } = settings;
  const candidate = state.candidates[parent]!.texts;
  const { iteration } = state;
  // Without any success, the reflection model would not see what to keep.
  const success = rollouts.some(({ score }) => score >= perfectScore)
    ? undefined
    : await evaluator.known.success(candidate, trainset, perfectScore);
  const request = {
    iteration,
    task,
    proposal: state.proposalNumber(task),
    parent,
    candidate,
    components,
    minibatch,
    rollouts,
    other,
    success,
  };
  const proposal = await propose(request);
  if ('interruption' in proposal) return { kind: 'interrupted', components, ...proposal };
  if ('rejected' in proposal) return { kind: 'rejected', components, ...proposal.rejected };

  const changed = proposal.texts as Partial<Candidate<Name>>;
  const child: Candidate<Name> = { ...candidate, ...changed };
  if (!settings.skipDuplicates || !state.has(child))
    return { kind: 'proposed', changed, refused: proposal.refused };
  if (candidateKey(names, candidate) === candidateKey(names, child))
    return {
      kind: 'rejected',
      components,
      reason: 'unchanged',
      message: 'The new text equals the current one.',
    };
  const rejection = {
    reason: 'duplicate' as const,
    message: 'The new text gives a candidate that is known already.',
  };
  const duplicates = Object.entries<string>(changed as Record<string, string>).map(
    ([name, text]) => [name, { ...rejection, text: refusedText(text) }] as const,
  );
  const refused = { ...proposal.refused, ...Object.fromEntries(duplicates) } as RefusedTexts<Name>;
  return { kind: 'rejected', components, ...rejection, refused };
}

/** Runs the child on the minibatch of its parent. */
async function testChild<Name extends string>(
  search: SearchContext<Name>,
  { parent, minibatch, task, rollouts: parentRollouts, components }: ChildRequest<Name>,
  { changed, refused }: ProposedTexts<Name>,
): Promise<TaskOutcome<Name>> {
  const { state, evaluator } = search;
  const texts: Candidate<Name> = { ...state.candidates[parent]!.texts, ...changed };
  const { rollouts, interruption } = await evaluator.evaluate(texts, examplesAt(search, minibatch), {
    iteration: state.iteration,
    phase: 'proposal',
    candidateIndex: undefined,
    task,
    proposal: state.proposalNumber(task),
  });
  if (interruption !== undefined) return { kind: 'interrupted', components, interruption };
  const before = parentRollouts.map(({ score }) => score);
  const after = rollouts.map((rollout) => rollout!.score);
  return { kind: 'child', child: { task, parent, texts, changed, refused, before, after } };
}

/** The first of all children with equal texts. */
function withoutTwins<Name extends string>(
  names: readonly Name[],
  children: readonly Child<Name>[],
): Child<Name>[] {
  const byTexts = new Map<string, Child<Name>>();
  for (const child of children) {
    const key = candidateKey(names, child.texts);
    if (!byTexts.has(key)) byTexts.set(key, child);
  }
  return [...byTexts.values()];
}

export function examplesAt<Name extends string>(
  { trainset }: SearchContext<Name>,
  positions: readonly number[],
): ExampleRef[] {
  return positions.map((position) => trainset[position]!);
}
