import { expect, it } from 'vitest';
import { memoize } from './memoize.ts';

it('memoize keeps the results of the most recently used keys and recomputes others', () => {
  const computed: string[] = [];
  const upperCase = memoize(2, (key) => {
    computed.push(key);
    return key.toUpperCase();
  });
  expect(['a', 'b', 'a', 'c', 'a', 'b'].map(upperCase)).toEqual(['A', 'B', 'A', 'C', 'A', 'B']);
  expect(computed).toEqual(['a', 'b', 'c', 'b']);
});
