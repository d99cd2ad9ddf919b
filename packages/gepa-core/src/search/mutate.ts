import { messageOf } from '../calls/classify-error.ts';
import type { Interruption } from '../calls/interruption.ts';
import { type Candidate, candidateKey } from '../component.ts';
import type { ProposalRejection } from '../events.ts';
import { affordableTasks } from './affordable-tasks.ts';
import type { Evaluation } from './evaluator.ts';
import type { ExampleRef } from './examples.ts';
import { type IterationOutcome, type SearchSetup, stopsRun } from './search-setup.ts';
import type { Trial } from './strategies/acceptance.ts';
import type { Task } from './strategies/proposal-sampling.ts';
import { addCandidate } from './validate.ts';

/** A child that was run on its parent's minibatch. */
interface Child<Name extends string> extends Trial<Name> {
  readonly task: number;
  /** The texts that are new. */
  readonly changed: Partial<Candidate<Name>>;
}

/** What became of a task. */
type TaskOutcome<Name extends string> =
  | { readonly kind: 'perfect' }
  | {
      readonly kind: 'interrupted';
      /** None, when the parent could not be run. */
      readonly components: readonly Name[];
      readonly interruption: Interruption;
    }
  | {
      readonly kind: 'rejected';
      readonly components: readonly Name[];
      readonly reason: ProposalRejection;
      readonly message: string;
      readonly error?: unknown;
    }
  | { readonly kind: 'child'; readonly child: Child<Name> };

/**
 * One iteration of reflective mutation. What needs the order of tasks (draws, cursors, decisions, the pool) happens
 * in that order between the concurrent parts, so that latencies decide nothing.
 */
export async function mutationStep<Example, Output, Trace, Name extends string>(
  setup: SearchSetup<Example, Output, Trace, Name>,
): Promise<IterationOutcome> {
  const { state, strategies, names } = setup;
  const tasks = affordable(setup, strategies.sampleTasks(state));
  if (tasks.length === 0) {
    if (state.iteration === 1) {
      setup.warn(
        'maxMetricCalls leaves no room to search: what remains after the seed does not suffice for one iteration with its pass over the valset.',
      );
    }
    return { kind: 'stopped', reason: 'maxMetricCalls' };
  }

  const parents = await runParents(setup, tasks);
  const attempts = tasks.map((task, number) => prepare(setup, task, number, parents[number]!));
  const outcomes = await Promise.all(attempts.map((attempt) => attempt()));

  const children = outcomes.flatMap((outcome) => (outcome.kind === 'child' ? [outcome.child] : []));
  const accepted = children.filter((child) => strategies.accepts(child));
  const selected = firstOfEach(names, strategies.select(accepted));
  outcomes.forEach((outcome, number) => {
    report(setup, tasks[number]!, number, outcome, { accepted, selected });
  });

  const poolSize = state.candidates.length;
  let stop = outcomes
    .map((outcome) => outcome.kind === 'interrupted' && stopsRun(outcome.interruption))
    .find(Boolean);
  const outages = outcomes.flatMap((outcome) =>
    outcome.kind === 'interrupted' ? [outcome.interruption] : [],
  );
  for (const { texts, parent } of selected) {
    if (stop) break;
    const { interruption } = await addCandidate(setup, { texts, parents: [parent], source: 'reflection' });
    stop = stopsRun(interruption);
    if (interruption !== undefined) outages.push(interruption);
  }
  if (stop) return { kind: 'stopped', reason: stop };
  return summary(outcomes, state.candidates.length - poolSize, outages);
}

/** Only tasks that can be carried through within the budget. */
function affordable<Example, Output, Trace, Name extends string>(
  setup: SearchSetup<Example, Output, Trace, Name>,
  tasks: readonly Task[],
): readonly Task[] {
  const { state, evaluator, strategies, ledger, valset } = setup;
  const costOf = ({ parent, minibatch }: Task) => {
    const examples = examplesAt(setup, minibatch);
    const child = evaluator.costOfNew(examples);
    return {
      parent: evaluator.cost(state.candidates[parent]!.texts, examples),
      child,
      valset: evaluator.costOfNew([...examples, ...valset]) - child,
    };
  };
  return affordableTasks(tasks, ledger.remainingMetricCalls, costOf, strategies.mostSelected);
}

/** Runs every distinct pair of texts and minibatch once, also where nothing is cached. */
function runParents<Example, Output, Trace, Name extends string>(
  setup: SearchSetup<Example, Output, Trace, Name>,
  tasks: readonly Task[],
): Promise<Evaluation<Example, Output, Trace>[]> {
  const running = new Map<string, Promise<Evaluation<Example, Output, Trace>>>();
  return Promise.all(
    tasks.map(({ parent, minibatch }, task) => {
      const { texts } = setup.state.candidates[parent]!;
      const pair = JSON.stringify([candidateKey(setup.names, texts), minibatch]);
      const evaluation =
        running.get(pair) ??
        setup.evaluator.evaluate(texts, examplesAt(setup, minibatch), {
          iteration: setup.state.iteration,
          phase: 'minibatch',
          candidateIndex: parent,
          task,
        });
      running.set(pair, evaluation);
      return evaluation;
    }),
  );
}

