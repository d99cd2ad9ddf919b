import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from '../../text/canonical-json.ts';
import { ExampleIndex } from './examples.ts';

const refsOf = (set: string, examples: readonly unknown[], index = new ExampleIndex()) =>
  examples.map((example, position) => index.add(example, set, position));

const shuffledKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffledKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, shuffledKeys(item)]),
  );
};

it('examples with equal content have the same key in any set and with any order of properties', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (example) => {
      const index = new ExampleIndex();
      const [a] = refsOf('train', [example], index);
      const [b] = refsOf('val', [shuffledKeys(structuredClone(example))], index);
      expect(b!.key).toBe(a!.key);
    }),
  );
});

it('examples with different content have different keys', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
      fc.pre(
        JSON.stringify(shuffledKeys(a)) !== JSON.stringify(shuffledKeys(b)) &&
          canonicalJson(a) !== canonicalJson(b),
      );
      const [first, second] = refsOf('train', [a, b]);
      expect(second!.key).not.toBe(first!.key);
    }),
  );
});

it('examples that JSON does not distinguish have different keys', () => {
  const values = [
    { a: undefined },
    {},
    { a: null },
    { a: Number.NaN },
    { a: 'NaN' },
    { a: 'undefined' },
    [undefined],
    [],
  ];
  const keys = refsOf('train', values).map(({ key }) => key);
  expect(new Set(keys).size).toBe(values.length);
});

it('examples that are not plain data are compared by identity', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const date = new Date(0);
  const values = [date, new Date(0), date, circular, () => 1, () => 1, 3n, { when: date }, { when: date }];
  const [a, b, again, ...rest] = refsOf('train', values).map(({ key }) => key);
  expect(again).toBe(a);
  expect(new Set([a, b, ...rest]).size).toBe(values.length - 1);
});

it('the id of an example is its own id, or its set and position', () => {
  const refs = refsOf('val', [{ id: 'ticket-7' }, { id: 12 }, { id: {} }, 'text', null]);
  expect(refs.map(({ id }) => id)).toEqual(['ticket-7', '12', 'val:2', 'val:3', 'val:4']);
});

it('examples with one id have different ids in a run, and an example in two sets keeps its own', () => {
  const index = new ExampleIndex();
  const same = (input: string) => ({ id: 'same', input });
  const train = refsOf('train', [same('a'), same('b'), 'text'], index);
  const val = refsOf('val', [same('a'), same('c'), { id: 'train:2' }, { id: 'same (train:1)' }], index);
  expect(train.map(({ id }) => id)).toEqual(['same', 'same (train:1)', 'train:2']);
  expect(val.map(({ id }) => id)).toEqual([
    'same',
    'same (val:1)',
    'train:2 (val:2)',
    'same (train:1) (val:3)',
  ]);
});

it('ids that are masked to the same text stay different', () => {
  const index = new ExampleIndex(() => '[key]');
  const refs = refsOf('val', [{ id: 'sk-1' }, { id: 'sk-2' }], index);
  expect(refs.map(({ id }) => id)).toEqual(['[key]', '[key] (val:1)']);
});
