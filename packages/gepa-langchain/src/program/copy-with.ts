import { unhookedDescriptors } from 'gepa-core/load';
import { describeZod, isZodSchema } from './schema/zod.ts';

/** A path of keys into an object. */
export type KeyPath = readonly (string | number)[];

/** A value to set at a path. */
export interface Edit {
  readonly at: KeyPath;
  readonly value: unknown;
}

/**
 * Copies an object and replaces values in it at any depth. The original and everything in it stay unchanged. The copy
 * keeps the prototype, and so the class and the copy of LangChain it belongs to; its constructor does not run.
 */
export function copyWith<T extends object>(original: T, edits: readonly Edit[]): T {
  return edits.reduce((copy, { at, value }) => setIn(copy, at, value) as T, original);
}

function setIn(target: unknown, [key, ...rest]: KeyPath, value: unknown): unknown {
  if (key === undefined) return value;
  if (isZodSchema(target)) return describeZod(target, [key, ...rest].slice(0, -1), String(value));
  const replaced = setIn((target as Record<string | number, unknown>)[key], rest, value);
  if (Array.isArray(target)) return target.map((item, i) => (i === key ? replaced : item));
  const fields: Record<string | number, PropertyDescriptor> = unhookedDescriptors(target as object);
  fields[key] = field(replaced);
  // LangChain serializes an object from the constructor arguments that it stores in `lc_kwargs`.
  const { lc_kwargs: kwargs } = target as { lc_kwargs?: object };
  if (kwargs !== undefined && key in kwargs) {
    fields.lc_kwargs = field({ ...kwargs, [key]: replaced });
  }
  return Object.create(Object.getPrototypeOf(target), fields);
}

function field(value: unknown): PropertyDescriptor {
  return { value, writable: true, enumerable: true, configurable: true };
}
