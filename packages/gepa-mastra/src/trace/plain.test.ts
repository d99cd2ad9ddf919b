import { expect, it } from 'vitest';
import { toPlain } from './plain.ts';

const image = 'iVBORw0KGgo'.repeat(100);

it.each<[string, unknown, unknown]>([
  ['an error', { failed: new TypeError('bad') }, { failed: 'bad' }],
  ['an image', `data:image/png;base64,${image}`, '[image: image/png, 825 bytes]'],
  ['bytes', new Uint8Array(3), '[3 bytes]'],
  ['fields without a value', { f: () => 1, none: undefined, n: 1n }, { n: '1' }],
])('makes plain data of %s', (_name, value, expected) => {
  expect(toPlain(value)).toStrictEqual(expected);
});

it('shows the type of an object that is nested too deep', () => {
  const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => [inner], 'core');
  expect(JSON.stringify(toPlain(deep))).toContain('[Array]');
});
