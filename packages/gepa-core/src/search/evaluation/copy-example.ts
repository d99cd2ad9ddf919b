/**
 * A copy of plain data, so that a program that writes into its input changes nothing for other rollouts. Like
 * `structuredClone`, but instances of classes and functions stay the same objects.
 */
export function copyExample<T>(value: T, copies: Map<object, unknown> = new Map()): T {
  if (typeof value !== 'object' || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known as T;
  const copyItem = <Item>(item: Item): Item => copyExample(item, copies);
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    copies.set(value, copy);
    for (const item of value) copy.push(copyItem(item));
    return copy as T;
  }
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    copies.set(value, copy);
    for (const [key, item] of value) copy.set(copyItem(key), copyItem(item));
    return copy as T;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    copies.set(value, copy);
    for (const item of value) copy.add(copyItem(item));
    return copy as T;
  }
  if (value instanceof Date) return new Date(value) as T;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return structuredClone(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copy = Object.create(prototype as object | null) as Record<string, unknown>;
  copies.set(value, copy);
  for (const [key, item] of Object.entries(value)) {
    // Not by assignment, which would set the prototype for the key `__proto__`.
    Object.defineProperty(copy, key, {
      value: copyItem(item),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return copy as T;
}
