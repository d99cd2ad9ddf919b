import { isNode, type Node } from './node.ts';

/** A schema of zod, of whatever version and copy. */
export type ZodSchema = Node & {
  readonly description?: string;
  describe(text: string): ZodSchema;
  parse(value: unknown): unknown;
};

type ZodObject = ZodSchema & {
  readonly shape: Readonly<Record<string, ZodSchema>>;
  extend(shape: object): ZodSchema;
  safeExtend?(shape: object): ZodSchema;
};

export function isZodSchema(value: unknown): value is ZodSchema {
  return isNode(value) && typeof value.describe === 'function' && typeof value.parse === 'function';
}

export function isZodObject(value: unknown): value is ZodObject {
  return isZodSchema(value) && isNode(value.shape) && typeof value.extend === 'function';
}

/** The description of a schema or, where it is optional, nullable or has a default, of what it wraps. */
export function zodDescription(schema: ZodSchema): string | undefined {
  if (typeof schema.description === 'string') return schema.description;
  const definition = [schema._def, schema.def].find(isNode);
  return isZodSchema(definition?.innerType) ? zodDescription(definition.innerType) : undefined;
}

/**
 * A schema with another description somewhere in it; the schema itself stays as it is.
 * @param at `['description']`, or the way there through objects: `['shape', key, …]`
 */
export function describeZod(schema: ZodSchema, at: readonly (string | number)[], text: string): ZodSchema {
  const [step, key, ...rest] = at;
  if (step === 'description') return schema.describe(text);
  if (step !== 'shape' || key === undefined || !isZodObject(schema)) {
    throw new TypeError(`A schema has no ${at.join('.')}.`);
  }
  const field = describeZod(schema.shape[key]!, rest, text);
  // Refinements stay, where this version of zod knows how; what the object itself is described with stays too.
  const changed = (schema.safeExtend ?? schema.extend).call(schema, { [key]: field });
  return schema.description === undefined ? changed : changed.describe(schema.description);
}
