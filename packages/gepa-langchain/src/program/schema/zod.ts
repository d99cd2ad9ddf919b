import { isNode, type Node } from '../node.ts';
import { type Constants, constantsIn, memberNames, type Subschema } from './subschema.ts';

/** A schema of zod 3 or 4, of any installed copy. */
export type ZodSchema = Node & {
  readonly description?: string;
  describe(text: string): ZodSchema;
  parse(value: unknown): unknown;
};

/** A schema's definition. It is internal to zod, but schemas cannot be copied without it. */
type Definition = Node;

export function isZodSchema(value: unknown): value is ZodSchema {
  return isNode(value) && typeof value.describe === 'function' && typeof value.parse === 'function';
}

/**
 * The direct subschemas of a zod schema.
 * @param isField whether the schema is a field of an object. There, zod 3 converts an optional schema to JSON schema as
 *   the schema it wraps; elsewhere it converts both.
 */
export function zodSubschemas(schema: ZodSchema, isField = false): Subschema[] {
  const def = definitionOf(schema);
  const kind = kindOf(schema);
  const isVersion3 = !isNode(schema._zod);
  const overridesInner = kind !== 'nullable' && !(isVersion3 && kind === 'optional' && !isField);
  const single = (key: string, name: string, overridden = false): Subschema[] => {
    const inner = key === 'getter' ? lazySchema(schema) : def[key];
    return isZodSchema(inner) ? [{ at: [key], schema: inner, name, overridden }] : [];
  };
  const list = (key: string, names: readonly string[]): Subschema[] =>
    listOf(def[key]).map((inner, i) => ({ at: [key, i], schema: inner, name: names[i]! }));
  return [
    ...Object.entries(shapeOf(def)).map(([key, field]) => ({
      at: ['shape', key],
      schema: field,
      name: `.${key}`,
      isField: true,
    })),
    ...single('catchall', '[value]'),
    ...single('element', '[]'),
    ...single('type', kind === 'array' ? '[]' : '', kind !== 'array'),
    ...list(
      'items',
      listOf(def.items).map((_, i) => `[${i}]`),
    ),
    ...single('rest', '[rest]'),
    ...single('keyType', '[key]'),
    ...single('valueType', 'keyType' in def ? '[value]' : '[]'),
    ...list('options', memberNames(listOf(def.options), { isNull, constants })),
    ...['left', 'right'].flatMap((key) => single(key, '')),
    ...['innerType', 'schema', 'getter'].flatMap((key) => single(key, '', overridesInner)),
    // The model receives a pipe's input schema, its output schema or both: zod 4 and LangChain differ by place.
    ...['in', 'out'].flatMap((key) => single(key, '', !isVersion3)),
  ];
}

/**
 * Copies a schema with another description in it. A schema that occurs in several places, or in itself, gets the
 * description in all of them.
 * @param at the path to the described schema, from `zodSubschemas`.
 */
export function describeZod(schema: ZodSchema, at: readonly (string | number)[], text: string): ZodSchema {
  const target = schemaAt(schema, at);
  const described = new Set(sameDescriptions(target, target.description));
  const changed = withContainers(schema, described);
  const copies = new Map<ZodSchema, ZodSchema>();
  const replace = (one: ZodSchema): ZodSchema => {
    if (!changed.has(one)) return one;
    const copy = copies.get(one) ?? copyOf(one, replace, described.has(one) ? text : one.description);
    copies.set(one, copy);
    return copy;
  };
  return replace(schema);
}

function schemaAt(schema: ZodSchema, at: readonly (string | number)[]): ZodSchema {
  if (at.length === 0) return schema;
  const next = zodSubschemas(schema).find((subschema) => subschema.at.every((key, i) => key === at[i]))!;
  return schemaAt(next.schema as ZodSchema, at.slice(next.at.length));
}

/** A schema and its subschemas with the same description of the same value: in zod 3, wrappers inherit it. */
function sameDescriptions(schema: ZodSchema, text: string | undefined): ZodSchema[] {
  const same = zodSubschemas(schema).filter(({ name, schema }) => name === '' && schema.description === text);
  return [schema, ...same.flatMap((one) => sameDescriptions(one.schema as ZodSchema, text))];
}

