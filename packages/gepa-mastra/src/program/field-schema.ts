/** The part of a JSON schema that describes fields. */
export interface FieldSchema {
  readonly type?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: Subschemas;
  readonly prefixItems?: Subschemas;
  readonly additionalProperties?: Subschemas;
  readonly anyOf?: Subschemas;
  readonly oneOf?: Subschemas;
  readonly allOf?: Subschemas;
}

type Subschemas = FieldSchema | boolean | readonly (FieldSchema | boolean)[];

const subschemaKeys = ['items', 'prefixItems', 'additionalProperties', 'anyOf', 'oneOf', 'allOf'] as const;

/**
 * The subschemas that describe the same field: list items and alternatives. For OpenAI models, Mastra turns an optional
 * field into an alternative to null.
 */
export function subschemasOf(schema: FieldSchema): FieldSchema[] {
  return subschemaKeys.flatMap((key) => [schema[key] ?? []].flat()).filter(isSchema);
}

/** A copy of the schema in which `change` has replaced each subschema of `subschemasOf`. */
export function mapSubschemas(
  schema: FieldSchema,
  change: (subschema: FieldSchema) => FieldSchema,
): FieldSchema {
  const changed = (subschema: FieldSchema | boolean) => (isSchema(subschema) ? change(subschema) : subschema);
  const entries = subschemaKeys
    .filter((key) => schema[key] !== undefined)
    .map((key) => {
      const subschemas = schema[key] as Subschemas;
      return [key, isList(subschemas) ? subschemas.map(changed) : changed(subschemas)] as const;
    });
  return { ...schema, ...Object.fromEntries(entries) };
}

function isSchema(subschema: FieldSchema | boolean): subschema is FieldSchema {
  return typeof subschema === 'object' && subschema !== null;
}

function isList(subschemas: Subschemas): subschemas is readonly (FieldSchema | boolean)[] {
  return Array.isArray(subschemas);
}
