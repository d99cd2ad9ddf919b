// @module-tag slow
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { optimize } from '../../optimize.ts';
import { replay } from '../../report/result-of.ts';
import { tokenExamples, tokenRun } from '../../testing/fixtures/token-run.ts';
import { tokenMetric } from '../../testing/token-task.ts';
import { topKPareto } from './candidate-selection.ts';
import { type EvaluationPolicy, stagedEvaluation } from './evaluation-policy.ts';

/** Scores odd candidates on the even positions only. */
const everyOther = (): EvaluationPolicy => ({
  next: ({ scores, search }) =>
    [...scores.keys()].filter(
      (position) => scores[position] === null && (search.candidates.length % 2 === 0 || position % 2 === 0),
    ),
});

/** Asks for nothing of a new candidate. */
const nothing = (): EvaluationPolicy => ({ next: () => [] });

const policies = {
  growing_part: () => 'growing_part',
  staged: stagedEvaluation,
  everyOther,
  nothing,
} as const;
const selectors = {
  leader_or_pareto: () => 'leader_or_pareto',
  'top three': () => topKPareto(3),
  'the newest': () => ({
    select: ({ candidates }: { candidates: readonly unknown[] }) => candidates.length - 1,
  }),
} as const;
const samplers = {
  reuse_measured: () => 'reuse_measured',
  'the same example': () => ({ next: () => [0] }),
} as const;

it('any mixture of strategies under the adaptive search stays within its limits, ends, and can be replayed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.nat({ max: 1_000 }),
        policy: fc.constantFrom(...(Object.keys(policies) as (keyof typeof policies)[])),
        selector: fc.constantFrom(...(Object.keys(selectors) as (keyof typeof selectors)[])),
        sampler: fc.constantFrom(...(Object.keys(samplers) as (keyof typeof samplers)[])),
        frontierType: fc.constantFrom('instance', 'objective', 'hybrid', 'cartesian'),
        parallelProposals: fc.constantFrom(1, 4, 'auto'),
        trainset: fc.integer({ min: 1, max: 12 }),
        valset: fc.integer({ min: 0, max: 20 }),
        components: fc.constantFrom<string[]>(['prompt'], ['extract', 'route']),
        maxIterations: fc.constantFrom(undefined, 3),
        useMerge: fc.boolean(),
        cacheEvaluation: fc.boolean(),
        isPerfect: fc.boolean(),
      }),
      async ({
        policy,
        selector,
        sampler,
        trainset,
        valset,
        components,
        maxIterations,
        isPerfect,
        ...options
      }) => {
        const multiObjective = tokenMetric({ multiObjective: true });
        const run = tokenRun({
          ...options,
          search: 'adaptive',
          components,
          trainset: tokenExamples('train', trainset, { components }),
          valset: valset === 0 ? undefined : tokenExamples('valid', valset, { components }),
          valEvaluationPolicy: policies[policy]() as EvaluationPolicy,
          candidateSelectionStrategy: selectors[selector]() as never,
          batchSampler: samplers[sampler]() as never,
          metric: isPerfect ? () => ({ score: 1, objectives: { brevity: 1 } }) : multiObjective,
          maxMetricCalls: 150,
          maxIterations,
        } as Parameters<typeof tokenRun>[0]);
        const result = await optimize(run.options);
        expect(result.totalMetricCalls).toBeLessThanOrEqual(150);
        expect(run.rollouts()).toBe(result.totalMetricCalls);
        expect(result.candidates[result.bestIndex]!.coverage).toBeGreaterThan(0);
        if (maxIterations !== undefined) expect(result.iterations).toBeLessThanOrEqual(maxIterations);
        expect(replay(run.decisions())).toEqual(result);
      },
    ),
    { numRuns: 60 },
  );
});
