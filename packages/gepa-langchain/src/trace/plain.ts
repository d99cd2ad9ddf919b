import { isMessage, isNode, isRunnable, type Node, typeName } from '../program/node.ts';
import { plainMessage } from './message.ts';

/** Longer base64 than this is told by its length: no reader of a trace can do anything with it. */
const longestData = 256;

/** A program that passes on deeper values than this has them cut off in its trace. */
const deepest = 12;

/**
 * A value as JSON-like data: messages as role and content, prompts as their messages, documents as their text, errors
 * as their message, other instances by their fields.
 */
export function toPlain(value: unknown): unknown {
  return plain(value, []);
}

function plain(value: unknown, inside: readonly unknown[]): unknown {
  if (typeof value === 'string') return shortenData(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return undefined;
  if (!isNode(value)) return value;
  if (inside.includes(value)) return '[circular]';
  if (inside.length >= deepest) return `[${typeName(value)}]`;
  const nested = (item: unknown) => plain(item, [...inside, value]);
  return Array.isArray(value) ? value.map(nested) : plainObject(value, nested);
}

function plainObject(value: Node, nested: (item: unknown) => unknown): unknown {
  if (isMessage(value)) return plainMessage(value, nested);
  if (isPromptValue(value)) return 'messages' in value ? nested(value.messages) : value.value;
  // A step of a graph sent on to a node with all of the state, which is told where it came from.
  if (value.lg_name === 'Send') return `[goes on to ${String(value.node)}]`;
  if (value instanceof Error) return value.message;
  if (value instanceof Map)
    return plainRecord(
      [...value].map(([key, item]) => [String(key), item]),
      nested,
    );
  if (value instanceof Set) return [...value].map(nested);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (isRunnable(value)) return `[${typeName(value)}]`;
  // Dates, URLs and the like know best; LangChain's own objects would tell how they are constructed.
  if (typeof value.toJSON === 'function' && !('lc_serializable' in value)) return nested(value.toJSON());
  return plainRecord(Object.entries(value), nested);
}

function plainRecord(entries: readonly (readonly [string, unknown])[], nested: (item: unknown) => unknown) {
  return Object.fromEntries(
    entries
      .filter(([key, item]) => typeof item !== 'function' && !key.startsWith('lc_'))
      .map(([key, item]) => [key, nested(item)]),
  );
}

/** What a prompt gives to a model. */
export function isPromptValue(value: unknown): value is Node & { toChatMessages(): unknown } {
  return isNode(value) && typeof value.toChatMessages === 'function';
}

function shortenData(text: string): string {
  const [, head, data] = /^(data:[^,]{0,100};base64,)?([A-Za-z0-9+/_-]+={0,2})$/.exec(text) ?? [];
  return data === undefined || data.length <= longestData || (head === undefined && !/[0-9+/_=-]/.test(data))
    ? text
    : `${head ?? ''}[${data.length} characters of base64]`;
}
