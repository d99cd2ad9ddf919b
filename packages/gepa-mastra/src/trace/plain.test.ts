import { expect, it } from 'vitest';
import { toPlain } from './plain.ts';

const image = 'iVBORw0KGgo'.repeat(100);

it.each<[string, unknown, unknown]>([
  ['an error', { failed: new TypeError('bad') }, { failed: 'bad' }],
  ['an image', `data:image/png;base64,${image}`, 'data:image/png;base64,[1100 characters of base64]'],
  ['bytes', new Uint8Array(3), '[3 bytes]'],
  ['fields without a value', { f: () => 1, none: undefined, n: 1n }, { n: '1' }],
])('makes plain data of %s', (_name, value, expected) => {
  expect(toPlain(value)).toStrictEqual(expected);
});

it('cuts off what contains itself or is very deep', () => {
  const loop: Record<string, unknown> = { name: 'loop' };
  loop.self = { again: loop };
  expect(toPlain(loop)).toEqual({ name: 'loop', self: { again: '[circular]' } });
  const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => [inner], 'core');
  expect(JSON.stringify(toPlain(deep))).toContain('[Array]');
});
