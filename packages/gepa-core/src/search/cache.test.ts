import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optimize } from '../optimize.ts';
import { tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';

const quick = { minDelayMs: 0, maxDelayMs: 0 };
const busy = () => Object.assign(new Error('busy'), { status: 503 });

describe('cacheEvaluation', () => {
  it('the cache runs each pair of candidate and example once in all phases', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 1_000 }), fc.boolean(), async (seed, shared) => {
        const both = tokenExamples('both', 8);
        const run = tokenRun({
          seed,
          trainset: shared ? both : tokenExamples('train', 7),
          valset: both,
          testset: tokenExamples('tests', 3),
          samplingStrategy: { parents: 2, mutations: 2 },
          useMerge: true,
          mergeValOverlapFloor: 1,
          skipDuplicates: false,
          maxIterations: 12,
          maxMetricCalls: 400,
          before: () => new Promise(setImmediate),
        });
        const result = await optimize(run.options);
        expect([...run.begun].filter(([, times]) => times > 1)).toEqual([]);
        expect(result.totalMetricCalls).toBe(run.begun.size);
      }),
      { numRuns: 20 },
    );
  });

  it('equal rollouts in flight share one run of the program', async () => {
    const run = tokenRun({
      // The cache treats examples with the same content as one.
      trainset: [...tokenExamples('train', 1), ...tokenExamples('train', 1)],
      valset: [...tokenExamples('train', 1), ...tokenExamples('train', 1)],
      before: () => new Promise(setImmediate),
      maxIterations: 1,
    });
    const result = await optimize(run.options);
    expect([...run.begun.values()].every((times) => times === 1)).toBe(true);
    const requested = run
      .decisions()
      .reduce(
        (sum, event) =>
          event.type === 'task_evaluated' || event.type === 'candidate_added'
            ? sum + event.scores.length
            : event.type === 'proposal_evaluated'
              ? sum + event.after.length
              : sum,
        0,
      );
    expect(result.cacheHits).toBe(requested - run.begun.size);
    expect(result.candidates[0]!.scores).toHaveLength(2);
    expect(result.totalMetricCalls).toBe(run.begun.size);
  });

  it('the cache keeps failures of the program but not transient failures', async () => {
    let failures = 0;
    const run = tokenRun({
      maxIterations: 6,
      retry: { ...quick, retries: 0 },
      before({ context, example, previousRuns }) {
        if (example.id === 'valid-1') throw new Error('never works');
        if (context.phase === 'valset' && example.id === 'valid-0' && previousRuns === 0) {
          failures++;
          throw busy();
        }
      },
    });
    const result = await optimize(run.options);
    expect(failures).toBeGreaterThan(0);
    const broken = [...run.begun].filter(([pair]) => pair.includes('valid-1'));
    expect(broken.every(([, times]) => times === 1)).toBe(true);
    const missed = result.candidates.filter(({ scores }) => scores[0] === null);
    expect(missed).not.toEqual([]);
    expect(result.candidates.every(({ scores }) => scores[1] === 0)).toBe(true);
  });

  it.each([1, 8])(
    'a pair that failed with a transient error runs again (concurrency %i)',
    async (concurrency) => {
      const run = tokenRun({
        trainset: tokenExamples('train', 3),
        maxIterations: 2,
        concurrency,
        retry: { ...quick, retries: 0 },
        before({ context }) {
          if (context.iteration === 1) throw busy();
        },
      });
      const result = await optimize(run.options);
      const tasks = run.decisions().filter((event) => event.type === 'task_evaluated');
      expect(tasks.map(({ iteration }) => iteration)).toEqual([2]);
      expect(result.iterations).toBe(2);
    },
  );
});

it('without the cache every rollout runs the program', async () => {
  const run = tokenRun({ cacheEvaluation: false, maxIterations: 8, skipDuplicates: false });
  const result = await optimize(run.options);
  expect([...run.begun.values()].some((times) => times > 1)).toBe(true);
  expect(result.totalMetricCalls).toBe([...run.begun.values()].reduce((a, b) => a + b, 0));
});

it('without the cache parents with the same texts still share the rollouts of a minibatch', async () => {
  let twin = 0;
  const run = tokenRun({
    cacheEvaluation: false,
    skipDuplicates: false,
    // The first iteration adds a twin of the seed.
    propose: async ({ candidate }) => ({ ...candidate }),
    acceptanceCriterion: 'improvement_or_equal',
    samplingStrategy: {
      sample: ({ nextMinibatch }) => {
        const minibatch = nextMinibatch();
        return [0, twin].map((parent) => ({ parent, minibatch }));
      },
    },
    onEvent: (event) => {
      if (event.type === 'candidate_added') twin = event.index;
    },
    maxIterations: 2,
  });
  const result = await optimize(run.options);
  const second = run.decisions().filter((event) => event.type === 'task_evaluated' && event.iteration === 2);
  expect(second).toMatchObject([{ parent: 0 }, { parent: 1 }]);
  expect(
    run.events.filter(
      (event) => event.type === 'rollout_finished' && event.phase === 'minibatch' && event.iteration === 2,
    ),
  ).toHaveLength(3);
  expect(result.candidates[1]!.texts).toEqual(result.candidates[0]!.texts);
});

it('a proposal that equals a known candidate is rejected without a rollout', async () => {
  let proposals = 0;
  const run = tokenRun({
    components: ['prompt'],
    // Back and forth between the seed and one other text.
    propose: async () => ({ prompt: proposals++ === 0 ? 'base red green blue round square' : 'base' }),
    candidateSelectionStrategy: 'current_best',
    skipPerfectScore: false,
    maxIterations: 4,
  });
  const result = await optimize(run.options);
  const rejected = run.decisions().filter((event) => event.type === 'proposal_rejected');
  expect(rejected.map(({ reason }) => reason)).toEqual(['duplicate', 'duplicate', 'duplicate']);
  expect(result.candidates).toHaveLength(2);
  expect(
    run.events.filter((event) => event.type === 'rollout_finished' && event.phase === 'proposal'),
  ).toHaveLength(3);
});
