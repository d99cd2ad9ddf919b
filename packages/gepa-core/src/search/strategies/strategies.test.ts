import { describe, expect, it } from 'vitest';
import { StrategyError } from '../../errors.ts';
import { optimize } from '../../optimize.ts';
import { tokenRun } from '../../testing/fixtures/token-run.ts';
import type { Trial } from './acceptance.ts';

describe('custom strategies', () => {
  it('a custom candidate selector selects the parents', async () => {
    const pools: number[] = [];
    const run = tokenRun({
      maxIterations: 6,
      candidateSelectionStrategy: {
        select({ candidates }, random) {
          pools.push(candidates.length);
          random.random();
          return candidates.length - 1;
        },
      },
    });
    const result = await optimize(run.options);
    const tasks = run.decisions().filter((event) => event.type === 'task_evaluated');
    expect(tasks.map(({ parent }) => parent)).toEqual(pools.map((size) => size - 1));
    expect(result.candidates.length).toBeGreaterThan(2);
  });

  it.each(['function', 'object'])(
    'a custom component selector given as %s selects the components',
    async (form) => {
      const select = ({
        components,
        rollouts,
        candidate,
      }: {
        components: readonly string[];
        rollouts: readonly { score: number }[];
        candidate: object;
      }) => {
        expect(rollouts).toHaveLength(3);
        expect(Object.keys(candidate)).toEqual(['extract', 'route']);
        return [components[1]!, components[1]!];
      };
      const added: unknown[] = [];
      const selector = {
        select,
        candidateAdded: (index: number, parents: readonly number[]) => added.push([index, parents]),
      };
      const run = tokenRun({ maxIterations: 6, componentSelector: form === 'function' ? select : selector });
      const result = await optimize(run.options);
      expect(result.candidates.length).toBeGreaterThan(1);
      expect(result.candidates.every(({ texts }) => texts.extract === 'base')).toBe(true);
      if (form === 'object')
        expect(added).toEqual(result.candidates.slice(1).map(({ index, parents }) => [index, parents]));
    },
  );

  it('a custom batch sampler may return minibatches of any size', async () => {
    const run = tokenRun({
      maxIterations: 3,
      batchSampler: {
        next: ({ trainsetSize, iteration }) =>
          Array.from({ length: iteration }, (_, i) => trainsetSize - 1 - i),
      },
    });
    await optimize(run.options);
    const tasks = run.decisions().filter((event) => event.type === 'task_evaluated');
    expect(tasks.map(({ minibatch }) => minibatch)).toEqual([[8], [8, 7], [8, 7, 6]]);
  });

  it('a custom proposal sampler plans the tasks of an iteration', async () => {
    const run = tokenRun({
      maxIterations: 1,
      samplingStrategy: {
        sample: ({ nextMinibatch }) => [
          { parent: 0, minibatch: nextMinibatch() },
          { parent: 0, minibatch: [4, 4] },
        ],
      },
    });
    await optimize(run.options);
    const tasks = run.decisions().filter((event) => event.type === 'task_evaluated');
    expect(tasks.map(({ minibatch }) => minibatch.length)).toEqual([3, 2]);
    expect(tasks[1]!.scores[0]).toBe(tasks[1]!.scores[1]);
  });

  it('a custom acceptance criterion accepts children and a custom selection strategy selects among them', async () => {
    const seen: Trial[] = [];
    const run = tokenRun({
      maxIterations: 4,
      samplingStrategy: { parents: 1, mutations: 3 },
      acceptanceCriterion: (trial) => {
        seen.push(trial);
        return true;
      },
      selectionStrategy: (accepted) => accepted.slice(-1),
    });
    const result = await optimize(run.options);
    const children = run.decisions().filter((event) => event.type === 'proposal_evaluated');
    expect(children.map(({ before, after, parent }) => ({ before, after, parent }))).toEqual(
      seen.map(({ before, after, parent }) => ({ before, after, parent })),
    );
    expect(children.every(({ accepted }) => accepted)).toBe(true);
    const iterations = new Set(children.map(({ iteration }) => iteration));
    expect(children.filter(({ selected }) => selected)).toHaveLength(iterations.size);
    expect(result.candidates.length).toBe(1 + iterations.size);
  });

  it('a custom stop condition ends the run with its own reason', async () => {
    const run = tokenRun({
      stopConditions: [async ({ iterations }) => (iterations === 3 ? 'tea time' : undefined)],
    });
    expect(await optimize(run.options)).toMatchObject({ stopReason: 'tea time', iterations: 3 });
  });
});

