import type { Run } from '@langchain/core/tracers/base';
import { toJsonSchema } from '@langchain/core/utils/json_schema';
import type { CallRequest } from 'gepa-core';
import { isNode, type Node } from '../program/node.ts';
import { isZodSchema } from '../program/schema/zod.ts';
import { modelName, sentMessages, sentStrings } from './model-call.ts';

/** The most that a call of a model can take, by what is known of it before it is made. */
export function callRequest(run: Run): CallRequest {
  return { model: modelName(run), inputTokens: mostInput(run), outputTokens: mostOutput(run) };
}

/** What providers put around all that is sent: templates, and what they say of tools and formats. */
const aroundCall = 1_000;
/** What they put around a message. */
const aroundMessage = 16;

/** No token is shorter than a byte. Absent where more than text is sent, infinite where the provider adds to it. */
function mostInput(run: Run): number | undefined {
  const params = nodeOf(run.extra?.invocation_params);
  const options = nodeOf(run.extra?.options);
  if (addsToInput({ ...options, ...params })) return Number.POSITIVE_INFINITY;
  const { tools, functions, response_format } = options;
  const sizes = [
    ...sentMessages(run).map((message) => aroundMessage + mostOfMessage(message)),
    ...sentStrings(run).map(bytesOf),
    // Not every model has in its parameters what it makes of the options.
    bytesOf({ tools, functions, response_format, ...params }),
  ];
  const most = sizes.reduce((sum, size) => sum + size, aroundCall);
  return Number.isNaN(most) ? undefined : most;
}

/** A conversation, a cache or documents that the provider keeps, and what it searches for. */
const kept = [
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
    kept.some((name) => params[name] != null) ||
    isNode(prompt) ||
    [tools, nodeOf(toolConfig).tools].flat().some(isOfProvider)
  );
}

/** What providers call a tool that is described to them and runs here, where that is all there is to it. */
const toolForms = ['function', 'custom', 'toolSpec', 'functionDeclarations', 'cachePoint'];

/** Whether the provider runs a tool, or knows more of it than it is told. */
function isOfProvider(tool: unknown): boolean {
  if (!isNode(tool)) return false;
  const { type = 'function', ...rest } = tool;
  if (type !== 'function' && type !== 'custom') return true;
  const keys = Object.keys(rest);
  return !('name' in rest || (keys.length === 1 && toolForms.includes(keys[0]!)));
}

/** Parts of a message that are told in words or in JSON. */
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
/** Of which the provider may know more than it is sent: all that the answer took. */
const thoughtParts = new Set<unknown>(['reasoning', 'reasoning_content', 'thinking', 'redacted_thinking']);

/** `NaN` where that cannot be told. */
function mostOfMessage(message: Node): number {
  const { content, name, tool_call_id, tool_calls, invalid_tool_calls, additional_kwargs } = message;
  // OpenAI's responses API is sent its answers as they were.
  const { output } = nodeOf(message.response_metadata);
  const types = [...partTypes(content), ...partTypes(output)];
  if ('reasoning' in nodeOf(additional_kwargs)) types.push('reasoning');
  const thoughts = types.some((type) => thoughtParts.has(type))
    ? Number(nodeOf(message.usage_metadata).output_tokens ?? Number.NaN)
    : 0;
  const isText = types.every((type) => textParts.has(type) || thoughtParts.has(type));
  const told = { content, name, tool_call_id, tool_calls, invalid_tool_calls, additional_kwargs, output };
  return isText ? thoughts + bytesOf(told) : Number.NaN;
}

function* partTypes(parts: unknown): Generator<unknown> {
  for (const part of Array.isArray(parts) ? parts : []) {
    if (!isNode(part)) continue;
    yield part.type;
    yield* partTypes(part.content);
    yield* partTypes(part.output);
  }
}

/** What models call the most tokens that they may write. */
const limits = [
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
/** What they keep it in. */
const containers = [
  'options',
  'parameters',
  'generationConfig',
  'generation_config',
  'inferenceConfig',
  'modelKwargs',
  'model_kwargs',
];
/** What they call the number of answers to write. */
const answerCounts = [
  'n',
  'best_of',
  'bestOf',
  'candidateCount',
  'candidate_count',
  'numGenerations',
  'num_generations',
];

/** Absent where the model has no limit of its own. */
function mostOutput(run: Run): number | undefined {
  const { invocation_params: params, options, metadata } = run.extra ?? {};
  const { kwargs } = run.serialized as { kwargs?: unknown };
  // What is sent goes before what the call and the model were given.
  const settings = [params, options, kwargs].map((told) => {
    const top = nodeOf(told);
    return [top, ...containers.map((name) => nodeOf(top[name]))];
  });
  const ofMetadata = [{ max_tokens: nodeOf(metadata).ls_max_tokens }];
  const limit = [...settings, ofMetadata]
    .map((sources) => largest(sources, limits))
    .find((most) => most !== undefined);
  const answers = largest(settings.flat(), answerCounts) ?? 1;
  return answers > 1 ? (limit ?? Number.POSITIVE_INFINITY) * answers : limit;
}

/** Some models say with -1 that there is no limit. */
function largest(sources: readonly Node[], names: readonly string[]): number | undefined {
  const numbers = sources.flatMap((source) =>
    names.map((name) => source[name]).filter((value) => typeof value === 'number' && value > 0),
  );
  return numbers.length === 0 ? undefined : Math.max(...(numbers as number[]));
}

const encoder = new TextEncoder();

/** How long plain data is as JSON, in which it is no shorter than in other forms. `NaN` for what is none. */
function bytesOf(data: unknown): number {
  try {
    return encoder.encode(JSON.stringify(data, onlyPlain)).length;
  } catch {
    return Number.NaN;
  }
}

/** What an instance makes of itself as JSON may leave out what a model makes of it. */
function onlyPlain(this: Node, key: string, value: unknown): unknown {
  const given = this[key];
  if (isZodSchema(given)) return toJsonSchema(given as never);
  const prototype = isNode(given) && !Array.isArray(given) ? Object.getPrototypeOf(given) : null;
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw new TypeError('no plain data');
  return value;
}

function nodeOf(value: unknown): Node {
  return isNode(value) ? value : {};
}
