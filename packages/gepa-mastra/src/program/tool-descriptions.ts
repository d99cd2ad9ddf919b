import { zodToJsonSchema } from '@mastra/core/utils/zod-to-json';
import type { CallOptions, OfferedTool } from '../trace/model-call.ts';
import { copyWith } from './copy-with.ts';
import type { ToolComponents } from './discovery.ts';
import { type FieldSchema, fieldSchemas } from './field-schema.ts';

interface AnySchema extends FieldSchema {
  readonly '~standard'?: {
    readonly jsonSchema?: {
      input(options: { readonly target: string; readonly libraryOptions: object }): unknown;
    };
  };
  readonly _def?: unknown;
  readonly jsonSchema?: FieldSchema;
}

/** The input schema of a tool as JSON schema. Older versions of Mastra do not convert schemas to a standard one. */
export function fieldSchemaOf(schema: AnySchema): FieldSchema {
  const { '~standard': standard, _def, jsonSchema } = schema;
  if (standard?.jsonSchema !== undefined)
    // Types without a JSON schema, such as dates, have one without constraints, as in Mastra's own conversion.
    return standard.jsonSchema.input({
      target: 'draft-07',
      libraryOptions: { unrepresentable: 'any' },
    }) as FieldSchema;
  if (standard !== undefined || _def !== undefined) return zodToJsonSchema(schema as never) as FieldSchema;
  return jsonSchema ?? schema;
}

/** The descriptions of all fields in a schema, by field path. A field may have several. */
export function describedFields(schema: FieldSchema): [path: string, description: string][] {
  return fieldSchemas(schema).flatMap(([path, { description }]) =>
    path !== '' && description ? [[path, description]] : [],
  );
}

/** The original text of a component and its replacement. */
export interface Rewrite {
  readonly from: string;
  readonly to: string;
}

/** The new texts of an agent's tools. */
export interface ToolTexts {
  readonly tools: ReadonlyMap<string, ToolComponents>;
  readonly rewriteOf: (component: string | undefined) => Rewrite | undefined;
}

/** The new texts that an agent gives its tools in model calls, in the order in which they were set. */
const toolTexts = new WeakMap<object, readonly ToolTexts[]>();

/** Sets the new texts of a copy's tools, in addition to those of its source. Returns a function that undoes this. */
export function addToolTexts(source: object, copy: object, texts: ToolTexts): () => void {
  toolTexts.set(copy, [...(toolTexts.get(source) ?? []), texts]);
  return () => {
    toolTexts.set(
      copy,
      (toolTexts.get(copy) ?? []).filter((entry) => entry !== texts),
    );
  };
}

/** The present description of an agent's tool, or of one of its fields, whose definition has this text. */
export function presentText(agent: object, tool: string, text: string, field?: string): string {
  return (toolTexts.get(agent) ?? []).reduce((present, { tools, rewriteOf }) => {
    const components = tools.get(tool);
    const component = field === undefined ? components?.description : components?.fields.get(field);
    return rewriteOf(component)?.to ?? present;
  }, text);
}

/** The new description of a tool, or its own. */
export function descriptionOf({ tools, rewriteOf }: ToolTexts, name: string, own: string): string {
  return rewriteOf(tools.get(name)?.description)?.to ?? own;
}

/** A copy of a tool with its new description; the tool itself when it has none. */
export function withDescription<Tool>(texts: ToolTexts, tool: Tool, name: string): Tool {
  const { description: own } = tool as { readonly description?: string };
  const description = descriptionOf(texts, name, own ?? '');
  return own === undefined || description === own
    ? tool
    : (copyWith(tool as object, { description }) as Tool);
}

/**
 * Replaces descriptions of tools and of their input fields in a model call.
 *
 * @param keepsOthers whether to replace only descriptions that are those of the component.
 */
export function rewriteTools<Options extends CallOptions>(
  options: Options,
  tools: ReadonlyMap<string, ToolComponents>,
  rewriteOf: ToolTexts['rewriteOf'],
  keepsOthers = false,
): Options {
  if (options.tools === undefined || tools.size === 0) return options;
  return {
    ...options,
    tools: options.tools.map((tool) => rewriteTool(tool, tools.get(tool.name), rewriteOf, keepsOthers)),
  };
}

function rewriteTool(
  tool: OfferedTool,
  components: ToolComponents | undefined,
  rewriteOf: ToolTexts['rewriteOf'],
  keepsOthers: boolean,
): OfferedTool {
  if (components === undefined) return tool;
  const rewrite = rewriteOf(components.description);
  const description = keepsOthers && rewrite?.from !== tool.description ? undefined : rewrite;
  const fields = new Map([...components.fields].map(([path, component]) => [path, rewriteOf(component)]));
  return {
    ...tool,
    description: description?.to ?? tool.description,
    inputSchema:
      fields.size === 0 || tool.inputSchema === undefined
        ? tool.inputSchema
        : rewriteFields(tool.inputSchema as FieldSchema, fields),
  };
}

function rewriteFields(schema: FieldSchema, rewrites: ReadonlyMap<string, Rewrite | undefined>): FieldSchema {
  const changed = JSON.parse(JSON.stringify(schema)) as FieldSchema;
  for (const [path, field] of fieldSchemas(changed)) {
    const rewrite = rewrites.get(path);
    // Mastra may have appended constraints that the provider's schema cannot express; keep them.
    if (rewrite !== undefined && field.description !== undefined)
      Object.assign(field, { description: field.description.replace(rewrite.from, () => rewrite.to) });
  }
  return changed;
}
