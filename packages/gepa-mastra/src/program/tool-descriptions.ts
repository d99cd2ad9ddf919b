import { zodToJsonSchema } from '@mastra/core/utils/zod-to-json';
import { type FieldSchema, mapParts, partsOf } from '../trace/field-schema.ts';
import type { CallOptions, OfferedTool } from '../trace/model-call.ts';

/** Which components hold the texts of one tool. */
export interface ToolPlan {
  readonly description?: string;
  /** By the field's path, as in `filter.city`. */
  readonly fields: ReadonlyMap<string, string>;
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

/** All descriptions of fields in a schema, by the field's path. There may be several of one field. */
export function describedFields(schema: FieldSchema, path = ''): [path: string, description: string][] {
  const own: [string, string][] = schema.description && path !== '' ? [[path, schema.description]] : [];
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    describedFields(field, fieldPath(path, name)),
  );
  return [...own, ...fields, ...partsOf(schema).flatMap((part) => describedFields(part, path))];
}

/** A text in place of another. */
export interface Rewrite {
  readonly from: string;
  readonly to: string;
}

/** A model's call with other texts in the tools it offers. */
export function withToolTexts<Options extends CallOptions>(
  options: Options,
  tools: ReadonlyMap<string, ToolPlan>,
  rewriteOf: (component: string) => Rewrite | undefined,
): Options {
  if (options.tools === undefined || tools.size === 0) return options;
  return { ...options, tools: options.tools.map((tool) => withTexts(tool, tools.get(tool.name), rewriteOf)) };
}

function withTexts(
  tool: OfferedTool,
  plan: ToolPlan | undefined,
  rewriteOf: (component: string) => Rewrite | undefined,
): OfferedTool {
  if (plan === undefined) return tool;
  const description = plan.description === undefined ? undefined : rewriteOf(plan.description);
  const fields = new Map([...plan.fields].map(([path, component]) => [path, rewriteOf(component)]));
  return {
    ...tool,
    ...(description === undefined ? {} : { description: description.to }),
    ...(plan.fields.size === 0 || tool.inputSchema === undefined
      ? {}
      : { inputSchema: withFieldTexts(tool.inputSchema as FieldSchema, fields) }),
  };
}

function withFieldTexts(
  schema: FieldSchema,
  rewrites: ReadonlyMap<string, Rewrite | undefined>,
  path = '',
): FieldSchema {
  const changed = mapParts(schema, (part) => withFieldTexts(part, rewrites, path));
  const { description, properties } = schema;
  const rewrite = rewrites.get(path);
  // What Mastra tells beside a text, such as the limits of a field that a model's schemas cannot say, stays.
  if (rewrite !== undefined && description !== undefined)
    Object.assign(changed, { description: description.replace(rewrite.from, () => rewrite.to) });
  if (properties === undefined) return changed;
  const fields = Object.entries(properties).map(([name, field]) => [
    name,
    withFieldTexts(field, rewrites, fieldPath(path, name)),
  ]);
  return { ...changed, properties: Object.fromEntries(fields) };
}

function fieldPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
