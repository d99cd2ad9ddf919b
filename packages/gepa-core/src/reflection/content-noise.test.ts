import { expect, it } from 'vitest';
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
])('withoutNoise removes %s', (_, value, shown) => expect(withoutNoise(value as never)).toEqual(shown));

it.each([
  [{ id: 'call-center-12', name: 'Hotline', index: 3, tags: [] }],
  [{ role: 'user', content: '' }],
  [{ type: 'invoice', id: 'x', index: 1, lines: [] }],
  [['a', 'b']],
  [{ signature: { by: 'Ada' } }],
])('withoutNoise keeps the data of the program: %j', (value) => expect(withoutNoise(value)).toEqual(value));

const url = `data:image/png;base64,${base64}`;
const images: [string, object][] = [
  ['OpenAI', { type: 'image_url', image_url: { url } }],
  ['OpenAI responses', { type: 'input_image', image_url: url }],
  ['Anthropic', { type: 'image', source: { type: 'base64', media_type: 'image/png', data: base64 } }],
  ['LangChain', { type: 'image', source_type: 'base64', mime_type: 'image/png', data: base64 }],
  ['LangChain 1', { type: 'image', mimeType: 'image/png', data: base64 }],
  ['the AI SDK', { type: 'file', mediaType: 'image/png', data: base64 }],
  ['the AI SDK, as bytes', { type: 'image', image: Buffer.from(base64, 'base64'), mediaType: 'image/png' }],
];

it.each(images)('an image in the form of %s is found, and named where it cannot be shown', (_, part) => {
  expect(imagesIn([{ messages: [{ role: 'user', content: [part] }] }])).toEqual([
    { mediaType: 'image/png', data: base64 },
  ]);
  if (!('image' in part)) expect(withoutNoise([part] as never)).toEqual(['[image: image/png, 27 kB]']);
});

it('images on the web are shown by their address, other files and shortened images are not', () => {
  const part = { type: 'image_url', image_url: { url: 'https://example.org/a.png' } };
  expect(imagesIn([part, part])).toEqual([{ mediaType: 'image/*', data: 'https://example.org/a.png' }]);
  expect(withoutNoise(part)).toBe('[image: https://example.org/a.png]');
  const pdf = { type: 'file', mediaType: 'application/pdf', data: base64 };
  const shortened = { type: 'image', mimeType: 'image/jpeg', data: '[40000 characters of base64]' };
  expect(imagesIn([pdf, shortened, 'text', null])).toEqual([]);
  expect(withoutNoise(shortened)).toBe('[image: image/jpeg, 30 kB]');
});

it('imagesIn returns at most 8 images', () => {
  const parts = Array.from({ length: 20 }, (_, i) => ({
    type: 'image_url',
    image_url: `https://x.org/${i}`,
  }));
  expect(imagesIn(parts)).toHaveLength(8);
});
