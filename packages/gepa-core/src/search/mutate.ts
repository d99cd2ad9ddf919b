import type { Rollout } from '../adapter/adapter.ts';
import { type Candidate, candidateKey } from '../component.ts';
import { type Other, refusedText } from '../reflection/proposer.ts';
import type { RefusedTexts } from '../rejection.ts';
import { affordableTasks } from './affordable-tasks.ts';
import type { Evaluation } from './evaluation/evaluator.ts';
import type { ExampleRef } from './evaluation/examples.ts';
import { lineOfFeedback } from './evaluation/line-of-feedback.ts';
import { callsForSearch, costOfValidation } from './pool.ts';
import { type IterationOutcome, type SearchContext, stopsRun } from './search-context.ts';
import type { Task } from './strategies/proposal-sampling.ts';
import { type Child, dispatchOutcome, iterationOutcome, type TaskOutcome } from './task-outcome.ts';
import { updateFrontier, validate } from './validate.ts';

/** A task whose parent was run and whose components are chosen. */
export interface ChosenTask<Example, Output, Trace, Name extends string> {
  readonly parent: number;
  readonly minibatch: readonly number[];
  readonly rollouts: readonly Rollout<Example, Output, Trace>[];
  readonly components: readonly Name[];
  /** For a merge: the second parent. */
  readonly other?: Other<Name>;
}

/**
 * One iteration of reflective mutation (paper, algorithm 1). Whatever depends on the order of tasks (draws, cursors,
 * decisions, the pool) happens in that order, so that latencies decide nothing; the tasks themselves run at once.
 */
