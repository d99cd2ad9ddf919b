import { describe, expect, it } from 'vitest';
import { nextTurn } from '../../calls/next-turn.ts';
import { optimize } from '../../optimize.ts';
import { searchViewOf } from '../../testing/fixtures/search-view.ts';
import { tokenExamples, tokenRun } from '../../testing/fixtures/token-run.ts';
import { proposalSampler } from './proposal-sampling.ts';

describe('parallelProposals', () => {
  it.each(['adaptive', 'reference'] as const)(
    'parallelProposals asks for that many proposals at once in the %s search, each with a minibatch of its own',
    async (search) => {
      let [running, most] = [0, 0];
      const run = tokenRun({
        search,
        maxIterations: 5,
        maxMetricCalls: 2_000,
        parallelProposals: 4,
        trainset: tokenExamples('train', 24),
      });
      const { propose } = run.options;
      await optimize({
        ...run.options,
        propose: async (request) => {
          most = Math.max(most, ++running);
          await nextTurn();
          running--;
          return propose!(request);
        },
      });
      expect(most).toBe(4);
      const tasks = run.decisions().filter((event) => event.type === 'task_evaluated');
      expect(tasks).toHaveLength(20);
      const names = tasks.map(
        ({ iteration, parent, minibatch }) => `${iteration} ${parent} ${minibatch.toSorted()}`,
      );
      expect(new Set(names).size).toBe(20);
    },
  );

  it.each([
    [100, 1],
    [900, 4],
    [20_000, 8],
    [Number.POSITIVE_INFINITY, 8],
  ])("parallelProposals: 'auto' takes for %d metric calls %d proposals at once", (limit, tasks) => {
    const search = searchViewOf([
      {
        index: 0,
        texts: { prompt: '' },
        parents: [],
        source: 'seed',
        iteration: 0,
        scores: [0, 0, 0, 0, 0, 0],
        mean: 0,
        coverage: 6,
        metricCalls: 0,
      },
    ]);
    const draw = {
      selectParent: () => 0,
      nextMinibatch: () => [0, 1, 2],
      metricCalls: { limit, left: limit - 6 },
      minibatchSize: 3,
      search,
    };
    expect(proposalSampler({ parents: 'auto', mutations: 1 }).sample(draw)).toHaveLength(tasks);
    // Whole parents: at least one, and at most as many tasks as without mutations.
    const shared = Math.max(1, Math.floor(tasks / 3));
    expect(proposalSampler({ parents: 'auto', mutations: 3 }).sample(draw)).toHaveLength(3 * shared);
  });
});
