import { expect, it } from 'vitest';
import { instructiveOrder } from './instructive-order.ts';

const rollout = (exampleId: string, score: number, feedback?: string, expected?: string) => ({
  example: { input: exampleId, expected },
  exampleId,
  score,
  feedback,
});
const order = (...rollouts: ReturnType<typeof rollout>[]) => {
  const { shown, leftOut } = instructiveOrder(rollouts);
  return [...shown.map(({ exampleId }) => exampleId), leftOut];
};

it('failures of different kinds come first, then one success, then failures that resemble earlier ones', () => {
  expect(
    order(
      rollout('right', 1, 'Right.'),
      rollout('a', 0, 'Expected queue billing, got support.'),
      rollout('a again', 0, 'Expected queue billing, got support.'),
      rollout('b', 0.5, 'The answer is not valid JSON.'),
    ),
  ).toEqual(['a', 'b', 'right', 'a again', 0]);
});

it('failures with the same feedback are different where the expected values are', () => {
  const failures = [
    rollout('a', 0, 'Wrong.', 'x'),
    rollout('a2', 0, 'Wrong.', 'x'),
    rollout('b', 0, 'Wrong.', 'y'),
  ];
  expect(order(...failures)).toEqual(['a', 'b', 'a2', 0]);
});

it('further successes are left out unless they have feedback of their own', () => {
  expect(
    order(
      rollout('a', 1, 'Right.'),
      rollout('b', 1, 'Right.'),
      rollout('c', 1),
      rollout('d', 1, 'Right, but long.'),
    ),
  ).toEqual(['a', 'd', 2]);
});

it('the worst failure comes first', () => {
  expect(order(rollout('a', 0.5, 'Nearly.'), rollout('b', 0.1, 'Far off.'))).toEqual(['b', 'a', 0]);
});

it('a rollout that failed with an error is no success, whatever its score', () => {
  const broken = { ...rollout('a', 1), error: 'broken' };
  expect(instructiveOrder([broken, rollout('b', 1)]).shown.map(({ exampleId }) => exampleId)).toEqual([
    'a',
    'b',
  ]);
});
