import { expect, it } from 'vitest';
import { callContext } from './call-context.ts';

const schema = { type: 'object', properties: { queue: { const: 'a' } }, required: ['queue'] };

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

it.each([
  [{ type: 'object-json', schema }, { responseFormat: '{ queue: "a" }' }],
  [{ type: 'object-tool', tool: { name: 'json', parameters: schema } }, { responseFormat: '{ queue: "a" }' }],
  [{ type: 'object-json' }, { responseFormat: 'JSON' }],
  [
    { type: 'regular', tools: [{ type: 'function', name: 'find', parameters: schema }] },
    { tools: [{ name: 'find', arguments: '{ queue: "a" }' }] },
  ],
])('a call of version 1 of the AI SDK names what its mode has: %j', (mode, expected) => {
  expect(callContext({ prompt: [], mode, maxTokens: 9 })).toEqual({ ...expected, maxOutputTokens: 9 });
});