async function rejecting(): Promise<never> {
  throw new Error('This rejection must be handled.');
}

describe('invalid values from strategies', () => {
  it.each([
    ['an unknown parent', { candidateSelectionStrategy: { select: () => 7 } }, 'candidates 0 to 0'],
    ['null as a parent', { candidateSelectionStrategy: { select: () => null } }, 'candidates 0 to 0'],
    ['a fractional parent', { candidateSelectionStrategy: { select: () => 0.5 } }, '[0.5]'],
    [
      'an unknown component',
      { componentSelector: () => ['extract', 'rout'] },
      'returned rout; return one or more of extract, route',
    ],
    ['no component', { componentSelector: () => [] }, 'returned no components'],
    ['a component outside an array', { componentSelector: () => 'route' }, 'return an array'],
    ['an empty minibatch', { batchSampler: { next: () => [] } }, 'trainset positions 0 to 8'],
    [
      'a minibatch beyond the trainset',
      { batchSampler: { next: () => [0, 9] } },
      'trainset positions 0 to 8',
    ],
    ['undefined as a minibatch', { batchSampler: { next: () => undefined } }, 'trainset positions 0 to 8'],
    ['no tasks', { samplingStrategy: { sample: () => [] } }, 'returned no tasks'],
    ['undefined as tasks', { samplingStrategy: { sample: () => undefined } }, 'return an array'],
    [
      'a task with an unknown parent',
      { samplingStrategy: { sample: () => [{ parent: 3, minibatch: [0] }] } },
      'candidates 0 to 0',
    ],
    [
      'a task without a minibatch',
      { samplingStrategy: { sample: () => [{ parent: 0 }] } },
      'trainset positions',
    ],
    [
      'a promise from the acceptance criterion',
      { acceptanceCriterion: async () => false },
      'returned a promise; return true or false',
    ],
    // Vitest fails on an unhandled rejection of these promises.
    ['a promise of a parent', { candidateSelectionStrategy: { select: rejecting } }, 'returned a promise'],
    ['a promise of components', { componentSelector: rejecting }, 'returned a promise; return an array'],
    [
      'a promise from candidateAdded',
      { componentSelector: { select: () => ['route'], candidateAdded: rejecting } },
      'must be synchronous',
    ],
    [
      'a selected proposal that was not accepted',
      { selectionStrategy: () => [{ parent: 0 }] },
      'not among the accepted ones',
    ],
    ['undefined as selected proposals', { selectionStrategy: () => undefined }, 'return an array'],
    ['a position beyond the valset', { valEvaluationPolicy: { next: () => [8] } }, 'valset positions 0 to 7'],
    ['undefined as valset positions', { valEvaluationPolicy: { next: () => undefined } }, 'return an array'],
    [
      'an unknown best candidate',
      { valEvaluationPolicy: { next: () => [], best: (pool: unknown[]) => pool.length } },
      'one of its candidates: 0',
    ],
    ['a boolean as a stop reason', { stopConditions: [() => false] }, 'returned false'],
  ])('a run ends with StrategyError when a strategy returns %s', async (_, strategy, words) => {
    // Every child is an improvement, so that every strategy is called.
    const run = tokenRun({
      maxIterations: 5,
      metric: ({ output }) => output.allTokens / 100,
      ...(strategy as object),
    });
    const error = await optimize({
      ...run.options,
      propose: async ({ candidate }) => ({
        ...candidate,
        extract: `${candidate.extract} more`,
        route: `${candidate.route} more`,
      }),
    }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(StrategyError);
    expect((error as StrategyError).message).toContain(words);
  });

  it('a run ends with StrategyError and its result so far when a strategy throws', async () => {
    const cause = new Error('I am confused');
    const run = tokenRun({
      acceptanceCriterion: () => {
        throw cause;
      },
    });
    await expect(optimize(run.options)).rejects.toMatchObject({
      name: 'StrategyError',
      message: 'The acceptance criterion threw: I am confused',
      cause,
      result: { stopReason: 'error', bestIndex: 0 },
    });
  });
});

it('an error of a stop condition names the stop condition', async () => {
  const stopConditions = [
    () => {
      throw new Error('no such table');
    },
  ];
  await expect(optimize(tokenRun({ stopConditions }).options)).rejects.toMatchObject({
    name: 'StrategyError',
    message: 'A stop condition threw: no such table',
  });
});