export async function mutate<Example, Output, Trace, Name extends string>(
  search: SearchContext<Example, Output, Trace, Name>,
): Promise<IterationOutcome> {
  const { state, strategies } = search;

  // Select parents and sample minibatches.
  const sampled = strategies.sampleTasks(state);
  if (sampled === undefined) return trainsetExhausted(search);
  const tasks = affordable(search, sampled);
  if (tasks.length === 0) return noRoom(search);

  // Run the parents, and choose the components to rewrite.
  const evaluations = await runParents(search, tasks);
  const chosen: Awaited<ReturnType<typeof chooseComponents<Example, Output, Trace, Name>>>[] = [];
  for (const [number, task] of tasks.entries()) {
    chosen.push(await chooseComponents(search, task, number, evaluations[number]!));
  }

  // Reflect, and test the children on the minibatches of their parents.
  const outcomes = await Promise.all(
    chosen.map(async (task, number): Promise<TaskOutcome<Name>> => {
      if ('kind' in task) return task;
      const proposal = await reflect(search, task, number);
      return 'kind' in proposal ? proposal : testChild(search, task, number, proposal);
    }),
  );

  // Accept.
  const children = outcomes.flatMap((outcome) => (outcome.kind === 'child' ? [outcome.child] : []));
  const accepted = children.filter((child) => strategies.accepts(child));
  const selected = withoutTwins(search.names, strategies.select(accepted));
  outcomes.forEach((outcome, number) => {
    dispatchOutcome(search, tasks[number]!, number, outcome, { accepted, selected });
  });

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

/** The tasks that the budget can take to the end. */
function affordable<Example, Output, Trace, Name extends string>(
  search: SearchContext<Example, Output, Trace, Name>,
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

function trainsetExhausted<Example, Output, Trace, Name extends string>({
  trainset,
  warn,
}: SearchContext<Example, Output, Trace, Name>): IterationOutcome {
  warn(
    `The trainset is exhausted: every candidate that is left to improve is perfect on its ${trainset.length} examples. Give more or harder training examples to go on.`,
  );
  return { kind: 'stopped', reason: 'trainsetExhausted' };
}

function noRoom<Example, Output, Trace, Name extends string>({
  state,
  warn,
}: SearchContext<Example, Output, Trace, Name>): IterationOutcome {
  if (state.iteration === 1) {
    warn(
      'maxMetricCalls leaves no room to search: after the seed, too few metric calls remain for one iteration with its validation.',
    );
  }
  return { kind: 'stopped', reason: 'maxMetricCalls' };
}

/** Runs every distinct pair of parent and minibatch once, also without a cache. */
function runParents<Example, Output, Trace, Name extends string>(
  search: SearchContext<Example, Output, Trace, Name>,
  tasks: readonly Task[],
): Promise<Evaluation<Example, Output, Trace>[]> {
  const { state, evaluator, names } = search;
  const running = new Map<string, Promise<Evaluation<Example, Output, Trace>>>();
  return Promise.all(
    tasks.map(({ parent, minibatch }, task) => {
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

/** Chooses the components to rewrite, unless there is nothing to improve. */
async function chooseComponents<Example, Output, Trace, Name extends string>(
  search: SearchContext<Example, Output, Trace, Name>,
  { parent, minibatch }: Task,
  task: number,
  { rollouts: kept, interruption }: Evaluation<Example, Output, Trace>,
): Promise<ChosenTask<Example, Output, Trace, Name> | TaskOutcome<Name>> {
  const { settings, state, names, strategies, evaluator, memory, dispatch } = search;
  const { iteration } = state;
  if (interruption !== undefined) return { kind: 'interrupted', components: [], interruption };

  const rollouts = await evaluator.known.complete(kept.map((rollout) => rollout!));
  await memory.learn(rollouts);
  const scores = rollouts.map(({ score }) => score);
  const skipped = settings.skipPerfectScore && scores.every((score) => score >= settings.perfectScore);
  const proposal = state.proposalNumber(task);
  const feedback = skipped ? {} : lineOfFeedback(rollouts);
  dispatch({
    type: 'task_evaluated',
    iteration,
    task,
    proposal,
    parent,
    minibatch,
    scores,
    skipped,
    ...feedback,
  });
  if (skipped) return { kind: 'perfect' };

  const candidate = state.candidates[parent]!.texts;
  const components = strategies.selectComponents({
    components: names.filter((name) => !state.unread.includes(name)),
    parent,
    candidate,
    iteration,
    rollouts,
  });
  return { parent, minibatch, rollouts, components };
}

/** Asks for new texts of the chosen components. */
export async function reflect<Example, Output, Trace, Name extends string>(
  search: SearchContext<Example, Output, Trace, Name>,
  { parent, minibatch, rollouts, components, other }: ChosenTask<Example, Output, Trace, Name>,
  task: number,
): Promise<
  Pick<Child<Name>, 'changed' | 'refused'> | Extract<TaskOutcome<Name>, { kind: 'interrupted' | 'rejected' }>
> {
  const { settings, state, names, propose, evaluator, trainset } = search;
  const { perfectScore } = settings;
  const candidate = state.candidates[parent]!.texts;
  const { iteration } = state;
  // A reflection on failures alone does not see what to keep.
  const success = rollouts.some(({ score }) => score >= perfectScore)
    ? undefined
    : await evaluator.known.success(candidate, trainset, perfectScore);
  const request = {
    iteration,
    task,
    number: state.proposalNumber(task),
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
  if (!settings.skipDuplicates || !state.has(child)) return { changed, refused: proposal.refused };
  if (candidateKey(names, candidate) === candidateKey(names, child))
    return {
      kind: 'rejected',
      components,
      reason: 'unchanged',
      message: 'The new text equals the current one.',
    };
  const rejection = {
    reason: 'duplicate' as const,
    message: 'The new text gives a candidate that is in the pool already.',
  };
  const duplicates = Object.entries<string>(changed as Record<string, string>).map(
    ([name, text]) => [name, { ...rejection, ...refusedText(text) }] as const,
  );
  const refused = { ...proposal.refused, ...Object.fromEntries(duplicates) } as RefusedTexts<Name>;
  return { kind: 'rejected', components, ...rejection, refused };
}

/** Runs the child on the minibatch of its parent. */
async function testChild<Example, Output, Trace, Name extends string>(
  search: SearchContext<Example, Output, Trace, Name>,
  { parent, minibatch, rollouts: parentRollouts, components }: ChosenTask<Example, Output, Trace, Name>,
  task: number,
  { changed, refused }: Pick<Child<Name>, 'changed' | 'refused'>,
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

/** Of children with equal texts, the first. */
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

export function examplesAt<Example, Output, Trace, Name extends string>(
  { trainset }: SearchContext<Example, Output, Trace, Name>,
  positions: readonly number[],
): ExampleRef<Example>[] {
  return positions.map((position) => trainset[position]!);
}
