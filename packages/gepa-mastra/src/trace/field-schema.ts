/** A JSON schema, as far as descriptions go. */
export interface FieldSchema {
  readonly type?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: Parts;
  readonly prefixItems?: Parts;
  readonly additionalProperties?: Parts;
  readonly anyOf?: Parts;
  readonly oneOf?: Parts;
  readonly allOf?: Parts;
}

type Parts = FieldSchema | boolean | readonly (FieldSchema | boolean)[];

const keysOfParts = ['items', 'prefixItems', 'additionalProperties', 'anyOf', 'oneOf', 'allOf'] as const;

/**
 * The schemas inside one that belong to the same field: items of a list, alternatives. For OpenAI's models Mastra makes
 * what is optional an alternative to null.
 */
export function partsOf(schema: FieldSchema): FieldSchema[] {
  return keysOfParts.flatMap((key) => [schema[key] ?? []].flat()).filter(isSchema);
}

/** The schema with other ones inside. */
export function mapParts(schema: FieldSchema, change: (part: FieldSchema) => FieldSchema): FieldSchema {
  const changed = (part: FieldSchema | boolean) => (isSchema(part) ? change(part) : part);
  const entries = keysOfParts
    .filter((key) => schema[key] !== undefined)
    .map((key) => {
      const parts = schema[key] as Parts;
      return [key, isList(parts) ? parts.map(changed) : changed(parts)] as const;
    });
  return { ...schema, ...Object.fromEntries(entries) };
}

function isSchema(part: FieldSchema | boolean): part is FieldSchema {
  return typeof part === 'object' && part !== null;
}

function isList(parts: Parts): parts is readonly (FieldSchema | boolean)[] {
  return Array.isArray(parts);
}
