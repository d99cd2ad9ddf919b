import { shorten } from './shorten.ts';

/** A longer description of a schema or a field is shortened. */
const MAX_SCHEMA_CHARACTERS = 2_000;
const MAX_DESCRIPTION_CHARACTERS = 200;
const maxDepth = 8;

type Schema = Readonly<Record<string, unknown>>;

/**
 * A JSON schema in short, in the manner of a TypeScript type: `{ queue: "billing" | "labs", note?: string (why) }`. At
 * most 2,000 characters; a text is returned as it is. For the tools and answers in a trace.
 */
export function describeSchema(schema: unknown): string {
  const described = new Set<string>();

  const describe = (part: unknown, depth: number): string => {
    if (!isSchema(part) || depth > maxDepth) return 'any';
    if (typeof part.$ref === 'string') return describeReference(part.$ref, depth);
    if ('const' in part) return JSON.stringify(part.const);
    if (Array.isArray(part.enum)) return part.enum.map((value) => JSON.stringify(value)).join(' | ');
    const { anyOf, oneOf, allOf, type } = part;
    for (const [parts, separator] of [[anyOf ?? oneOf, ' | '] as const, [allOf, ' & '] as const]) {
      if (Array.isArray(parts)) return parts.map((one) => describe(one, depth + 1)).join(separator);
    }
    if (isSchema(part.properties)) return describeFields(part, part.properties, depth);
    if (type === 'array' || 'items' in part)
      return `(${describe(part.items, depth + 1)})[]`.replace(simpleItem, '$1[]');
    if (isSchema(part.additionalProperties))
      return `{ [key]: ${describe(part.additionalProperties, depth + 1)} }`;
    return Array.isArray(type) ? type.join(' | ') : typeof type === 'string' ? type : 'any';
  };
  const describeFields = (schema: Schema, properties: Schema, depth: number): string => {
    const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
    const fields = Object.entries(properties).map(([name, field]) => {
      const remark = isSchema(field) && typeof field.description === 'string' ? field.description : '';
      const shown = remark === '' ? '' : ` (${shorten(remark, MAX_DESCRIPTION_CHARACTERS)})`;
      return `${name}${required.includes(name) ? '' : '?'}: ${describe(field, depth + 1)}${shown}`;
    });
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
  };
  // Once only: what refers to itself, or often to the same part, would be endless or large.
  const describeReference = (reference: string, depth: number): string => {
    const name = reference.slice(reference.lastIndexOf('/') + 1);
    if (described.has(reference)) return name;
    described.add(reference);
    const path = reference.replace(/^#\/?/, '').split('/');
    const target = path.reduce<unknown>((node, key) => (isSchema(node) ? node[key] : undefined), schema);
    return target === undefined ? name : describe(target, depth + 1);
  };

  return shorten(typeof schema === 'string' ? schema : describe(schema, 0), MAX_SCHEMA_CHARACTERS);
}

/** Items that need no parentheses. */
const simpleItem = /^\((\w+|\{[^|&]*\})\)\[\]$/;

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
