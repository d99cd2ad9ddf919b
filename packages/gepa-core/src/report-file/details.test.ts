import { expect, it } from 'vitest';
import type { RolloutData, RunData } from '../run-data/run-data.ts';
import { keptRollouts } from './details.ts';

const rollout = (changes: Partial<RolloutData>): RolloutData => ({
  example: 0,
  phase: 'valset',
  iteration: 1,
  score: 1,
  at: 0,
  durationMs: 1,
  detail: { offset: 0, length: 100 },
  ...changes,
});

const rollouts = [
  rollout({ candidate: 1 }),
  rollout({ candidate: 0 }),
  rollout({ proposal: 4 }),
  rollout({ candidate: 2 }),
  rollout({ candidate: 1, phase: 'testset' }),
  rollout({ candidate: 1, detail: { offset: 0, length: 10 } }),
];
const keptOf = (maxBytes: number) => {
  const isKept = keptRollouts({ rollouts, bestIndex: 2 } as unknown as RunData, maxBytes);
  return rollouts.flatMap((one, i) => (isKept(one) ? [i] : []));
};

it('every rollout keeps its details where they fit', () => {
  expect(keptOf(510)).toEqual([0, 1, 2, 3, 4, 5]);
});

it('details of seed, best candidate and testset come before those of proposals, and these before the others', () => {
  expect(keptOf(300)).toEqual([1, 3, 4]);
  expect(keptOf(400)).toEqual([1, 2, 3, 4]);
  expect(keptOf(410)).toEqual([1, 2, 3, 4, 5]);
});

it('a rollout that does not fit leaves room for smaller ones', () => {
  expect(keptOf(50)).toEqual([5]);
  expect(keptOf(0)).toEqual([]);
});
