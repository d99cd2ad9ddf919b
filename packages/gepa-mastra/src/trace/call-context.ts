import type { Step } from 'gepa-core';
import { describeSchema, stepTools } from 'gepa-core/adapter';
import type { CallOptions, OfferedTool } from './model-call.ts';

export type CallContext = Pick<Step, 'maxOutputTokens' | 'tools' | 'responseFormat'>;

/** The parts of a model call besides its messages: output limit, tools, answer schema. */
export function callContext(options: CallOptions): CallContext {
  const { tools = [], maxOutputTokens = options.maxTokens, responseFormat } = modernOptions(options);
  const offered = stepTools(tools.map(({ inputSchema, ...tool }) => ({ ...tool, arguments: inputSchema })));
  const { type, schema } = (responseFormat ?? {}) as { readonly type?: unknown; readonly schema?: unknown };
  const format = type === 'json' ? (schema === undefined ? 'JSON' : describeSchema(schema)) : undefined;
  return {
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(offered.length === 0 ? {} : { tools: offered }),
    ...(format === undefined ? {} : { responseFormat: format }),
  };
}

/** The options as later versions of the AI SDK have them: version 1 has tools and the answer schema in `mode`. */
function modernOptions({ mode, ...options }: CallOptions): CallOptions {
  const { type, schema, tool, tools } = (mode ?? {}) as {
    readonly type?: string;
    readonly schema?: unknown;
    readonly tool?: { readonly parameters?: unknown };
    readonly tools?: readonly (OfferedTool & { readonly parameters?: unknown })[];
  };
  if (type === 'object-json' || type === 'object-tool')
    return { ...options, responseFormat: { type: 'json', schema: schema ?? tool?.parameters } };
  const offered = tools?.map(({ parameters, ...rest }) => ({ inputSchema: parameters, ...rest }));
  return offered === undefined ? options : { ...options, tools: offered };
}
