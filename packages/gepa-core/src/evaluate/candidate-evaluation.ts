import { addUsage, noUsage, type Usage } from '../budget/usage.ts';
import { type Candidate, definedOnly, recordOf } from '../component.ts';
import type { ExampleRef } from '../search/evaluation/examples.ts';
import type { Measured } from '../search/evaluation/known-rollouts.ts';
import { bootstrapInterval } from '../statistics/bootstrap.ts';
import { mean } from '../statistics/mean.ts';
import type { CandidateEvaluation, EvaluatedExample, EvaluatedRollout } from './evaluation.ts';

/** One repeat: a rollout for each example; `undefined` where there is none. */
export type Runs = readonly (Measured | undefined)[];

/** The scores of a candidate, with the rollouts behind them. */
export function candidateEvaluation<Name extends string>(
  name: string,
  texts: Candidate<Name>,
  refs: readonly ExampleRef[],
  runs: readonly Runs[],
  failureScore: number,
): CandidateEvaluation<Name> {
  const examples = refs.map(({ id }, position): EvaluatedExample => {
    const rollouts = runs.flatMap((run) => run[position] ?? []).map(evaluatedRollout);
    return {
      exampleId: id,
      score: rollouts.length === 0 ? null : mean(rollouts.map(({ score }) => score)),
      rollouts,
    };
  });
  const scores = examples.flatMap(({ score }) => score ?? []);
  const rollouts = examples.flatMap((example) => example.rollouts);
  return {
    name,
    texts,
    mean: scores.length === 0 ? 0 : mean(scores),
    interval: bootstrapInterval(scores),
    scored: scores.length,
    failed: rollouts.filter(({ error }) => error !== undefined).length,
    examples,
    objectives: meanObjectives(rollouts, failureScore),
    usage: rollouts.reduce((sum: Usage, { usage }) => addUsage(sum, usage), noUsage),
    meanDurationMs: rollouts.length === 0 ? 0 : mean(rollouts.map(({ durationMs }) => durationMs)),
    characters: Object.values<string>(texts).reduce((sum, text) => sum + text.length, 0),
  };
}

function evaluatedRollout(rollout: Measured): EvaluatedRollout {
  const { example: _, exampleId: __, trace: ___, componentFeedback: ____, ...shown } = rollout;
  return definedOnly(shown);
}

/** A failed rollout scores `failureScore` on every objective, as in a search. */
function meanObjectives(
  rollouts: readonly EvaluatedRollout[],
  failureScore: number,
): Record<string, number> | undefined {
  const first = rollouts.find(({ objectives }) => objectives !== undefined)?.objectives;
  if (first === undefined) return undefined;
  return recordOf(Object.keys(first), (name) =>
    mean(rollouts.map(({ objectives }) => objectives?.[name] ?? failureScore)),
  );
}
