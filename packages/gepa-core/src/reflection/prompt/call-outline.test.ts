import { expect, it } from 'vitest';
import { renderCalls } from './call-outline.ts';

const schema = { type: 'object', properties: { queue: { enum: ['billing', 'labs'] } }, required: ['queue'] };

it.each<[string, unknown, string]>([
  ['itself', schema, '{ queue: "billing" | "labs" }'],
  ['in short', '{ queue: string }', '{ queue: string }'],
  [
    'a response_format',
    { type: 'json_schema', json_schema: { name: 'a', schema } },
    '{ queue: "billing" | "labs" }',
  ],
  ['a response format of the AI SDK', { type: 'json', schema }, '{ queue: "billing" | "labs" }'],
  ['JSON mode', { type: 'json_object' }, 'JSON'],
])('the outline of a model call has the schema of its answer: %s', (_, responseFormat, form) => {
  const trace = [{ kind: 'model', name: 'm', components: ['a'], responseFormat }];
  const rollouts = [{ example: 'x', exampleId: 'x', score: 0, trace }];
  expect(renderCalls({ names: ['a'], texts: [], inputs: () => [], rollouts })).toBe(
    `- Model: m\n- Its answer must have this form: ${form}`,
  );
});

it('the outline of a model call marks the answers of earlier calls, which differ from run to run', () => {
  const input = [
    { role: 'system', content: 'Route.' },
    { role: 'user', content: 'Facts: {"customer":"new","tier":1}\nGo.' },
  ];
  const trace = [
    { kind: 'model', name: 'facts', output: '{"customer":"new","tier":1}' },
    { kind: 'model', name: 'route', components: ['a'], input },
  ];
  const rollouts = [{ example: 'x', exampleId: 'x', score: 0, trace }];
  expect(renderCalls({ names: ['a'], texts: [], inputs: () => [], rollouts })).toContain(
    'user: "Facts: [an earlier answer]\\nGo."',
  );
});
