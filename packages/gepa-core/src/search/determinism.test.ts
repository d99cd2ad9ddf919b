// @module-tag slow

import { describe, expect, it } from 'vitest';
import { optimize } from '../optimize.ts';
import { Random } from '../statistics/random.ts';
import { useFakeTime } from '../testing/fixtures/fake-time.ts';
import { type TokenRunSetup, tokenExamples, tokenRun, withoutTimes } from '../testing/fixtures/token-run.ts';

useFakeTime();

const setups: Record<string, TokenRunSetup> = {
  'one task per iteration': {},
  'P×N with merges': {
    samplingStrategy: { parents: 2, mutations: 2 },
    useMerge: true,
    maxMergeInvocations: 3,
    mergeValOverlapFloor: 1,
    components: ['extract', 'route', 'answer'],
  },
  'independent tasks, best-of selection and no cache': {
    samplingStrategy: { parents: 3, mutations: 1 },
    selectionStrategy: 'best',
    cacheEvaluation: false,
    useMerge: true,
  },
  'the trainset as valset': {
    trainset: tokenExamples('both', 8),
    valset: tokenExamples('both', 8),
    candidateSelectionStrategy: 'epsilon_greedy',
    componentSelector: 'all',
    samplingStrategy: { parents: 1, mutations: 2 },
  },
  'the adaptive search': { search: 'adaptive', valset: tokenExamples('valid', 30) },
  'the adaptive search and four proposals at once': {
    search: 'adaptive',
    valset: tokenExamples('valid', 30),
    parallelProposals: 4,
  },
  'the adaptive search, four proposals at once and merges of a single prompt': {
    search: 'adaptive',
    parallelProposals: 4,
    useMerge: true,
    components: ['prompt'],
    trainset: tokenExamples('train', 9, { components: ['prompt'] }),
    valset: tokenExamples('valid', 24, { components: ['prompt'] }),
    skipPerfectScore: false,
  },
  'the adaptive search, merges and parallel tasks': {
    search: 'adaptive',
    samplingStrategy: { parents: 2, mutations: 2 },
    useMerge: true,
    mergeValOverlapFloor: 1,
    componentSelector: 'round_robin',
    components: ['extract', 'route', 'answer'],
  },
};

describe.each(Object.entries(setups))('a run with %s', (name, setup) => {
  const decisionsWith = async (concurrency: number, maxLatencyMs: number, latencySeed = 0) => {
    const random = new Random(latencySeed);
    const latency = () => new Promise((resolve) => setTimeout(resolve, random.random() * maxLatencyMs));
    const run = tokenRun({
      maxMetricCalls: 260,
      seed: 5,
      testset: tokenExamples('tests', 4),
      ...setup,
      concurrency,
      before: () => (maxLatencyMs === 0 ? undefined : latency()),
    });
    const { propose } = run.options;
    const result = await optimize({
      ...run.options,
      propose: async (request) => {
        if (maxLatencyMs > 0) await latency();
        return propose!(request);
      },
    });
    return { result, decisions: withoutTimes(run.decisions()) };
  };

  it(`a run with ${name} makes the same decisions for any latencies and concurrency`, async () => {
    const instant = await decisionsWith(8, 0);
    expect(instant.result.candidates.length).toBeGreaterThan(3);
    if (setup.useMerge) {
      expect(instant.decisions.some((event) => (event as { type: string }).type === 'merge_evaluated')).toBe(
        true,
      );
    }
    for (const { decisions } of await Promise.all(
      [1, 4, 32, 32].map((n, seed) => decisionsWith(n, 300, seed)),
    )) {
      expect(decisions).toEqual(instant.decisions);
    }
  });

  it(`a run with ${name} makes other decisions with another seed`, async () => {
    const of = async (seed: number) => {
      const run = tokenRun({ ...setup, seed });
      await optimize(run.options);
      return JSON.stringify(withoutTimes(run.decisions()).slice(1));
    };
    expect(await of(1)).toBe(await of(1));
    expect(await of(1)).not.toBe(await of(2));
  });
});

it.each([
  { parents: 3, mutations: 2 },
  { parents: 6, mutations: 1 },
  { parents: 1, mutations: 6 },
])(
  'the reflections of the tasks of an iteration (%o) run concurrently, and their rollouts too',
  async (samplingStrategy) => {
    const open = new Map<string, number>();
    const maxOpen = new Map<string, number>();
    const during = async (phase: string) => {
      const now = (open.get(phase) ?? 0) + 1;
      open.set(phase, now);
      maxOpen.set(phase, Math.max(now, maxOpen.get(phase) ?? 0));
      await new Promise(setImmediate);
      open.set(phase, open.get(phase)! - 1);
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
    expect(Object.fromEntries(maxOpen)).toMatchObject({ minibatch: 6, reflection: 6, proposal: 6 });
  },
);
