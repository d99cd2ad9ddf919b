import { expect, it } from 'vitest';
import type { GepaEvent } from '../../events.ts';
import { optimize } from '../../optimize.ts';
import { tunable, withCandidate } from '../../program/tunable.ts';
import { unreadComponents } from './unread-components.ts';

const names = ['used', 'forgotten'] as const;

it('a component is unread when every rollout lists it, unless no rollout succeeded', () => {
  expect(unreadComponents(names, [{ unread: ['forgotten'] }, { unread: ['forgotten'], error: 'x' }])).toEqual(
    ['forgotten'],
  );
  expect(unreadComponents(names, [{ unread: ['forgotten'] }, {}])).toEqual([]);
  expect(unreadComponents(names, [{ unread: ['forgotten'], error: 'x' }])).toEqual([]);
});

/** A program with two tunables, of which it reads some. */
function run(read: readonly (typeof names)[number][], runDir?: string) {
  const tunables = { used: tunable('used', 'seed'), forgotten: tunable('forgotten', 'seed') };
  const proposed: string[] = [];
  const events: GepaEvent[] = [];
  const result = optimize({
    adapter: {
      components: { used: { text: 'seed' }, forgotten: { text: 'seed' } },
      run: async (candidate, _example: { n: number }) => {
        const reads = new Set<string>();
        const texts = withCandidate(candidate, () => read.map((name) => tunables[name].text), { reads });
        return { output: texts.join(), unread: names.filter((name) => !reads.has(name)) };
      },
    },
    trainset: [{ n: 1 }, { n: 2 }, { n: 3 }],
    valset: [{ n: 4 }, { n: 5 }],
    metric: ({ output }) => ({ score: output.includes('better') ? 0.9 : 0.1 }),
    propose: async ({ components, candidate }) => {
      proposed.push(...components);
      return Object.fromEntries(components.map((name) => [name, `${candidate[name]} better`]));
    },
    maxIterations: 4,
    onEvent: (event) => events.push(event),
    runDir,
  });
  return { result, proposed, events };
}

it('a component that no rollout of the seed read is never proposed, and a warning names it before the first proposal', async () => {
  const { result, proposed, events } = run(['used']);
  const { warnings, bestCandidate } = await result;
  expect(warnings.join()).toContain('No rollout of the seed candidate read forgotten');
  expect(new Set(proposed)).toEqual(new Set(['used']));
  expect(bestCandidate.forgotten).toBe('seed');
  const warned = events.findIndex((event) => event.type === 'warning');
  expect(warned).toBeLessThan(events.findIndex((event) => event.type === 'iteration_started'));
});

it('a run whose components are all unread ends before the first proposal', async () => {
  const { result, proposed } = run([]);
  await expect(result).rejects.toThrow('read used, forgotten: a new text there changes nothing');
  expect(proposed).toEqual([]);
});

/** A program with two tunables, of which it reads some on each example; the seed is scored on 6 of 40 examples. */
function partRun(readOn: (example: { readonly n: number }) => readonly (typeof names)[number][]) {
  const tunables = { used: tunable('used', 'seed'), forgotten: tunable('forgotten', 'seed') };
  const proposals: { readonly components: readonly string[]; readonly examples: readonly number[] }[] = [];
  let rollouts = 0;
  const result = optimize({
    adapter: {
      components: { used: { text: 'seed' }, forgotten: { text: 'seed' } },
      run: async (candidate, example: { n: number }) => {
        rollouts++;
        const reads = new Set<string>();
        const texts = withCandidate(candidate, () => readOn(example).map((name) => tunables[name].text), {
          reads,
        });
        return {
          output: texts.join(),
          trace: [{ kind: 'tool' as const, name: 'n', output: example.n }],
          unread: names.filter((name) => !reads.has(name)),
        };
      },
      reflectiveRecords: ({ rollouts }) => rollouts.map(({ example }) => ({ n: example.n })),
    },
    trainset: Array.from({ length: 30 }, (_, n) => ({ n })),
    valset: Array.from({ length: 40 }, (_, n) => ({ n: 100 + n })),
    metric: ({ output }) => ({ score: output.includes('better') ? 0.9 : 0.1 }),
    propose: async ({ components, candidate, records }) => {
      const examples = records[components[0]!].map(({ n }) => n as number);
      proposals.push({ components, examples });
      return Object.fromEntries(components.map((name) => [name, `${candidate[name]} better`]));
    },
    maxMetricCalls: 200,
    maxIterations: 12,
  });
  return { result, proposals, rollouts: () => rollouts };
}

it('a seed that is scored on a part of the valset shows unread components, too', async () => {
  const { result, proposals } = partRun(() => ['used']);
  const { warnings } = await result;
  expect(warnings.join()).toContain('No rollout of the seed candidate read forgotten so far');
  expect(proposals.length).toBeGreaterThan(0);
  expect(new Set(proposals.flatMap(({ components }) => components))).toEqual(new Set(['used']));
});

it('a component that is read on some training examples only is proposed for minibatches with them', async () => {
  const { result, proposals } = partRun(({ n }) => (n < 10 ? ['used', 'forgotten'] : ['used']));
  await result;
  for (const { components, examples } of proposals) {
    expect(components.includes('forgotten')).toBe(examples.some((n) => n < 10));
  }
  expect(proposals.some(({ components }) => components.includes('forgotten'))).toBe(true);
});

it('a run in which nothing is ever read ends without a proposal after ten minibatches', async () => {
  const { result, proposals, rollouts } = partRun(() => []);
  await expect(result).rejects.toThrow('so there is nothing to optimize');
  expect(proposals).toEqual([]);
  expect(rollouts()).toBeLessThanOrEqual(6 + 10 * 3);
});
