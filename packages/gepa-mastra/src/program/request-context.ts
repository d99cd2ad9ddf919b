import { RequestContext } from '@mastra/core/request-context';

/** A request context, or its values by key. */
export type RequestContextValues =
  | { entries(): Iterable<readonly unknown[]> }
  | Readonly<Record<string, unknown>>;

/**
 * Merges values into a new request context; later sources override earlier ones. Arrays and plain objects are copied,
 * so that rollouts do not share state; instances of classes are shared.
 */
export function freshRequestContext(
  ...sources: readonly (RequestContextValues | undefined)[]
): RequestContext {
  const context = new RequestContext();
  for (const values of sources) {
    if (values === undefined) continue;
    const entries = isRequestContext(values) ? values.entries() : Object.entries(values);
    for (const [key, value] of entries) context.set(String(key), copyOf(value));
  }
  return context;
}

/** Wraps a request context so that what is read from it is added to `reads`: a key, or `everything`. */
export function recordingReads(context: RequestContext, reads: Set<string>): RequestContext {
  return new Proxy(context, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') {
        if (typeof property === 'string') reads.add('everything');
        return value;
      }
      return (...args: unknown[]) => {
        if (property === 'get' || property === 'has') reads.add(String(args[0]));
        else if (property !== 'set' && property !== 'delete') reads.add('everything');
        return value.apply(target, args);
      };
    },
  });
}

/** A copy of a request context in which the values of these keys are others. */
export function withOtherValues(context: RequestContext, keys: Iterable<string>): RequestContext {
  const other = new RequestContext();
  for (const [key, value] of context.entries()) other.set(String(key), value);
  for (const key of keys) other.set(key, context.has(key) ? otherValue(context.get(key)) : '~');
  return other;
}

/** A copy of a request context without a key. */
export function without(context: RequestContext, key: string): RequestContext {
  if (!context.has(key)) return context;
  const other = withOtherValues(context, []);
  other.delete(key);
  return other;
}

/** Changes texts, numbers and booleans, in lists and plain objects up to a depth: values may contain themselves. */
function otherValue(value: unknown, depth = 5): unknown {
  if (typeof value === 'string') return `${value}~`;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (depth === 0) return value;
  if (Array.isArray(value)) return value.map((item) => otherValue(item, depth - 1));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, otherValue(inner, depth - 1)]));
}

function isRequestContext(
  values: RequestContextValues,
): values is Extract<RequestContextValues, { entries(): unknown }> {
  return typeof values.entries === 'function';
}

/** A deep copy of arrays and plain objects; other values are returned as they are. */
function copyOf(value: unknown, copies = new Map<unknown, unknown>()): unknown {
  if (!Array.isArray(value) && !isPlainObject(value)) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  const copy: object = Array.isArray(value) ? [] : {};
  copies.set(value, copy);
  for (const [key, item] of Object.entries(value)) Object.assign(copy, { [key]: copyOf(item, copies) });
  return copy;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
