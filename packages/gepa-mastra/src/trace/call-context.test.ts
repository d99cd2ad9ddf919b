import { expect, it } from 'vitest';
import { callContext } from './call-context.ts';

it('a model call names its output limit, tools and answer schema in short', () => {
  const schema = { type: 'object', properties: { queue: { enum: ['a', 'b'] } }, required: ['queue'] };
  const tools = [
    {
      type: 'function',
      name: 'find',
      description: 'Finds.',
      inputSchema: { properties: { what: { type: 'string' } } },
    },
    { type: 'provider-defined', name: 'search' },
  ];
  expect(
    callContext({ prompt: [], tools, maxOutputTokens: 300, responseFormat: { type: 'json', schema } }),
  ).toEqual({
    maxOutputTokens: 300,
    tools: [{ name: 'find', description: 'Finds.', arguments: '{ what?: string }' }, { name: 'search' }],
    responseFormat: '{ queue: "a" | "b" }',
  });
  expect(callContext({ prompt: [], responseFormat: { type: 'text' } })).toEqual({});
});
