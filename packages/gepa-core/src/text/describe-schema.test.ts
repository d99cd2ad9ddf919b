import { expect, it } from 'vitest';
import { describeSchema } from './describe-schema.ts';

const object = (properties: object, required: string[] = []) => ({ type: 'object', properties, required });

it.each<[string, unknown, string]>([
  ['labels', { enum: ['billing', 'labs'] }, '"billing" | "labs"'],
  [
    'fields, which are optional unless required',
    object({ queue: { enum: ['a', 'b'] }, note: { type: 'string', description: 'why' } }, ['queue']),
    '{ queue: "a" | "b", note?: string (why) }',
  ],
  ['lists', { type: 'array', items: { type: 'number' } }, 'number[]'],
  [
    'lists of alternatives',
    { items: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
    '(string | null)[]',
  ],
  ['several types', { type: ['string', 'null'] }, 'string | null'],
  ['a constant', { const: 1 }, '1'],
  ['maps', { type: 'object', additionalProperties: { type: 'number' } }, '{ [key]: number }'],
  ['a text', 'a haiku', 'a haiku'],
  ['nothing', undefined, 'any'],
])('describeSchema writes %s', (_, schema, text) => expect(describeSchema(schema)).toBe(text));

it('describeSchema follows each reference once', () => {
  const node = object({ next: { $ref: '#/$defs/node' }, other: { $ref: '#/$defs/node' } }, ['next', 'other']);
  expect(describeSchema({ $ref: '#/$defs/node', $defs: { node } })).toBe('{ next: node, other: node }');
  expect(describeSchema({ $ref: 'elsewhere.json#/node' })).toBe('node');
});

it('describeSchema writes at most 2,000 characters', () => {
  const wide = object(
    Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`f${i}`, { type: 'string' }])),
  );
  expect(describeSchema(wide).length).toBeLessThanOrEqual(2_000);
  const deep = Array.from({ length: 500 }).reduce<object>((inner) => object({ inner }), {});
  expect(describeSchema(deep)).toContain('any');
});
