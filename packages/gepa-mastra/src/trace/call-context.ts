import type { Step, StepTool } from 'gepa-core';
import { describeSchema } from 'gepa-core/adapter';
import type { CallOptions } from './model-call.ts';

/** A longer description of a tool is shortened, since every call in a run directory has it. */
const MAX_DESCRIPTION_CHARACTERS = 600;
const MAX_TOOLS = 40;

export type CallContext = Pick<Step, 'maxOutputTokens' | 'tools' | 'responseFormat'>;

/** What a model call has beside its messages: output limit, tools, answer schema. */
export function callContext({ tools = [], maxOutputTokens, responseFormat }: CallOptions): CallContext {
  const offered = tools.slice(0, MAX_TOOLS).map(
    ({ name, description, inputSchema }): StepTool => ({
      name,
      ...(description === undefined ? {} : { description: description.slice(0, MAX_DESCRIPTION_CHARACTERS) }),
      ...(inputSchema === undefined ? {} : { arguments: describeSchema(inputSchema) }),
    }),
  );
  const { type, schema } = (responseFormat ?? {}) as { readonly type?: unknown; readonly schema?: unknown };
  const format = type === 'json' ? (schema === undefined ? 'JSON' : describeSchema(schema)) : undefined;
  return {
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(offered.length === 0 ? {} : { tools: offered }),
    ...(format === undefined ? {} : { responseFormat: format }),
  };
}
