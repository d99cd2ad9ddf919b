import { type IterationOutcome, type SearchSetup, stopsRun } from './search-setup.ts';
import { total } from './strategies/acceptance.ts';
import { addCandidate } from './validate.ts';

/** Tries to cross two lineages. `undefined`: there was no pair to cross, and the iteration is still to be used. */
export async function mergeStep<Example, Output, Trace, Name extends string>(
  setup: SearchSetup<Example, Output, Trace, Name>,
): Promise<IterationOutcome | undefined> {
  const { merger, maxMergeInvocations, state, valset, evaluator, ledger, decide } = setup;
  if (merger === undefined || state.mergesAccepted >= maxMergeInvocations) return undefined;
  const proposal = merger.propose(state);
  if (proposal === undefined) return undefined;

  const { parents, ancestor, texts, subsample } = proposal;
  const examples = subsample.map((position) => valset[position]!);
  if (evaluator.costOfNew([...examples, ...valset]) > ledger.remainingMetricCalls) return undefined;
  const { iteration } = state;
  const { rollouts, interruption } = await evaluator.evaluate(texts, examples, {
    iteration,
    phase: 'merge',
    candidateIndex: undefined,
  });
  if (interruption !== undefined) {
    const reason = stopsRun(interruption);
    return reason === undefined
      ? { kind: 'failed', reason: 'unavailable', error: interruption.error }
      : { kind: 'stopped', reason };
  }

  const scores = rollouts.map((rollout) => rollout!.score);
  const scoresOf = (parent: number) =>
    subsample.map((position) => state.candidates[parent]!.scores[position]!);
  const parentScores = [scoresOf(parents[0]), scoresOf(parents[1])] as const;
  const accepted = total(scores) >= Math.max(...parentScores.map(total));
  decide({
    type: 'merge_evaluated',
    iteration,
    parents,
    ancestor,
    texts,
    subsample,
    scores,
    parentScores,
    accepted,
  });
  if (!accepted) return { kind: 'tried', accepted: 0 };

  const pass = await addCandidate(setup, { texts, parents, source: 'merge' });
  const reason = stopsRun(pass.interruption);
  return reason === undefined ? { kind: 'tried', accepted: 1 } : { kind: 'stopped', reason };
}
