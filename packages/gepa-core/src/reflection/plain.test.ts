import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toPlain } from './plain.ts';

describe('toPlain', () => {
  it('leaves JSON as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(JSON.stringify(toPlain(value))).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each([
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a number that is none', Number.NaN, 'NaN'],
    ['a big integer', 12n, '12'],
    ['an error', new TypeError('bad'), 'TypeError: bad'],
    ['a map', new Map([['a', { b: 1 }]]), { a: { b: 1 } }],
    ['a set', new Set([1, 2]), [1, 2]],
    ['bytes', new Uint8Array(3), '[3 bytes]'],
    ['fields and items without value', { a: undefined, b: [undefined, () => 1] }, { b: [null, null] }],
    ['nothing', undefined, undefined],
    ['a function', () => 1, undefined],
    ['an object with a JSON form', { toJSON: () => ({ a: 1 }) }, { a: 1 }],
    [
      'an object that is its own JSON form',
      (() => {
        const self = { toJSON: () => self as unknown };
        return self;
      })(),
      '[circular]',
    ],
  ])('%s', (_, value, plain) => expect(toPlain(value)).toEqual(plain));

  it('shows an object in two places twice, and one within itself once', () => {
    const shared = { x: 1 };
    expect(toPlain({ a: shared, b: shared })).toEqual({ a: { x: 1 }, b: { x: 1 } });
    const list: unknown[] = [];
    list.push(list);
    expect(toPlain(list)).toEqual(['[circular]']);
  });

  it('ends however deep the nesting', () => {
    let value: unknown = 'core';
    for (let depth = 0; depth < 50_000; depth++) value = [value];
    expect(JSON.stringify(toPlain(value))).toContain('[nested too deep to show]');
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withNullPrototype: true,
          withObjectString: true,
          withSparseArray: true,
        }),
        (value) => {
          toPlain(value);
        },
      ),
    );
  });
});
