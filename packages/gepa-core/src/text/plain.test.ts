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
    ['bytes of an image', Buffer.from('iVBORw0KGgo1', 'base64'), '[image: image/png, 9 bytes]'],
    ['fields and items without value', { a: undefined, b: [undefined, () => 1] }, { b: [null, null] }],
    ['nothing', undefined, undefined],
    ['a function', () => 1, undefined],
    ['a symbol', Symbol('x'), 'Symbol(x)'],
    ['an object with a JSON form', { toJSON: () => ({ a: 1 }) }, { a: 1 }],
    [
      'an object that is its own JSON form',
      (() => {
        const self = { toJSON: () => self as unknown };
        return self;
      })(),
      '[circular]',
    ],
  ])('converts %s', (_, value, plain) => expect(toPlain(value)).toEqual(plain));

  it('shows an object in two places twice, and one within itself once', () => {
    const shared = { x: 1 };
    expect(toPlain({ a: shared, b: shared })).toEqual({ a: { x: 1 }, b: { x: 1 } });
    const list: unknown[] = [];
    list.push(list);
    expect(toPlain(list)).toEqual(['[circular]']);
  });

  it('toPlain ends at any depth of nesting', () => {
    let value: unknown = 'core';
    for (let depth = 0; depth < 50_000; depth++) value = [value];
    expect(JSON.stringify(toPlain(value))).toContain('[nested too deep to show]');
  });

  it('shows a placeholder of the caller for an object nested too deep', () => {
    const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => ({ inner }), 'core');
    const plain = toPlain(deep, { tooDeep: (value) => `<${value.constructor.name}>` });
    expect(JSON.stringify(plain)).toContain('{"inner":"<Object>"}');
  });

  it('leaves objects to the conversion of the caller first, then converts as usual', () => {
    class Message {
      readonly of: unknown;
      constructor(of: unknown) {
        this.of = of;
      }
    }
    const convert = (value: object, nested: (field: unknown) => unknown) =>
      value instanceof Message ? { message: nested(value.of) } : undefined;
    const value = { list: [new Message(new Message(1n))], at: new Date(0) };
    expect(toPlain(value, { convert })).toEqual({
      list: [{ message: { message: '1' } }],
      at: '1970-01-01T00:00:00.000Z',
    });
    const loop = { to: new Message(undefined) };
    Object.assign(loop.to, { of: loop });
    expect(toPlain(loop, { convert })).toEqual({ to: { message: '[circular]' } });
    const failing = () => {
      throw new Error('no');
    };
    expect(toPlain({ a: {} }, { convert: failing })).toBe('[unreadable]');
  });

  const base64 = 'iVBORw0KGgo'.repeat(100);
  const lines = `${'QUJDRA=='.replaceAll('=', '1').repeat(8)}\n`.repeat(8);
  it.each([
    ['base64 of an image', base64, '[image: image/png, 825 bytes]'],
    ['base64 in lines', lines, '[520 characters of base64]'],
    ['an image in a data URL', `data:image/png;base64,${base64}`, '[image: image/png, 825 bytes]'],
    [
      'a data URL inside a text',
      `Is data:image/jpeg;base64,${base64} (a) it?`,
      'Is [image: image/jpeg, 825 bytes] (a) it?',
    ],
    [
      'a document in a data URL',
      `data:application/pdf;name=a.pdf;base64,${base64}`,
      '[application/pdf, 825 bytes]',
    ],
    ['short base64', 'iVBORw0KGgo', 'iVBORw0KGgo'],
    ['a long word without digits', 'word'.repeat(100), 'word'.repeat(100)],
    ['lines of words', 'billing\n'.repeat(100), 'billing\n'.repeat(100)],
    ['words on data URLs', 'Use data:image/png;base64,... here.', 'Use data:image/png;base64,... here.'],
  ])('shortens only long base64, and only on request: %s', (_, text, shortened) => {
    expect(toPlain({ text }, { shortensBase64: true })).toEqual({ text: shortened });
    expect(toPlain({ text })).toEqual({ text });
  });

  it('toPlain never throws', () => {
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
