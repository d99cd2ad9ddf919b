import { describe, expect, it } from 'vitest';
import { ranked } from './adaptive-comparison.ts';

const candidates = (...scores: readonly (readonly number[])[]) =>
  scores.map((values, index) => ({
    index,
    texts: {},
    parents: [],
    source: 'reflection' as const,
    iteration: index,
    scores: values,
    mean: values.reduce((a, b) => a + b, 0) / values.length,
    coverage: values.length,
    metricCalls: 0,
  }));

const order = (perfectScore: number | undefined, ...scores: readonly (readonly number[])[]) =>
  ranked(candidates(...scores), [0, 1, 2, 3], perfectScore).map(({ index }) => index);

describe('the order of candidates in the adaptive search', () => {
  it('candidates are ranked by their means, and the newest of equals is first', () => {
    expect(order(1, [1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0], [1, 1, 0, 0])).toEqual([3, 1, 2, 0]);
  });

  it('the oldest of equals is first where they are mostly perfect, on any scale', () => {
    expect(order(1, [1, 1, 1, 0.5], [1, 0.5, 1, 1], [1, 1, 1, 1])).toEqual([2, 0, 1]);
    expect(order(5, [5, 5, 5, 2], [5, 2, 5, 5], [5, 5, 5, 5])).toEqual([2, 0, 1]);
    expect(order(5, [1, 1, 1, 0.5], [1, 0.5, 1, 1], [1, 1, 1, 1])).toEqual([2, 1, 0]);
    // Without a perfect score nothing is known to be nearly perfect.
    expect(order(undefined, [1, 1, 1, 0.5], [1, 0.5, 1, 1], [1, 1, 1, 1])).toEqual([2, 1, 0]);
  });

  it('only the positions of the part count', () => {
    const [old, recent] = candidates([1, 1, 0, 0], [1, 1, 1, 1]);
    expect(ranked([old!, recent!], [0, 1, 1], 1)[0]).toBe(old);
  });
});
