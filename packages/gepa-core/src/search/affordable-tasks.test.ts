import { describe, expect, it } from 'vitest';
import { affordableTasks } from './affordable-tasks.ts';

const tasks = [0, 1, 2, 3].map((parent) => ({ parent, minibatch: [0, 1, 2] }));
const cost = { parent: 3, child: 3, valset: 10 };
const affordable = (remaining: number, mostSelected: (count: number) => number, costs = () => cost) =>
  affordableTasks(tasks, remaining, costs, mostSelected).length;

describe('affordableTasks', () => {
  it.each([
    [15, 0],
    [16, 1],
    [31, 1],
    [32, 2],
    [64, 4],
    [Number.POSITIVE_INFINITY, 4],
  ])(
    '%d metric calls are enough for %d tasks if all children may go on to the valset',
    (remaining, expected) => {
      expect(affordable(remaining, (count) => count)).toBe(expected);
    },
  );

  it.each([
    [15, 0],
    [16, 1],
    [21, 1],
    [22, 2],
    [34, 4],
  ])(
    '%d metric calls are enough for %d tasks if only the best child may go on to the valset',
    (remaining, expected) => {
      expect(affordable(remaining, () => 1)).toBe(expected);
    },
  );

  it('a parent whose minibatch scores are cached needs no metric calls', () => {
    expect(
      affordable(
        13,
        () => 1,
        () => ({ ...cost, parent: 0 }),
      ),
    ).toBe(1);
  });
});
