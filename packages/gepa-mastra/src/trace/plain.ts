/** Longer binary data than this is told by its length: no reader of a trace can do anything with it. */
const longestData = 256;

/** Values nested deeper than this are cut off. */
const deepest = 12;

/** A value as JSON-like data: errors as their message, bytes by their length, instances by their fields. */
export function toPlain(value: unknown): unknown {
  return plain(value, []);
}

function plain(value: unknown, inside: readonly unknown[]): unknown {
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return undefined;
  if (typeof value === 'string') return shortenData(value);
  if (typeof value !== 'object' || value === null) return value;
  if (inside.includes(value)) return '[circular]';
  if (inside.length >= deepest) return `[${value.constructor?.name ?? 'object'}]`;
  const nested = (item: unknown) => plain(item, [...inside, value]);
  if (Array.isArray(value)) return value.map(nested);
  if (value instanceof Error) return value.message;
  if (value instanceof Map)
    return plainRecord(
      [...value].map(([key, item]) => [String(key), item]),
      nested,
    );
  if (value instanceof Set) return [...value].map(nested);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return nested(value.toJSON());
  return plainRecord(Object.entries(value), nested);
}

function plainRecord(
  entries: readonly (readonly [string, unknown])[],
  nested: (item: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(
    entries
      .filter(([, item]) => item !== undefined && typeof item !== 'function')
      .map(([key, item]) => [key, nested(item)]),
  );
}

function shortenData(text: string): string {
  const [, head] = /^(data:[^,]{0,100};base64,)/.exec(text) ?? [];
  return head === undefined || text.length <= longestData
    ? text
    : `${head}[${text.length - head.length} characters of base64]`;
}
