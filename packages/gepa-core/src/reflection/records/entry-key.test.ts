import { expect, it } from 'vitest';
import type { Plain } from '../../text/plain.ts';
import { entryKey } from './entry-key.ts';

it.each<[string, (id: string) => Plain]>([
  ['a call by name', (id) => ({ toolCalls: [{ id, name: 'search', args: { q: 'x' } }] })],
  ['a call of a function', (id) => ({ tool_calls: [{ id, function: { name: 'search', arguments: '{}' } }] })],
  ['a part that calls a tool', (id) => [{ type: 'tool_use', id, name: 'search', input: {} }]],
  ['the answer of a tool', (id) => ({ role: 'tool', tool_call_id: id, content: 'none' })],
  ['a result', (id) => ({ type: 'tool-result', toolCallId: id, output: 'none' })],
])('entryKey ignores the tool call id of %s', (_, entry) => {
  expect(entryKey(entry('call_1'))).toBe(entryKey(entry('call_2')));
});

it.each<[string, (value: string) => Plain]>([
  ['arguments', (id) => ({ id: 'call', name: 'order', args: { id } })],
  ['a name', (name) => ({ id: 'call', name, args: {} })],
  ['a result', (content) => ({ role: 'tool', tool_call_id: 'call', content })],
  ['the id of an object that is not a tool call', (id) => ({ id, title: 'Order' })],
  ['a text', (text) => text],
])('entryKey differs for entries that differ in %s', (_, entry) => {
  expect(entryKey(entry('1'))).not.toBe(entryKey(entry('2')));
});
