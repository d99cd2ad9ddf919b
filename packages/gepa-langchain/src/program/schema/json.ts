import { isNode, type Node } from '../node.ts';
import { type Constants, constantsIn, memberNames, type Subschema } from './subschema.ts';

/** The direct subschemas of a JSON schema. */
export function jsonSubschemas(schema: Node): Subschema[] {
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

function single(schema: Node, key: string, name: string): Subschema[] {
  const subschema = schema[key];
  return isNode(subschema) && !Array.isArray(subschema) ? [{ at: [key], schema: subschema, name }] : [];
}

function record(schema: Node, key: string, name: (key: string) => string): Subschema[] {
  return Object.entries(schema[key] ?? {}).flatMap(([field, subschema]: [string, unknown]) =>
    isNode(subschema) ? [{ at: [key, field], schema: subschema, name: name(field) }] : [],
  );
}

function list(schema: Node, key: string, name: (index: number) => string): Subschema[] {
  const items: unknown = schema[key];
  return (Array.isArray(items) ? items : []).flatMap((item: unknown, i) =>
    isNode(item) ? [{ at: [key, i], schema: item, name: name(i) }] : [],
  );
}

function union(schema: Node, key: string): Subschema[] {
  const members = list(schema, key, () => '');
  const names = memberNames(
    members.map((member) => member.schema),
    { isNull, constants },
  );
  return members.map((member, i) => ({ ...member, name: names[i]! }));
}

/** Null, or `{ not: {} }`, which stands for a missing optional value. */
function isNull({ type, not }: Node): boolean {
  return type === 'null' || (isNode(not) && Object.keys(not).length === 0);
}

function constants({ properties }: Node): Constants {
  return constantsIn((properties ?? {}) as Node, (field) =>
    isNode(field) ? ('const' in field ? [field.const] : field.enum) : undefined,
  );
}
