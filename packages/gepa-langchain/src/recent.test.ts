import { expect, it } from 'vitest';
import { recent } from './recent.ts';

it('makes once what was asked for recently, and forgets the rest', () => {
  const made: string[] = [];
  const get = recent(2, (key) => {
    made.push(key);
    return key.toUpperCase();
  });
  expect(['a', 'b', 'a', 'c', 'a', 'b'].map(get)).toEqual(['A', 'B', 'A', 'C', 'A', 'B']);
  expect(made).toEqual(['a', 'b', 'c', 'b']);
});
