import type { Run } from '@langchain/core/tracers/base';
import { toJsonSchema } from '@langchain/core/utils/json_schema';
import type { CallRequest } from 'gepa-core';
import { maxInputTokens } from 'gepa-core/adapter';
import { isNode, type Node } from '../program/node.ts';
import { isZodSchema } from '../program/schema/zod.ts';
import { modelName, sentMessages, sentStrings } from './model-call.ts';

/** An upper bound on the tokens of a model call, from what is known before the call. */
export function callRequest(run: Run): CallRequest {
  return { model: modelName(run), inputTokens: maxTokensRead(run), outputTokens: maxOutputTokens(run) };
}

/** Undefined when the call sends more than text; infinite when the provider adds to the input. */
function maxTokensRead(run: Run): number | undefined {
  const params = nodeOf(run.extra?.invocation_params);
  const options = nodeOf(run.extra?.options);
  if (addsToInput({ ...options, ...params })) return Number.POSITIVE_INFINITY;
  const messages = sentMessages(run);
  // Some models do not report in their parameters what they derive from the options.
  const { tools, functions, ...settings } = {
    tools: options.tools,
    functions: options.functions,
    response_format: options.response_format,
    ...params,
  };
  const parameters = [tools, functions, settings].flat().filter((part) => part !== undefined);
  const pieces = [...messages.map(sentText), ...sentStrings(run), ...parameters.map(jsonOf)];
  const total = maxInputTokens(pieces) + messages.reduce((sum, message) => sum + storedTokens(message), 0);
  return pieces.includes(undefined) || Number.isNaN(total) ? undefined : total;
}

/** Parameters that make the provider add input: a stored conversation, a cache, documents, search results. */
const providerInputParams = [
  'previous_response_id',
  'conversation',
  'cachedContent',
  'web_search_options',
  'search_parameters',
  'data_sources',
  'connectors',
  'plugins',
  'mcp_servers',
];

function addsToInput(params: Node): boolean {
  const { prompt, tools, toolConfig } = params;
  return (
    providerInputParams.some((name) => params[name] != null) ||
    isNode(prompt) ||
    [tools, nodeOf(toolConfig).tools].flat().some(isProviderTool)
  );
}

/** The keys under which providers take the definition of a tool that runs in the program. */
const clientToolKeys = ['function', 'custom', 'toolSpec', 'functionDeclarations', 'cachePoint'];

/** Whether the provider runs the tool, or stores more of its definition than is sent. */
function isProviderTool(tool: unknown): boolean {
  if (!isNode(tool)) return false;
  const { type = 'function', ...rest } = tool;
  if (type !== 'function' && type !== 'custom') return true;
  const keys = Object.keys(rest);
  return !('name' in rest || (keys.length === 1 && clientToolKeys.includes(keys[0]!)));
}

/** Types of message parts that are sent as text or JSON. */
const textParts = new Set<unknown>([
  'text',
  'input_text',
  'output_text',
  'refusal',
  'message',
  'tool_call',
  'tool_use',
  'tool_result',
  'input_json_delta',
  'function_call',
  'function_call_output',
]);
/** Types of parts that can stand for more than is sent: the provider may store all tokens of the answer. */
const reasoningParts = new Set<unknown>(['reasoning', 'reasoning_content', 'thinking', 'redacted_thinking']);

/** What is sent of a message, as JSON. Undefined when that is not text only. */
function sentText(message: Node): string | undefined {
  const { content, name, tool_call_id, tool_calls, invalid_tool_calls, additional_kwargs } = message;
  // OpenAI's responses API receives its earlier answers unchanged.
  const { output } = nodeOf(message.response_metadata);
  const isText = typesOf(message).every((type) => textParts.has(type) || reasoningParts.has(type));
  return isText
    ? jsonOf({ content, name, tool_call_id, tool_calls, invalid_tool_calls, additional_kwargs, output })
    : undefined;
}

/** The tokens that the provider may add for a message, because it refers to stored content. `NaN` when unknown. */
function storedTokens(message: Node): number {
  return typesOf(message).some((type) => reasoningParts.has(type))
    ? Number(nodeOf(message.usage_metadata).output_tokens ?? Number.NaN)
    : 0;
}

function typesOf({ content, additional_kwargs, response_metadata }: Node): unknown[] {
  const types = [...partTypes(content), ...partTypes(nodeOf(response_metadata).output)];
  return 'reasoning' in nodeOf(additional_kwargs) ? [...types, 'reasoning'] : types;
}

function* partTypes(parts: unknown): Generator<unknown> {
  for (const part of Array.isArray(parts) ? parts : []) {
    if (!isNode(part)) continue;
    yield part.type;
    yield* partTypes(part.content);
    yield* partTypes(part.output);
  }
}

/** The names that models use for the limit on output tokens. */
const outputLimitNames = [
  'max_tokens',
  'maxTokens',
  'max_completion_tokens',
  'maxCompletionTokens',
  'max_output_tokens',
  'maxOutputTokens',
  'max_new_tokens',
  'maxNewTokens',
  'max_tokens_to_sample',
  'maxTokensToSample',
  'num_predict',
  'numPredict',
];
/** The names of the objects that models nest their settings in. */
const nestedSettingsNames = [
  'options',
  'parameters',
  'generationConfig',
  'generation_config',
  'inferenceConfig',
  'modelKwargs',
  'model_kwargs',
];
/** The names that models use for the number of answers. */
const answerCountNames = [
  'n',
  'best_of',
  'bestOf',
  'candidateCount',
  'candidate_count',
  'numGenerations',
  'num_generations',
];

/** Undefined when the model sets no limit. */
export function maxOutputTokens(run: Run): number | undefined {
  const { invocation_params: params, options, metadata } = run.extra ?? {};
  const { kwargs } = run.serialized as { kwargs?: unknown };
  // By precedence: what is sent, the options of the call, the model's own settings.
  const settings = [params, options, kwargs].map((source) => {
    const top = nodeOf(source);
    return [top, ...nestedSettingsNames.map((name) => nodeOf(top[name]))];
  });
  const fromMetadata = [{ max_tokens: nodeOf(metadata).ls_max_tokens }];
  const limit = [...settings, fromMetadata]
    .map((sources) => largest(sources, outputLimitNames))
    .find((value) => value !== undefined);
  const answers = largest(settings.flat(), answerCountNames) ?? 1;
  return answers > 1 ? (limit ?? Number.POSITIVE_INFINITY) * answers : limit;
}

/** Ignores values that are not positive: some models use -1 for "no limit". */
function largest(sources: readonly Node[], names: readonly string[]): number | undefined {
  const numbers = sources.flatMap((source) =>
    names.map((name) => source[name]).filter((value) => typeof value === 'number' && value > 0),
  );
  return numbers.length === 0 ? undefined : Math.max(...(numbers as number[]));
}

/** Plain data as JSON, which is at least as long as in any other format. Undefined for other data. */
function jsonOf(data: unknown): string | undefined {
  try {
    return JSON.stringify(data, onlyPlain);
  } catch {
    return undefined;
  }
}

/** A replacer that throws on class instances: their `toJSON` may leave out what the model sends of them. */
function onlyPlain(this: Node, key: string, value: unknown): unknown {
  const original = this[key];
  if (isZodSchema(original)) return toJsonSchema(original as never);
  const prototype = isNode(original) && !Array.isArray(original) ? Object.getPrototypeOf(original) : null;
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new TypeError('A class instance is not plain data.');
  }
  return value;
}

function nodeOf(value: unknown): Node {
  return isNode(value) ? value : {};
}
