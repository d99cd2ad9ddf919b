import { isNode, type Node } from '../node.ts';
import { type Constants, type Inner, memberNames } from './inner.ts';

/** The schemas in a JSON schema. */
export function jsonInners(schema: Node): Inner[] {
  return [
    ...record(schema, 'properties', (key) => `.${key}`),
    ...record(schema, 'patternProperties', (pattern) => `[${pattern}]`),
    ...single(schema, 'propertyNames', '[key]'),
    ...single(schema, 'additionalProperties', '[value]'),
    ...list(schema, 'prefixItems', (i) => `[${i}]`),
    ...(Array.isArray(schema.items)
      ? list(schema, 'items', (i) => `[${i}]`)
      : single(schema, 'items', Array.isArray(schema.prefixItems) ? '[rest]' : '[]')),
    ...single(schema, 'additionalItems', '[rest]'),
    ...single(schema, 'contains', '[]'),
    ...union(schema, 'anyOf'),
    ...union(schema, 'oneOf'),
    ...list(schema, 'allOf', () => ''),
    ...['if', 'then', 'else'].flatMap((key) => single(schema, key, '')),
    ...record(schema, '$defs', (key) => `.${key}`),
    ...record(schema, 'definitions', (key) => `.${key}`),
  ];
}

function single(schema: Node, key: string, name: string): Inner[] {
  const inner = schema[key];
  return isNode(inner) && !Array.isArray(inner) ? [{ at: [key], schema: inner, name }] : [];
}

function record(schema: Node, key: string, name: (key: string) => string): Inner[] {
  return Object.entries(schema[key] ?? {}).flatMap(([field, inner]: [string, unknown]) =>
    isNode(inner) ? [{ at: [key, field], schema: inner, name: name(field) }] : [],
  );
}

function list(schema: Node, key: string, name: (index: number) => string): Inner[] {
  const inners: unknown = schema[key];
  return (Array.isArray(inners) ? inners : []).flatMap((inner: unknown, i) =>
    isNode(inner) ? [{ at: [key, i], schema: inner, name: name(i) }] : [],
  );
}

function union(schema: Node, key: string): Inner[] {
  const inners = list(schema, key, () => '');
  const names = memberNames(
    inners.map((inner) => inner.schema),
    { isNull, constants },
  );
  return inners.map((inner, i) => ({ ...inner, name: names[i]! }));
}

/** Null, or nothing at all, as a value that may be left out is told of. */
function isNull({ type, not }: Node): boolean {
  return type === 'null' || (isNode(not) && Object.keys(not).length === 0);
}

function constants({ properties }: Node): Constants {
  const entries = Object.entries(properties ?? {}).flatMap(([key, field]: [string, unknown]) => {
    if (!isNode(field)) return [];
    const values = 'const' in field ? [field.const] : Array.isArray(field.enum) ? field.enum : [];
    return values.length === 1 ? [[key, values[0]] as const] : [];
  });
  return Object.fromEntries(entries);
}
