import { expect, it } from 'vitest';
import { toPlain } from '../../text/plain.ts';
import { withoutNoise } from './content-noise.ts';
import { imagesIn } from './images.ts';

const base64 = 'iVBORw0KGgo1'.repeat(3_000);

it.each<[string, unknown, unknown]>([
  [
    'the ids of tool calls',
    { role: 'ai', id: 'msg_1', content: '', toolCalls: [{ id: 'call_1', name: 'f', args: { id: 7 } }] },
    { role: 'ai', toolCalls: [{ name: 'f', args: { id: 7 } }] },
  ],
  ['the ids of results', { role: 'tool', tool_call_id: 'x', content: 'a' }, { role: 'tool', content: 'a' }],
  [
    'signatures and positions of parts',
    [{ type: 'thinking', thinking: 'Hm.', signature: 'EqQB', index: 0 }],
    [{ type: 'thinking', thinking: 'Hm.' }],
  ],
  [
    'what parts of text have beside the text',
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Hi ', index: 0, annotations: [] },
        { type: 'text', text: 'there' },
      ],
    },
    { role: 'user', content: 'Hi there' },
  ],
  [
    'what a provider adds to a message',
    {
      type: 'ai',
      content: 'Hi',
      id: 'run-1',
      additional_kwargs: {},
      response_metadata: { safetyRatings: [], logprobs: null },
      usage_metadata: { input_tokens: 3 },
      tool_calls: [],
      refusal: null,
    },
    { type: 'ai', content: 'Hi' },
  ],
  [
    'what a provider adds to an answer',
    [
      {
        index: 0,
        content: { role: 'model', parts: [{ text: 'Hi' }] },
        finishReason: 'STOP',
        safetyRatings: [{ category: 'x' }],
      },
    ],
    [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }],
  ],
  [
    'calls that a message has twice',
    {
      role: 'ai',
      content: [
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: 'a', name: 'f', input: { q: 1 } },
      ],
      tool_calls: [{ id: 'a', name: 'f', args: { q: 1 } }],
    },
    { role: 'ai', content: 'I look.', tool_calls: [{ name: 'f', args: { q: 1 } }] },
  ],
])('withoutNoise removes %s', (_, value, shown) => expect(withoutNoise(value as never)).toEqual(shown));

it.each([
  [{ id: 'call-center-12', name: 'Hotline', index: 3, tags: [] }],
  [{ role: 'user', content: '' }],
  [{ type: 'invoice', id: 'x', index: 1, lines: [] }],
  [['a', 'b']],
  [{ signature: { by: 'Ada' } }],
  [{ annotations: [], audio: null, note: '' }],
  [{ type: 'Buffer', data: 'x' }],
])('withoutNoise keeps the data of the program: %j', (value) => expect(withoutNoise(value)).toEqual(value));

const url = `data:image/png;base64,${base64}`;
const images: [string, object][] = [
  ['OpenAI', { type: 'image_url', image_url: { url } }],
  ['OpenAI responses', { type: 'input_image', image_url: url }],
  ['Anthropic', { type: 'image', source: { type: 'base64', media_type: 'image/png', data: base64 } }],
  ['LangChain', { type: 'image', source_type: 'base64', mime_type: 'image/png', data: base64 }],
  ['LangChain 1', { type: 'image', mimeType: 'image/png', data: base64 }],
  ['the AI SDK', { type: 'file', mediaType: 'image/png', data: base64 }],
  ['the AI SDK 7', { type: 'file', mediaType: 'image/png', data: { type: 'data', data: base64 } }],
  ['a tool result of the AI SDK', { type: 'image-data', mediaType: 'image/png', data: base64 }],
  ['Google', { inlineData: { mimeType: 'image/png', data: base64 } }],
  ['Bedrock', { image: { format: 'png', source: { bytes: Buffer.from(base64, 'base64') } } }],
  ['a field with base64', { photo: base64 }],
  ['a field with bytes', { photo: Buffer.from(base64, 'base64') }],
  ['the JSON of a buffer', { photo: Buffer.from(base64, 'base64').toJSON() }],
  ['a text with a data URL', { question: `What is ${url}, and why?` }],
  ['the AI SDK, as bytes', { type: 'image', image: Buffer.from(base64, 'base64'), mediaType: 'image/png' }],
];

it.each(images)('an image in the form of %s is found, and named where it cannot be shown', (_, part) => {
  expect(imagesIn([{ messages: [{ role: 'user', content: [part] }] }])).toEqual([
    { mediaType: 'image/png', data: base64 },
  ]);
  const shown = withoutNoise(toPlain([part], { shortensBase64: true })!);
  expect(JSON.stringify(shown)).toContain('[image: image/png, 27 kB]');
  expect(JSON.stringify(shown).length).toBeLessThan(100);
});

it('images on the web are shown by their address, other files and shortened images are not', () => {
  const part = { type: 'image_url', image_url: { url: 'https://example.org/a.png' } };
  expect(imagesIn([part, part])).toEqual([{ mediaType: 'image/*', data: 'https://example.org/a.png' }]);
  expect(withoutNoise(part)).toBe('[image: https://example.org/a.png]');
  const pdf = { type: 'file', mediaType: 'application/pdf', data: `JVBERi0x${base64}` };
  const shortened = { type: 'image', mimeType: 'image/jpeg', data: '[40000 characters of base64]' };
  expect(imagesIn([pdf, shortened, 'text', null])).toEqual([]);
  expect(withoutNoise(shortened)).toBe('[image: image/jpeg, 30 kB]');
});

it('bytes that are no image are named by their length', () => {
  expect(imagesIn([{ file: Buffer.from('%PDF-1.7') }])).toEqual([]);
  expect(withoutNoise({ file: { type: 'Buffer', data: [1, 2, 3] } })).toEqual({ file: '[3 bytes]' });
});

it('imagesIn returns at most 8 images', () => {
  const parts = Array.from({ length: 20 }, (_, i) => ({
    type: 'image_url',
    image_url: `https://x.org/${i}`,
  }));
  expect(imagesIn(parts)).toHaveLength(8);
});
