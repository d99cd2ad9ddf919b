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

/** Wraps a request context so that each key read from it is added to `keys`. */
export function recordingReads(context: RequestContext, keys: Set<string>): RequestContext {
  return new Proxy(context, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (property === 'get') keys.add(String(args[0]));
        return value.apply(target, args);
      };
    },
  });
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