/** The given schemas and every schema that contains one of them. */
function withContainers(root: ZodSchema, wanted: ReadonlySet<ZodSchema>): Set<unknown> {
  const containers = new Map<unknown, unknown[]>([[root, []]]);
  for (const schema of containers.keys()) {
    for (const { schema: inner } of zodSubschemas(schema as ZodSchema)) {
      containers.set(inner, [...(containers.get(inner) ?? []), schema]);
    }
  }
  const found = new Set<unknown>(wanted);
  for (const schema of found) for (const container of containers.get(schema)!) found.add(container);
  return found;
}

/** Copies a schema and replaces its subschemas. Objects replace their fields lazily, because these may contain them. */
function copyOf(
  schema: ZodSchema,
  replace: (inner: ZodSchema) => ZodSchema,
  description: string | undefined,
): ZodSchema {
  const def = definitionOf(schema);
  const changed: Record<string, unknown> = Object.fromEntries(
    Object.entries(def).map(([key, value]) => [key, replaceIn(value, replace)]),
  );
  if ('getter' in def) {
    changed.getter = () => replace(lazySchema(schema)!);
    delete changed._cachedInner; // Zod 4 caches the getter's result here.
  }
  if ('shape' in def) {
    let shape: Record<string, ZodSchema> | undefined;
    const get = () => {
      shape ??= Object.fromEntries(Object.entries(shapeOf(def)).map(([key, field]) => [key, replace(field)]));
      return shape;
    };
    if (typeof def.shape === 'function') changed.shape = get;
    else Object.defineProperty(changed, 'shape', { get, enumerable: true, configurable: true });
  }
  if (isNode(schema._zod)) return withMetadata(schema, changed, description);
  const Schema = schema.constructor as unknown as new (def: Definition) => ZodSchema;
  return new Schema({ ...changed, description });
}

/** Replaces a schema, the schemas of a list, or the members of a tagged union, which zod 3 also stores in a map. */
function replaceIn(value: unknown, replace: (inner: ZodSchema) => ZodSchema): unknown {
  if (isZodSchema(value)) return replace(value);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, replaceIn(item, replace)]));
  return Array.isArray(value) && value.some(isZodSchema)
    ? value.map((item) => replaceIn(item, replace))
    : value;
}

/** Zod 4 stores descriptions outside its schemas, so copies do not inherit them. */
function withMetadata(schema: ZodSchema, def: Definition, description: string | undefined): ZodSchema {
  const copy = (schema as Zod4Schema).clone(def);
  const metadata = {
    ...(schema as Zod4Schema).meta(),
    ...(description === undefined ? {} : { description }),
  };
  return Object.keys(metadata).length === 0 ? copy : copy.meta(metadata);
}

type Zod4Schema = ZodSchema & {
  clone(def: Definition): Zod4Schema;
  meta(): Node | undefined;
  meta(metadata: Node): Zod4Schema;
};

function definitionOf(schema: ZodSchema): Definition {
  const definition = isNode(schema._zod) ? schema._zod.def : schema._def;
  return isNode(definition) ? definition : {};
}

/** The kind as zod 4 names it: `object` for zod 3's `ZodObject`. */
function kindOf(schema: Node): string {
  const { type, typeName } = definitionOf(schema as ZodSchema);
  return typeof typeName === 'string' ? typeName.replace(/^Zod/, '').toLowerCase() : String(type);
}

function shapeOf({ shape }: Definition): Readonly<Record<string, ZodSchema>> {
  return (typeof shape === 'function' ? shape() : (shape ?? {})) as Record<string, ZodSchema>;
}

const lazySchemas = new WeakMap<object, ZodSchema>();

/** The schema behind a lazy one. Cached, because its getter may return a new schema each time. */
function lazySchema(schema: ZodSchema): ZodSchema | undefined {
  const { getter } = definitionOf(schema);
  if (typeof getter !== 'function') return undefined;
  const result = lazySchemas.get(schema) ?? (getter() as ZodSchema);
  lazySchemas.set(schema, result);
  return result;
}

function listOf(value: unknown): readonly ZodSchema[] {
  return Array.isArray(value) ? value.filter(isZodSchema) : [];
}

function isNull(schema: ZodSchema): boolean {
  return kindOf(schema) === 'null';
}

function constants(schema: ZodSchema): Constants {
  return constantsIn(shapeOf(definitionOf(schema)), (field) => {
    const { value, values = [value] } = definitionOf(field);
    return kindOf(field) === 'literal' ? values : undefined;
  });
}
