import { isNode, type Node } from '../node.ts';
import { type Constants, type Inner, memberNames } from './inner.ts';

/** A schema of zod, of version 3 or 4 and of whatever copy. */
export type ZodSchema = Node & {
  readonly description?: string;
  describe(text: string): ZodSchema;
  parse(value: unknown): unknown;
};

/** What a schema was made of. Zod makes no promises here, but its schemas can be copied in no other way. */
type Definition = Node;

export function isZodSchema(value: unknown): value is ZodSchema {
  return isNode(value) && typeof value.describe === 'function' && typeof value.parse === 'function';
}

/**
 * The schemas in a schema.
 * @param isField whether the schema is the value of a field: only there zod 3 tells the model of an optional one as of
 *   what it wraps; elsewhere it tells of both.
 */
export function zodInners(schema: ZodSchema, isField = false): Inner[] {
  const def = definitionOf(schema);
  const kind = kindOf(schema);
  const isVersion3 = !isNode(schema._zod);
  const coversInner = kind !== 'nullable' && !(isVersion3 && kind === 'optional' && !isField);
  const single = (key: string, name: string, covered = false): Inner[] => {
    const inner = key === 'getter' ? laterSchema(schema) : def[key];
    return isZodSchema(inner) ? [{ at: [key], schema: inner, name, covered }] : [];
  };
  const list = (key: string, names: readonly string[]): Inner[] =>
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
    ...['innerType', 'schema', 'getter'].flatMap((key) => single(key, '', coversInner)),
    // Of a pipe, the model is told what goes in, or what comes out, or both: zod 4 and LangChain differ by place.
    ...['in', 'out'].flatMap((key) => single(key, '', !isVersion3)),
  ];
}

/**
 * A schema with another description somewhere in it; the schema itself stays as it is. A schema that occurs in several
 * places, or in itself, is described in all of them.
 * @param at the way there, as `zodInners` tells it.
 */
export function describeZod(schema: ZodSchema, at: readonly (string | number)[], text: string): ZodSchema {
  const found = follow(schema, at);
  const described = new Set(sameDescriptions(found, found.description));
  const holders = holdersOf(schema, described);
  const made = new Map<ZodSchema, ZodSchema>();
  const swap = (one: ZodSchema): ZodSchema => {
    if (!holders.has(one)) return one;
    const copy = made.get(one) ?? copyOf(one, swap, described.has(one) ? text : one.description);
    made.set(one, copy);
    return copy;
  };
  return swap(schema);
}

function follow(schema: ZodSchema, at: readonly (string | number)[]): ZodSchema {
  if (at.length === 0) return schema;
  const next = zodInners(schema).find((inner) => inner.at.every((key, i) => key === at[i]));
  if (next === undefined) throw new TypeError(`A schema has no ${at.join('.')}.`);
  return follow(next.schema as ZodSchema, at.slice(next.at.length));
}

/** A schema and those in it that say the same of the same value: zod 3 gives what wraps a schema its description. */
function sameDescriptions(schema: ZodSchema, text: string | undefined): ZodSchema[] {
  const inner = zodInners(schema).filter(({ name, schema }) => name === '' && schema.description === text);
  return [schema, ...inner.flatMap((one) => sameDescriptions(one.schema as ZodSchema, text))];
}

/** Every schema that is or holds one of these. */
function holdersOf(root: ZodSchema, wanted: ReadonlySet<ZodSchema>): Set<unknown> {
  const heldBy = new Map<unknown, unknown[]>([[root, []]]);
  for (const schema of heldBy.keys()) {
    for (const { schema: inner } of zodInners(schema as ZodSchema)) {
      heldBy.set(inner, [...(heldBy.get(inner) ?? []), schema]);
    }
  }
  const holders = new Set<unknown>(wanted);
  for (const schema of holders) for (const holder of heldBy.get(schema)!) holders.add(holder);
  return holders;
}

