/**
 * A copy of plain data, so that a program that writes into its input changes nothing for other rollouts. Like
 * `structuredClone`, but functions and instances of classes stay the same objects, and a `Buffer` stays one.
 */
export function copyExample<T>(value: T, copies: Map<object, unknown> = new Map()): T {
  if (typeof value !== 'object' || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known as T;
  const prototype: unknown = Object.getPrototypeOf(value);
  const copyItem = <Item>(item: Item): Item => copyExample(item, copies);
  if (Array.isArray(value) && prototype === Array.prototype) {
    const copy: unknown[] = [];
    copies.set(value, copy);
    for (const item of value) copy.push(copyItem(item));
    return copy as T;
  }
  if (value instanceof Map && prototype === Map.prototype) {
    const copy = new Map<unknown, unknown>();
    copies.set(value, copy);
    for (const [key, item] of value) copy.set(copyItem(key), copyItem(item));
    return copy as T;
  }
  if (value instanceof Set && prototype === Set.prototype) {
    const copy = new Set<unknown>();
    copies.set(value, copy);
    for (const item of value) copy.add(copyItem(item));
    return copy as T;
  }
  if (value instanceof Date && prototype === Date.prototype) return new Date(value) as T;
  if (value instanceof RegExp && prototype === RegExp.prototype) return new RegExp(value) as T;
  if (ArrayBuffer.isView(value)) return copyOfView(value) as T;
  if (value instanceof ArrayBuffer) return value.slice(0) as T;
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

/** With its own part of the memory only: a small `Buffer` is a view of a large one. */
function copyOfView(view: ArrayBufferView): ArrayBufferView {
  const { buffer, byteOffset, byteLength } = view;
  const memory = new Uint8Array(buffer, byteOffset, byteLength).slice().buffer;
  const type = view instanceof DataView ? 'DataView' : (view as Uint8Array)[Symbol.toStringTag];
  const View = (globalThis as unknown as Readonly<Record<string, unknown>>)[type] as new (
    memory: ArrayBuffer,
  ) => ArrayBufferView;
  return Object.setPrototypeOf(new View(memory), Object.getPrototypeOf(view));
}
