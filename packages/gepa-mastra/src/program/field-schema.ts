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
  readonly $ref?: string;
}

type Subschemas = FieldSchema | boolean | readonly (FieldSchema | boolean)[];

/**
 * The keys of subschemas that describe the same field: list items and alternatives. For OpenAI models, Mastra turns an
 * optional field into an alternative to null.
 */
const subschemaKeys = ['items', 'prefixItems', 'additionalProperties', 'anyOf', 'oneOf', 'allOf'] as const;

/**
 * The schemas of all fields with the paths of the fields, for example `filter.city`. A field may have several. A definition
 * is read once, for the field that refers to it first.
 */
export function fieldSchemas(root: FieldSchema): [path: string, schema: FieldSchema][] {
  const definitions = new Set<FieldSchema>();
  const definitionsOf = ({ $ref = '' }: FieldSchema): FieldSchema[] => {
    if (!/^#\/(\$defs|definitions)\//.test($ref)) return [];
    const keys = $ref.slice(2).split('/');
    const found = keys.reduce<unknown>((schema, key) => (schema as Record<string, unknown>)?.[key], root);
    if (!isSchema(found) || definitions.has(found)) return [];
    definitions.add(found);
    return [found];
  };
  const walk = (schema: FieldSchema, path: string): [string, FieldSchema][] => [
    [path, schema],
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
      isSchema(field) ? walk(field, path === '' ? name : `${path}.${name}`) : [],
    ),
    ...subschemaKeys
      .flatMap((key) => [schema[key] ?? []].flat())
      .filter(isSchema)
      .flatMap((inner) => walk(inner, path)),
    ...definitionsOf(schema).flatMap((definition) => walk(definition, path)),
  ];
  return walk(root, '');
}

function isSchema(subschema: unknown): subschema is FieldSchema {
  return typeof subschema === 'object' && subschema !== null;
}
