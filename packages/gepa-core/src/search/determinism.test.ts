import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { optimize } from '../optimize.ts';
import { type TokenRunSetup, withoutTimes, tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';

const setups: Record<string, TokenRunSetup> = {
  'one task per iteration': {},
  'P×N with merges': {
    samplingStrategy: { parents: 2, mutations: 2 },
    useMerge: true,
    maxMergeInvocations: 3,
    mergeValOverlapFloor: 1,
    components: ['extract', 'route', 'answer'],
  },
  'independent tasks, the best of them, without a cache': {
    samplingStrategy: { independent: 3 },
    selectionStrategy: 'best',
    cacheEvaluation: false,
    useMerge: true,
  },
  'a valset that is the trainset': {
    trainset: tokenExamples('both', 8),
    valset: tokenExamples('both', 8),
    candidateSelectionStrategy: 'epsilon_greedy',
    componentSelector: 'all',
    samplingStrategy: { sameParent: 2 },
  },
};

describe.each(Object.entries(setups))('%s', (_, setup) => {
  const decisionsWith = async (concurrency: number, longestWait: number) => {
    const run = tokenRun({
      maxMetricCalls: 260,
      seed: 5,
      testset: tokenExamples('tests', 4),
      ...setup,
      concurrency,
      before: () => (longestWait === 0 ? undefined : sleep(Math.random() * longestWait)),
    });
    const { propose } = run.options;
    const result = await optimize({
      ...run.options,
      propose: async (request) => {
        if (longestWait > 0) await sleep(Math.random() * longestWait);
        return propose!(request);
      },
    });
    return { result, decisions: withoutTimes(run.decisions()) };
  };

  it('is decided alike whatever the latencies and the concurrency', async () => {
    const calm = await decisionsWith(8, 0);
    expect(calm.result.candidates.length).toBeGreaterThan(3);
    if (setup.useMerge) {
      expect(calm.decisions.some((event) => (event as { type: string }).type === 'merge_evaluated')).toBe(
        true,
      );
    }
    for (const { decisions } of await Promise.all([1, 4, 32, 32].map((n) => decisionsWith(n, 3)))) {
      expect(decisions).toEqual(calm.decisions);
    }
  });

  it('is decided otherwise by another seed', async () => {
    const of = async (seed: number) => {
      const run = tokenRun({ ...setup, seed });
      await optimize(run.options);
      return JSON.stringify(withoutTimes(run.decisions()).slice(1));
    };
    expect(await of(1)).toBe(await of(1));
    expect(await of(1)).not.toBe(await of(2));
  });
});

it.each([{ parents: 3, mutations: 2 }, { independent: 6 }, { sameParent: 6 }])(
  'the tasks of an iteration (%o) reflect at once, and their rollouts run at once',
  async (samplingStrategy) => {
    const open = new Map<string, number>();
    const most = new Map<string, number>();
    const during = async (what: string) => {
      const now = (open.get(what) ?? 0) + 1;
      open.set(what, now);
      most.set(what, Math.max(now, most.get(what) ?? 0));
      await new Promise(setImmediate);
      open.set(what, open.get(what)! - 1);
    };
    const run = tokenRun({
      samplingStrategy,
      reflectionMinibatchSize: 1,
      maxIterations: 1,
      before: ({ context }) => during(context.phase),
    });
    let proposals = 0;
    await optimize({
      ...run.options,
      propose: async ({ candidate, components }) => {
        const word = `word${++proposals}`;
        await during('reflection');
        return Object.fromEntries(components.map((name) => [name, `${candidate[name]} ${word}`]));
      },
    });
    expect(Object.fromEntries(most)).toMatchObject({ minibatch: 6, reflection: 6, proposal: 6 });
  },
);
