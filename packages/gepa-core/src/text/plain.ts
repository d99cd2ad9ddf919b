import { bytesName, withoutBase64 } from './images.ts';

/** The values that JSON can represent. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

export interface PlainOptions {
  /**
   * Converts objects of a framework, such as messages. Return `undefined` to leave an object to the usual conversion.
   * Arrays are not passed to it. `nested` converts the fields of the object.
   */
  readonly convert?: (value: object, nested: (field: unknown) => unknown) => unknown;
  /**
   * Replaces data URLs anywhere in a text, and texts of more than 256 characters of base64, by what they are:
   * `[image: image/png, 34 kB]`. Default `false`.
   */
  readonly shortensBase64?: boolean;
  /** The placeholder for an object that is nested more than 12 levels deep. Default `[nested too deep to show]`. */
  readonly tooDeep?: (value: object) => string;
}

/** Deeper nesting is not shown. */
const maxDepth = 12;

/**
 * Converts any value to plain data for showing it: never throws, never loops. Functions and `undefined` are left out of
 * objects, and are `null` in arrays. Returns `undefined` for a value with nothing to show.
 */
export function toPlain(value: unknown, options: PlainOptions = {}): Plain | undefined {
  return convert(value, [], options);
}

function convert(value: unknown, ancestors: readonly object[], options: PlainOptions): Plain | undefined {
  switch (typeof value) {
    case 'string':
      return options.shortensBase64 === true ? withoutBase64(value) : value;
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
    case 'symbol':
      return String(value);
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null) return null;
  if (ancestors.includes(value)) return '[circular]';
  try {
    if (ancestors.length >= maxDepth) return options.tooDeep?.(value) ?? '[nested too deep to show]';
    const within = [...ancestors, value];
    return convertObject(value, (field) => convert(field, within, options), options);
  } catch {
    return '[unreadable]';
  }
}

type Nested = (field: unknown) => Plain | undefined;

function convertObject(value: object, nested: Nested, options: PlainOptions): Plain | undefined {
  if (Array.isArray(value)) return convertItems(value, nested);
  const converted = options.convert?.(value, nested);
  if (converted !== undefined) return converted as Plain;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return bytesName(value);
  if ('toJSON' in value && typeof value.toJSON === 'function') return nested(value.toJSON());
  if (value instanceof Map) return convertFields(value, nested);
  if (value instanceof Set) return convertItems(value, nested);
  return convertFields(Object.entries(value), nested);
}

function convertItems(items: Iterable<unknown>, nested: Nested): readonly Plain[] {
  return Array.from(items, (item) => nested(item) ?? null);
}

function convertFields(fields: Iterable<readonly [unknown, unknown]>, nested: Nested): Plain {
  const entries = [...fields].map(([name, field]) => [String(name), nested(field)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, Plain] => entry[1] !== undefined));
}
