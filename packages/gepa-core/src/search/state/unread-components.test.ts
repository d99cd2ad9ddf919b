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
