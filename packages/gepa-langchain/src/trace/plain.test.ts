import { Document } from '@langchain/core/documents';
import { AIMessage, type AIMessageFields, HumanMessage } from '@langchain/core/messages';
import { ChatPromptValue, StringPromptValue } from '@langchain/core/prompt_values';
import { PromptTemplate } from '@langchain/core/prompts';
import { Command, Send } from '@langchain/langgraph';
import { expect, it } from 'vitest';
import { toPlain } from './plain.ts';

const image = 'iVBORw0KGgo'.repeat(100);

it.each<[string, unknown, unknown]>([
  ['a string', 'x', 'x'],
  ['nothing', undefined, undefined],
  ['a message', new HumanMessage('hi'), { role: 'human', content: 'hi' }],
  ['a prompt of messages', new ChatPromptValue([new HumanMessage('hi')]), [{ role: 'human', content: 'hi' }]],
  ['a prompt of text', new StringPromptValue('hi'), 'hi'],
  ['a document', new Document({ pageContent: 'text' }), { pageContent: 'text', metadata: {} }],
  ['an error', new TypeError('bad'), 'bad'],
  [
    'fields of LangChain itself',
    { lc_source: 'summary', text: 'x', f: () => 1, inner: { lc_kwargs: {}, n: 1 } },
    { text: 'x', inner: { n: 1 } },
  ],
  ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['a date that is none', new Date(Number.NaN), null],
  ['a URL', new URL('http://localhost/a'), 'http://localhost/a'],
  ['what stands for itself', { toJSON: () => ({ n: 1n }) }, { n: '1' }],
  ['a map', new Map([[1, new Set([2])]]), { 1: [2] }],
  ['bytes', new Uint8Array(3), '[3 bytes]'],
  ['a runnable', { at: PromptTemplate.fromTemplate('x') }, { at: '[PromptTemplate]' }],
  ['big integers', [10n], ['10']],
  ['functions', { f: () => 1, n: 1 }, { n: 1 }],
  ['an image', `data:image/png;base64,${image}`, '[image: image/png, 825 bytes]'],
  ['long text', 'word '.repeat(500), 'word '.repeat(500)],
  [
    'an image in a message',
    new HumanMessage({
      content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } }],
    }),
    {
      role: 'human',
      content: [{ type: 'image_url', image_url: { url: '[image: image/png, 825 bytes]' } }],
    },
  ],
])('makes plain data of %s', (_name, value, expected) => {
  expect(toPlain(value)).toEqual(expected);
});

it('cuts off what contains itself or is very deep', () => {
  const loop: Record<string, unknown> = { name: 'loop' };
  loop.self = { again: loop };
  expect(toPlain(loop)).toEqual({ name: 'loop', self: { again: '[circular]' } });
  const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => [inner], 'core');
  expect(JSON.stringify(toPlain(deep))).toContain('[Array]');
});

const text = { type: 'text', text: 'I look.' };
it.each<[string, AIMessageFields['content']]>([
  ['Anthropic', [text, { type: 'tool_use', id: 'c1', name: 'look', input: { at: 1 } }]],
  [
    'Anthropic, streamed',
    [
      { ...text, index: 0 },
      { index: 1, type: 'tool_use', id: 'c1', name: 'look', input: '' },
      { index: 1, type: 'input_json_delta', input: '{"at":1}' },
    ],
  ],
  [
    'the Responses API',
    [
      { ...text, annotations: [] },
      { type: 'function_call', name: 'look', arguments: '{"at":1}' },
    ],
  ],
  ['Google', [text, { type: 'functionCall', functionCall: { name: 'look', args: { at: 1 } } }]],
  ['standard content', [text, { type: 'tool_call', id: 'c1', name: 'look', args: { at: 1 } }]],
] as never)('a tool call of %s stands once in a message', (_provider, content) => {
  const calls = [{ name: 'look', args: { at: 1 }, id: 'c1' }];
  const message = new AIMessage({ content, tool_calls: calls } as AIMessageFields);
  expect(toPlain(message)).toEqual({ role: 'ai', content: 'I look.', toolCalls: calls });
});

it('a command is shown as where it goes and what it changes', () => {
  const update = { messages: [new HumanMessage('hi')], n: 1 };
  expect(toPlain(new Command({ goto: ['boss', new Send('worker', { big: 'state' })], update }))).toEqual({
    handOffTo: ['boss', '[goes on to worker]'],
    messages: [{ role: 'human', content: 'hi' }],
    n: 1,
  });
  expect(toPlain(new Command({ update }))).toMatchObject({ n: 1 });
  expect(toPlain(new Command({ resume: 'yes' }))).toEqual({ resume: 'yes' });
});
