import { callsForSearch, costOfValidation } from '../call-costs.ts';
import { examplesAt, proposeChild } from '../mutate.ts';
import { dispatchRejection, type IterationOutcome, iterationOutcome } from '../outcomes.ts';
import type { SearchContext } from '../search-context.ts';
import type { MergeProposal } from './merge-proposer.ts';

/**
 * Merges two candidates whose components cannot be exchanged, such as two versions of one prompt: runs both on a minibatch,
 * and lets a reflection combine the texts that differ.
 *
 * @returns the merged candidate to test; or how the iteration ended; or `undefined` without a pair or without budget.
 */
export async function combine<Name extends string>(
  search: SearchContext<Name>,
): Promise<MergeProposal<Name> | IterationOutcome | undefined> {
  const { merger, state, strategies, evaluator, memory, names, valset } = search;
  const pair = merger!.pair(state);
  if (pair === undefined) return undefined;

  const [parent, otherParent] = pair.parents;
  const [first, second] = [state.candidates[parent]!, state.candidates[otherParent]!];
  const minibatch = strategies.minibatchOf(state, parent);
  const examples = examplesAt(search, minibatch);
  const validation = costOfValidation(
    search,
    pair.subsample.map((position) => valset[position]!),
  );
  if (2 * minibatch.length + validation > callsForSearch(search)) return undefined;
  const [evaluation, otherEvaluation] = await Promise.all(
    [first, second].map(({ texts, index }) =>
      evaluator.evaluate(texts, examples, {
        iteration: state.iteration,
        phase: 'minibatch',
        candidateIndex: index,
        task: 0,
        proposal: state.proposalNumber(),
      }),
    ),
  );
  const components = names.filter(
    (name) => first.texts[name] !== second.texts[name] && !state.unread.includes(name),
  );
  const interruption = evaluation!.interruption ?? otherEvaluation!.interruption;
  if (interruption !== undefined) {
    const outcome = { kind: 'interrupted', components, interruption } as const;
    dispatchRejection(search, { parent, task: 0 }, outcome);
    return iterationOutcome([outcome], 0, [interruption]);
  }
  const rollouts = await evaluator.known.complete(evaluation!.rollouts.map((rollout) => rollout!));
  const otherRollouts = await evaluator.known.complete(otherEvaluation!.rollouts.map((rollout) => rollout!));
  await memory.learn(rollouts);
  await memory.learn(otherRollouts);

  const other = { candidate: second, scores: otherRollouts.map(({ score }) => score) };
  const request = { kind: 'request', parent, minibatch, task: 0, rollouts, components, other } as const;
  const answer = await proposeChild(search, request);
  if (answer.kind !== 'proposed') {
    dispatchRejection(search, request, answer);
    return iterationOutcome([answer], 0, answer.kind === 'interrupted' ? [answer.interruption] : []);
  }
  return { ...pair, texts: { ...first.texts, ...answer.changed } };
}
