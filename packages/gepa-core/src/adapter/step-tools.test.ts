import { expect, it } from 'vitest';
import { stepTools } from './step-tools.ts';

it('stepTools leaves out what a tool does not have, and describes its arguments', () => {
  const schema = { properties: { what: { type: 'string' } } };
  expect(
    stepTools([
      { name: 'find', description: 'Finds.', arguments: schema },
      { name: 'search', description: '' },
    ]),
  ).toEqual([{ name: 'find', description: 'Finds.', arguments: '{ what?: string }' }, { name: 'search' }]);
});

it('stepTools shortens long descriptions and long lists', () => {
  const tools = Array.from({ length: 50 }, (_, i) => ({ name: `t${i}`, description: 'a'.repeat(1_000) }));
  const short = stepTools(tools);
  expect(short.map(({ name }) => name)).toEqual(tools.slice(0, 40).map(({ name }) => name));
  expect(short[0]!.description).toBe('a'.repeat(600));
});