/** Decides what a task will rewrite; the function it returns does so. */
function prepare<Example, Output, Trace, Name extends string>(
  setup: SearchSetup<Example, Output, Trace, Name>,
  { parent, minibatch }: Task,
  task: number,
  evaluation: Evaluation<Example, Output, Trace>,
): () => Promise<TaskOutcome<Name>> {
  const { state, names, strategies, evaluator, decide } = setup;
  const { iteration } = state;
  const { interruption } = evaluation;
  if (interruption !== undefined) return async () => ({ kind: 'interrupted', components: [], interruption });

  const rollouts = evaluator.whole(evaluation.rollouts.map((rollout) => rollout!));
  const before = rollouts.map(({ score }) => score);
  const skipped = setup.skipPerfectScore && before.every((score) => score >= setup.perfectScore);
  decide({ type: 'task_evaluated', iteration, task, parent, minibatch, scores: before, skipped });
  if (skipped) return async () => ({ kind: 'perfect' });

  const candidate = state.candidates[parent]!.texts;
  const components = strategies.selectComponents({
    components: names,
    parent,
    candidate,
    iteration,
    rollouts,
  });
  return async () => {
    const proposal = await setup.propose({ iteration, task, candidate, components, rollouts });
    if ('interruption' in proposal) return { kind: 'interrupted', components, ...proposal };
    if ('rejected' in proposal) return { kind: 'rejected', components, ...proposal.rejected };

    const changed = proposal.texts as Partial<Candidate<Name>>;
    const texts: Candidate<Name> = { ...candidate, ...changed };
    if (setup.skipDuplicates && state.has(texts)) {
      return { kind: 'rejected', components, ...duplicate(candidate, texts, names) };
    }

    const trial = await evaluator.evaluate(texts, examplesAt(setup, minibatch), {
      iteration,
      phase: 'proposal',
      candidateIndex: undefined,
      task,
    });
    if (trial.interruption !== undefined) {
      return { kind: 'interrupted', components, interruption: trial.interruption };
    }
    const after = trial.rollouts.map((rollout) => rollout!.score);
    return { kind: 'child', child: { task, parent, texts, changed, before, after } };
  };
}

function report<Example, Output, Trace, Name extends string>(
  { state, decide }: SearchSetup<Example, Output, Trace, Name>,
  { parent }: Task,
  task: number,
  outcome: TaskOutcome<Name>,
  chosen: { accepted: readonly Child<Name>[]; selected: readonly Child<Name>[] },
): void {
  const { iteration } = state;
  if (outcome.kind === 'interrupted' && outcome.interruption.reason === 'unavailable') {
    const message = messageOf(outcome.interruption.error);
    decide({
      type: 'proposal_rejected',
      iteration,
      task,
      parent,
      components: outcome.components,
      reason: 'unavailable',
      message,
    });
  }
  if (outcome.kind === 'rejected') {
    const { components, reason, message } = outcome;
    decide({ type: 'proposal_rejected', iteration, task, parent, components, reason, message });
  }
  if (outcome.kind === 'child') {
    const { child } = outcome;
    decide({
      type: 'proposal_evaluated',
      iteration,
      task,
      parent,
      texts: child.changed,
      before: child.before,
      after: child.after,
      accepted: chosen.accepted.includes(child),
      selected: chosen.selected.includes(child),
    });
  }
}

function summary<Name extends string>(
  outcomes: readonly TaskOutcome<Name>[],
  accepted: number,
  outages: readonly Interruption[],
): IterationOutcome {
  if (outcomes.some(({ kind }) => kind === 'child')) return { kind: 'tried', accepted };
  const outage = outages[0];
  if (outage !== undefined) return { kind: 'failed', reason: 'unavailable', error: outage.error };
  const failure = outcomes.find(
    (outcome) => outcome.kind === 'rejected' && outcome.reason === 'proposer_failed',
  );
  if (failure?.kind === 'rejected')
    return { kind: 'failed', reason: 'proposer_failed', error: failure.error };
  const rejected = outcomes.find((outcome) => outcome.kind === 'rejected');
  return rejected === undefined
    ? { kind: 'idle', why: 'allPerfect' }
    : { kind: 'idle', why: 'noNewProposals', rejection: rejected.message };
}

function duplicate<Name extends string>(
  parent: Candidate<Name>,
  child: Candidate<Name>,
  names: readonly Name[],
) {
  return candidateKey(names, parent) === candidateKey(names, child)
    ? { reason: 'unchanged' as const, message: 'The new text is the old one.' }
    : {
        reason: 'duplicate' as const,
        message: 'The new text makes a candidate that is in the pool already.',
      };
}

/** Of children with the same texts, the first. */
function firstOfEach<Name extends string>(
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

function examplesAt<Example, Output, Trace, Name extends string>(
  { trainset }: SearchSetup<Example, Output, Trace, Name>,
  positions: readonly number[],
): ExampleRef<Example>[] {
  return positions.map((position) => trainset[position]!);
}
