import { zodToJsonSchema } from '@mastra/core/utils/zod-to-json';
import type { CallOptions, OfferedTool } from '../trace/model-call.ts';

/** Which components hold the texts of one tool. */
export interface ToolPlan {
  readonly description?: string;
  /** By the field's path, as in `filter.city`. */
  readonly fields: ReadonlyMap<string, string>;
}

/** A JSON schema, as far as descriptions go. */
export interface FieldSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
}

interface AnySchema extends FieldSchema {
  readonly '~standard'?: {
    readonly jsonSchema?: { input(options: { readonly target: string }): unknown };
  };
  readonly _def?: unknown;
  readonly jsonSchema?: FieldSchema;
}

/** The schema of a tool's input, whatever it was made with; older versions of Mastra keep it as it was given. */
export function fieldSchemaOf(schema: AnySchema): FieldSchema {
  const { '~standard': standard, _def, jsonSchema } = schema;
  if (standard?.jsonSchema !== undefined)
    return standard.jsonSchema.input({ target: 'draft-07' }) as FieldSchema;
  if (standard !== undefined || _def !== undefined) return zodToJsonSchema(schema as never) as FieldSchema;
  return jsonSchema ?? schema;
}

/** All fields of a schema with a description, by their path. */
export function describedFields(schema: FieldSchema, path = ''): [path: string, description: string][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const own: [string, string][] = field.description ? [[at, field.description]] : [];
    return [...own, ...describedFields(field, at), ...describedFields(field.items ?? {}, at)];
  });
}

/** A model's call with other texts in the tools it offers. */
export function withToolTexts<Options extends CallOptions>(
  options: Options,
  tools: ReadonlyMap<string, ToolPlan>,
  textOf: (component: string) => string | undefined,
): Options {
  if (options.tools === undefined || tools.size === 0) return options;
  return { ...options, tools: options.tools.map((tool) => withTexts(tool, tools.get(tool.name), textOf)) };
}

function withTexts(
  tool: OfferedTool,
  plan: ToolPlan | undefined,
  textOf: (component: string) => string | undefined,
): OfferedTool {
  if (plan === undefined) return tool;
  const description = plan.description === undefined ? undefined : textOf(plan.description);
  const fieldText = (path: string) => {
    const component = plan.fields.get(path);
    return component === undefined ? undefined : textOf(component);
  };
  return {
    ...tool,
    ...(description === undefined ? {} : { description }),
    ...(plan.fields.size === 0 || tool.inputSchema === undefined
      ? {}
      : { inputSchema: withFieldTexts(tool.inputSchema as FieldSchema, fieldText) }),
  };
}

function withFieldTexts(
  schema: FieldSchema,
  fieldText: (path: string) => string | undefined,
  path = '',
): FieldSchema {
  const properties = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const text = fieldText(at);
    return [
      name,
      { ...withFieldTexts(field, fieldText, at), ...(text === undefined ? {} : { description: text }) },
    ];
  });
  return {
    ...schema,
    ...(schema.properties === undefined ? {} : { properties: Object.fromEntries(properties) }),
    ...(schema.items === undefined ? {} : { items: withFieldTexts(schema.items, fieldText, path) }),
  };
}