/** A copy of a schema with other schemas in it. Objects ask for theirs when they are needed, since they may be in them. */
function copyOf(
  schema: ZodSchema,
  swap: (inner: ZodSchema) => ZodSchema,
  description: string | undefined,
): ZodSchema {
  const def = definitionOf(schema);
  const changed: Record<string, unknown> = Object.fromEntries(
    Object.entries(def).map(([key, value]) => [key, swapped(value, swap)]),
  );
  if ('getter' in def) {
    changed.getter = () => swap(laterSchema(schema)!);
    delete changed._cachedInner; // Zod 4 keeps here what the function gave.
  }
  if ('shape' in def) {
    let shape: Record<string, ZodSchema> | undefined;
    const get = () => {
      shape ??= Object.fromEntries(Object.entries(shapeOf(def)).map(([key, field]) => [key, swap(field)]));
      return shape;
    };
    if (typeof def.shape === 'function') changed.shape = get;
    else Object.defineProperty(changed, 'shape', { get, enumerable: true, configurable: true });
  }
  if (isNode(schema._zod)) return withMetadata(schema, changed, description);
  const Schema = schema.constructor as unknown as new (def: Definition) => ZodSchema;
  return new Schema({ ...changed, ...(description === undefined ? {} : { description }) });
}

/** A schema, a list of them, or the members of a union by their tags, which zod 3 keeps twice. */
function swapped(value: unknown, swap: (inner: ZodSchema) => ZodSchema): unknown {
  if (isZodSchema(value)) return swap(value);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, swapped(item, swap)]));
  return Array.isArray(value) && value.some(isZodSchema) ? value.map((item) => swapped(item, swap)) : value;
}

/** Zod 4 keeps descriptions beside its schemas, where copies do not inherit them. */
function withMetadata(schema: ZodSchema, def: Definition, description: string | undefined): ZodSchema {
  const copy = (schema as Zod4Schema).clone(def);
  const told = { ...(schema as Zod4Schema).meta(), ...(description === undefined ? {} : { description }) };
  return Object.keys(told).length === 0 ? copy : copy.meta(told);
}

type Zod4Schema = ZodSchema & {
  clone(def: Definition): Zod4Schema;
  meta(): Node | undefined;
  meta(metadata: Node): Zod4Schema;
};

function definitionOf(schema: ZodSchema): Definition {
  const inside = isNode(schema._zod) ? schema._zod.def : schema._def;
  return isNode(inside) ? inside : {};
}

/** The name of version 4: `object` for the `ZodObject` of version 3. */
function kindOf(schema: Node): string {
  const { type, typeName } = definitionOf(schema as ZodSchema);
  return typeof typeName === 'string' ? typeName.replace(/^Zod/, '').toLowerCase() : String(type);
}

function shapeOf({ shape }: Definition): Readonly<Record<string, ZodSchema>> {
  return (typeof shape === 'function' ? shape() : (shape ?? {})) as Record<string, ZodSchema>;
}

const later = new WeakMap<object, ZodSchema>();

/** What a lazy schema stands for; the function may make another one each time. */
function laterSchema(schema: ZodSchema): ZodSchema | undefined {
  const { getter } = definitionOf(schema);
  if (typeof getter !== 'function') return undefined;
  const known = later.get(schema) ?? (getter() as ZodSchema);
  later.set(schema, known);
  return known;
}

function listOf(value: unknown): readonly ZodSchema[] {
  return Array.isArray(value) ? value.filter(isZodSchema) : [];
}

function isNull(schema: ZodSchema): boolean {
  return kindOf(schema) === 'null';
}

function constants(schema: ZodSchema): Constants {
  const entries = Object.entries(shapeOf(definitionOf(schema))).flatMap(([key, field]) => {
    if (kindOf(field) !== 'literal') return [];
    const { value, values = [value] } = definitionOf(field);
    return Array.isArray(values) && values.length === 1 ? [[key, values[0]] as const] : [];
  });
  return Object.fromEntries(entries);
}
