import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optimize } from '../optimize.ts';
import { copyExample } from './copy-example.ts';

class Message {
  content = 'hello';
}

describe('copyExample', () => {
  it('a copy of plain data equals the original and shares no object with it', () => {
    fc.assert(
      fc.property(
        fc.object({ withMap: true, withSet: true, withDate: true, withTypedArray: true }),
        (value) => {
          const copy = copyExample(value);
          expect(copy).toEqual(value);
          const originals = objectsIn(value);
          expect([...objectsIn(copy)].filter((part) => originals.has(part))).toEqual([]);
        },
      ),
    );
  });

  it('class instances and functions in an example stay the same objects', () => {
    const [message, fn] = [new Message(), () => 1];
    const copy = copyExample({ messages: [message], fn });
    expect(copy.messages[0]).toBe(message);
    expect(copy.fn).toBe(fn);
  });

  it('a Buffer in an example stays a Buffer with memory of its own', () => {
    const original = Buffer.from('hello');
    const copy = copyExample({ file: original }).file;
    copy[0] = 'j'.charCodeAt(0);
    expect([original.toString(), copy.toString()]).toEqual(['hello', 'jello']);
    expect(copy.buffer.byteLength).toBe(5);
  });

  it.each([
    ['Float64Array', new Float64Array([1.5, 2.5])],
    ['BigInt64Array', new BigInt64Array([1n])],
    ['DataView', new DataView(new ArrayBuffer(4), 1, 2)],
    ['ArrayBuffer', new ArrayBuffer(3)],
    ['RegExp', /x/g],
  ])('a %s in an example is copied', (_, value) => {
    const copy = copyExample([value])[0]!;
    expect(copy).toEqual(value);
    expect(copy).not.toBe(value);
    expect(copy.constructor).toBe(value.constructor);
  });

  it('instances of subclasses of arrays, maps, sets and dates stay the same objects', () => {
    class List extends Array {}
    class Index extends Map {}
    class Bag extends Set {}
    class Day extends Date {}
    for (const value of [new List(), new Index(), new Bag(), new Day()])
      expect(copyExample([value])[0]).toBe(value);
  });

  it('a cyclic example is copied with its cycle', () => {
    const node: { self?: unknown; name: string } = { name: 'a' };
    node.self = node;
    const copy = copyExample(node);
    expect(copy).not.toBe(node);
    expect(copy.self).toBe(copy);
  });

  it('an example with the key __proto__ is copied with that key', () => {
    const copy = copyExample(JSON.parse('{"__proto__": {"polluted": true}, "a": 1}'));
    expect(Object.keys(copy)).toEqual(['__proto__', 'a']);
    expect(copy.polluted).toBeUndefined();
  });
});

it('a program that writes into its input changes neither other rollouts nor the data sets, and the metric gets the original', async () => {
  const example = (n: number) => ({ input: { n, seen: [] as number[] } });
  const [trainset, valset, testset] = [[example(1), example(2)], [example(3), example(4)], [example(5)]];
  const before = JSON.stringify([trainset, valset, testset]);
  let shared = 0;
  const result = await optimize({
    seedCandidate: { text: 'a' },
    run: async (_, { input }) => {
      shared += input.seen.length;
      input.seen.push(input.n);
      return { output: input.seen.length };
    },
    metric: ({ example: given, output }) => {
      expect([...trainset, ...valset, ...testset]).toContain(given);
      return given.input.seen.length === 0 && output === 1 ? 0.5 : 0;
    },
    propose: async ({ candidate }) => ({ text: `${candidate.text}x` }),
    acceptanceCriterion: 'improvement_or_equal',
    cacheEvaluation: false,
    trainset,
    valset,
    testset,
    maxMetricCalls: 40,
  });
  expect(shared).toBe(0);
  expect(JSON.stringify([trainset, valset, testset])).toBe(before);
  expect(result.candidates.every(({ mean }) => mean === 0.5)).toBe(true);
});

function objectsIn(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found;
  found.add(value);
  const parts =
    value instanceof Map
      ? [...value.keys(), ...value.values()]
      : value instanceof Set
        ? [...value]
        : ArrayBuffer.isView(value)
          ? []
          : Object.values(value);
  for (const part of parts) objectsIn(part, found);
  return found;
}
