import { currentBinding } from './tunable.ts';

interface Hook {
  /** The names of the parts that share the object, once per owner. */
  readonly names: string[];
  /** The object's own properties before the hooks, with values that were assigned since. */
  readonly fields: Map<PropertyKey, PropertyDescriptor | undefined>;
}

// On `globalThis`, because an application may load the optimizer and the small `load` entry.
const registryKey = Symbol.for('gepa.hooks');
const shared = globalThis as { [registryKey]?: WeakMap<object, Hook> };

function registry(): WeakMap<object, Hook> {
  shared[registryKey] ??= new WeakMap();
  return shared[registryKey];
}

/**
 * Redirects fields of an object of the program to its copy. Within `withCandidate(…, { copies })` with a copy of the object,
 * each field has the value of the copy, and methods are bound to the copy; elsewhere, fields have their own values. The
 * object's identity, its enumerable fields and its JSON stay the same. A field that the object itself lacks is not
 * enumerable. An object that is mapped to itself only reports its reads.
 *
 * @param name the part's name, which each read adds to `reads`.
 * @returns a function that removes the hooks, once every owner has called its own.
 * @throws {TypeError} when the object is frozen.
 */
export function hookPart(object: object, name: string, fields: Iterable<PropertyKey>): () => void {
  const hooks = registry();
  const hook: Hook = hooks.get(object) ?? { names: [], fields: new Map() };
  for (const field of fields) if (!hook.fields.has(field)) hookField(object, field, hook);
  hooks.set(object, hook);
  hook.names.push(name);
  let isHooked = true;
  return () => {
    if (!isHooked) return;
    isHooked = false;
    hook.names.splice(hook.names.indexOf(name), 1);
    if (hook.names.length === 0) unhook(object, hook);
  };
}

function hookField(object: object, field: PropertyKey, hook: Hook): void {
  const own = Object.getOwnPropertyDescriptor(object, field);
  hook.fields.set(field, own);
  // An object that inherits from this one has values of its own.
  const copyFor = (receiver: unknown) => (receiver === object ? readCopy(object, hook) : undefined);
  Object.defineProperty(object, field, {
    configurable: true,
    enumerable: own?.enumerable ?? false,
    get() {
      const copy = copyFor(this);
      if (copy !== undefined) return boundField(copy, field);
      const current = hook.fields.get(field);
      if (current === undefined) return Reflect.get(Object.getPrototypeOf(object), field, this);
      return current.get === undefined ? current.value : current.get.call(this);
    },
    set(value: unknown) {
      const copy = copyFor(this);
      const changed = { value, writable: true, enumerable: own?.enumerable ?? true, configurable: true };
      if (copy !== undefined) Reflect.set(copy, field, value);
      else if (this !== object) Object.defineProperty(this, field, changed);
      else hook.fields.set(field, changed);
    },
  });
}

/** The copy of a part that redirects its fields itself, such as a proxy: `hookPart` without fields. Counts as a read. */
export function copyOfPart(object: object): object | undefined {
  const hook = registry().get(object);
  return hook && readCopy(object, hook);
}

function readCopy(object: object, { names }: Hook): object | undefined {
  const binding = currentBinding();
  const copy = binding?.copies?.get(object);
  if (copy !== undefined) for (const name of names) binding?.reads?.add(name);
  return copy === object ? undefined : copy;
}

function boundField(copy: object, field: PropertyKey): unknown {
  const value: unknown = Reflect.get(copy, field);
  return typeof value === 'function' ? value.bind(copy) : value;
}

function unhook(object: object, hook: Hook): void {
  registry().delete(object);
  for (const [field, descriptor] of hook.fields) {
    if (descriptor === undefined) Reflect.deleteProperty(object, field);
    else Object.defineProperty(object, field, descriptor);
  }
}

/** An object's own properties without hooks, for a copy of the object. */
export function unhookedDescriptors(object: object): Record<string, PropertyDescriptor> {
  const descriptors = Object.getOwnPropertyDescriptors(object) as Record<PropertyKey, PropertyDescriptor>;
  for (const [field, descriptor] of registry().get(object)?.fields ?? []) {
    if (descriptor === undefined) delete descriptors[field];
    else descriptors[field] = descriptor;
  }
  return descriptors as Record<string, PropertyDescriptor>;
}
