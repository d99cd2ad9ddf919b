/** What JSON can hold. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** Deeper nesting than this is of no use to a reader. */
const maxDepth = 12;

/** Any value as plain data, for showing it: never throws, never loops. `undefined` stands for nothing to show. */
export function toPlain(value: unknown): Plain | undefined {
  return convert(value, []);
}

function convert(value: unknown, ancestors: readonly object[]): Plain | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return String(value);
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null) return null;
  if (ancestors.includes(value)) return '[circular]';
  if (ancestors.length >= maxDepth) return '[nested too deep to show]';
  try {
    return convertObject(value, [...ancestors, value]);
  } catch {
    return '[unreadable]';
  }
}

function convertObject(value: object, ancestors: readonly object[]): Plain | undefined {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return convert(value.toJSON(), ancestors);
  if (value instanceof Map) return convert(Object.fromEntries(value), ancestors);
  if (Array.isArray(value) || value instanceof Set) {
    return Array.from(value, (item) => convert(item, ancestors) ?? null);
  }
  const entries = Object.entries(value).map(([key, item]) => [key, convert(item, ancestors)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, Plain] => entry[1] !== undefined));
}
