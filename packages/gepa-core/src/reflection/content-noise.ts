import { idFields, isToolCall } from './entry-key.ts';
import { imageName, imageOf } from './images.ts';
import type { Plain } from './plain.ts';

type Fields = Readonly<Record<string, Plain>>;

/**
 * Plain data without what only providers read: ids of calls, signatures and positions of message parts, empty lists in
 * messages. Parts that are only text become their text, and images are named.
 */
export function withoutNoise(value: Plain): Plain {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return withoutNoiseInList(value);
  const image = imageOf(value);
  if (image !== undefined) return imageName(image);
  const isMessage = typeof value.role === 'string' || hasCalls(value);
  const isPart = typeof value.type === 'string' && partTypes.test(value.type);
  const fields = Object.entries(value).filter(([name, field]) => {
    if (signatures.has(name)) return typeof field !== 'string';
    if (idFields.has(name)) return false;
    if (name === 'id') return !(isMessage || isPart || isToolCall(value));
    if (name === 'index') return !isPart;
    return !((isMessage || isPart) && isEmpty(field)) || (name === 'content' && !hasCalls(value));
  });
  if (isPart && value.type === 'text' && typeof value.text === 'string' && fields.length === 2)
    return value.text;
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutNoise(field)]));
}

/** Parts that are all text are one text. */
function withoutNoiseInList(list: readonly Plain[]): Plain {
  const items = list.map(withoutNoise);
  const isText =
    items.length > 0 && list.every((item, index) => item !== items[index] && typeof item === 'object');
  return isText && items.every((item) => typeof item === 'string') && list.every(isTextPart)
    ? items.join('')
    : items;
}

function isTextPart(part: Plain): boolean {
  return typeof part === 'object' && part !== null && !isList(part) && part.type === 'text';
}

const signatures: ReadonlySet<string> = new Set([
  'signature',
  'thoughtSignature',
  'thought_signature',
  'encrypted_content',
  'encryptedContent',
]);
const partTypes =
  /^(text|input_text|output_text|thinking|reasoning|tool[-_](use|call|result)|function_call(_output)?)$/;

function isEmpty(field: Plain): boolean {
  return typeof field === 'object' ? field !== null && Object.keys(field).length === 0 : field === '';
}

function hasCalls({ toolCalls, tool_calls: calls }: Fields): boolean {
  return toolCalls !== undefined || calls !== undefined;
}

function isList(value: object): value is readonly Plain[] {
  return Array.isArray(value);
}
