import { describeZod, isZodSchema } from './schema/zod.ts';

/** A path of keys into an object. */
export type At = readonly (string | number)[];

/** A value to put at a path. */
export interface Edit {
  readonly at: At;
  readonly value: unknown;
}

/**
 * A copy of an object with some values replaced, however deep; the original and everything in it stay untouched. The
 * copy keeps the prototype, so that it is of the same class of the same copy of LangChain. The constructor does not
 * run.
 */
export function copyWith<T extends object>(original: T, edits: readonly Edit[]): T {
  return edits.reduce((copy, { at, value }) => setIn(copy, at, value) as T, original);
}

function setIn(target: unknown, [key, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (key === undefined) return value;
  if (isZodSchema(target)) return describeZod(target, [key, ...rest].slice(0, -1), String(value));
  const replaced = setIn((target as Record<string | number, unknown>)[key], rest, value);
  if (Array.isArray(target)) return target.map((item, i) => (i === key ? replaced : item));
  const fields = Object.getOwnPropertyDescriptors(target) as Record<string | number, PropertyDescriptor>;
  fields[key] = field(replaced);
  // LangChain serializes by the arguments it remembers of the constructor.
  const { lc_kwargs: remembered } = target as { lc_kwargs?: object };
  if (remembered !== undefined && key in remembered) {
    fields.lc_kwargs = field({ ...remembered, [key]: replaced });
  }
  return Object.create(Object.getPrototypeOf(target), fields);
}

function field(value: unknown): PropertyDescriptor {
  return { value, writable: true, enumerable: true, configurable: true };
}
