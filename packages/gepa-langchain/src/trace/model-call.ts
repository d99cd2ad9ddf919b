import type { Run } from '@langchain/core/tracers/base';
import type { Usage } from 'gepa-core';
import { ModelCallError, noUsage, reportedUsage } from 'gepa-core/adapter';
import { isMessage, isNode, type MessageNode, type Node } from '../program/node.ts';
import { plainMessage } from './message.ts';
import { toPlain } from './plain.ts';

/** A model call as plain data. */
export interface ModelCall {
  readonly input: unknown;
  readonly output?: unknown;
  readonly finishReason?: string;
  readonly usage: Usage;
}

/** Reads the run of a chat model or of a model of strings. */
export function readModelCall(run: Run): ModelCall {
  const generations = generationsOf(run);
  const answers = generations.map(({ message, text }) => (isMessage(message) ? answerOf(message) : text));
  const finishReason = finishReasonOf(generations[0]);
  return {
    input: inputOf(run),
    ...(answers.length === 0 ? {} : { output: answers.length === 1 ? answers[0] : answers }),
    ...(finishReason === undefined ? {} : { finishReason }),
    usage: usageOf(run),
  };
}

/**
 * The usage of a call. A call that failed, came from a cache or was not made has none. A call that called other models
 * has none of its own: those report theirs.
 */
export function usageOf(run: Run): Usage {
  if (run.outputs === undefined || run.extra?.cached === true || callsOtherModels(run)) return noUsage;
  const usage = usages.get(run) ?? readUsage(run);
  usages.set(run, usage);
  return usage;
}

/**
 * Whether a call ended without an answer: no choices, an error in place of the answer, or a message without text,
 * tool calls, finish reason and usage. LangChain's clients return such messages for an HTML page or `{"error": ...}`.
 */
export function isUnanswered(run: Run): boolean {
  if (run.outputs === undefined || run.extra?.cached === true || callsOtherModels(run)) return false;
  const generations = generationsOf(run);
  return generations.every(isNoAnswer) && !isBlocked(run);
}

/** Whether Google refused the prompt: older clients then return neither an answer nor an error. */
function isBlocked({ outputs }: Run): boolean {
  const filters: unknown = (outputs?.llmOutput as Node | undefined)?.filters;
  return isNode(filters) && filters.blockReason !== undefined;
}

export function unansweredError(run: Run): ModelCallError {
  const name = modelName(run) ?? run.name;
  return new ModelCallError(`The response of the model ${name} was not an answer.`, 'transient');
}

function isNoAnswer(generation: Node): boolean {
  const finishReason = finishReasonOf(generation);
  if (finishReason !== undefined) return finishReason.toLowerCase() === 'error';
  const { message } = generation;
  if (!isMessage(message)) return false;
  const { content, toolCalls } = plainMessage(message, toPlain);
  const isEmpty =
    toolCalls === undefined && (content === '' || (Array.isArray(content) && content.length === 0));
  const { output_tokens: tokens } = isNode(message.usage_metadata) ? message.usage_metadata : {};
  // A model that runs without a provider has no metadata, and may return an empty text.
  return isEmpty && !tokens && Object.keys(responseMetadata(generation)).length > 0;
}

/** The usage as first read: LangChain clears it on an answer that it later returns from a cache. */
const usages = new WeakMap<Run, Usage>();

function readUsage(run: Run): Usage {
  const [generation] = generationsOf(run);
  const message = isMessage(generation?.message) ? generation.message : undefined;
  const metadata = isNode(message?.usage_metadata) ? message.usage_metadata : {};
  const llmOutput: unknown = run.outputs?.llmOutput;
  const tokenUsage = isNode(llmOutput) && isNode(llmOutput.tokenUsage) ? llmOutput.tokenUsage : {};
  const details = isNode(metadata.input_token_details) ? metadata.input_token_details : {};
  const openAiDetails = [tokenUsage, responseMetadata(generation).usage]
    .map((usage) => (isNode(usage) ? usage.prompt_tokens_details : undefined))
    .find(isNode);
  const streamedOutput = streamedAnthropicOutput(run);
  // Several answers to one request all have the usage of the whole request, so one is enough.
  return reportedUsage({
    model: modelName(run),
    inputTokens: firstNumber(metadata.input_tokens, tokenUsage.promptTokens, tokenUsage.input_tokens),
    cachedInputTokens: firstNumber(details.cache_read, openAiDetails?.cached_tokens),
    cacheWriteTokens: firstNumber(details.cache_creation, openAiDetails?.cache_write_tokens),
    outputTokens:
      streamedOutput ??
      firstNumber(metadata.output_tokens, tokenUsage.completionTokens, tokenUsage.output_tokens),
    totalTokens:
      streamedOutput === undefined
        ? firstNumber(metadata.total_tokens, tokenUsage.totalTokens, tokenUsage.total_tokens)
        : undefined,
    // LangChain's clients report a missing count as zero.
    hasAnswer: generationsOf(run).some(hasAnswer),
  });
}

/** LangChain adds up the output tokens in a stream, but Anthropic's later counts include the earlier ones. */
function streamedAnthropicOutput(run: Run): number | undefined {
  const { model_provider: provider } = responseMetadata(generationsOf(run)[0]);
  if (provider !== 'anthropic' && run.extra?.metadata?.ls_provider !== 'anthropic') return undefined;
  const counts = run.events.flatMap(({ kwargs }) => {
    const message = isNode(kwargs?.chunk) && isNode(kwargs.chunk.message) ? kwargs.chunk.message : {};
    const usage = isNode(message.usage_metadata) ? message.usage_metadata : {};
    return typeof usage.output_tokens === 'number' ? [usage.output_tokens] : [];
  });
  return counts.length === 0 ? undefined : Math.max(...counts);
}

function hasAnswer({ text, message }: Node): boolean {
  if (typeof text === 'string' && text !== '') return true;
  return isMessage(message) && Array.isArray(message.tool_calls) && message.tool_calls.length > 0;
}

/** The model's name: the one in its answer, else the one in the request. */
export function modelName(run: Run): string | undefined {
  const answer = responseMetadata(generationsOf(run)[0]);
  const request = isNode(run.extra?.invocation_params) ? run.extra.invocation_params : {};
  return firstString(
    answer.model_name,
    answer.model,
    run.extra?.metadata?.ls_model_name,
    request.model,
    request.model_name,
  );
}

function callsOtherModels(run: Run): boolean {
  return run.child_runs.some((child) => child.run_type === 'llm' || callsOtherModels(child));
}

/** The messages sent to a model, as the original objects. */
export function sentMessages(run: Run): readonly MessageNode[] {
  const { messages } = run.inputs;
  return (Array.isArray(messages) ? messages.flat() : []).filter(isMessage);
}

/** The strings sent to a model. */
export function sentStrings(run: Run): readonly string[] {
  const { prompts } = run.inputs;
  return Array.isArray(prompts) ? prompts.filter((prompt) => typeof prompt === 'string') : [];
}

function inputOf(run: Run): unknown {
  const messages = sentMessages(run);
  if (messages.length > 0) return messages.map(toPlain);
  const strings = sentStrings(run);
  return strings.length === 1 ? strings[0] : strings;
}

/** The message without its role; a string when it has only text. */
function answerOf(message: MessageNode): unknown {
  const { content, toolCalls } = plainMessage(message, toPlain);
  return toolCalls === undefined ? content : { content, toolCalls };
}

function generationsOf(run: Run): Node[] {
  const generations: unknown = run.outputs?.generations;
  return (Array.isArray(generations) ? generations.flat() : []).filter(isNode);
}

function finishReasonOf(generation: Node | undefined): string | undefined {
  const metadata = responseMetadata(generation);
  const reasons = [generation?.generationInfo, metadata].flatMap((source) =>
    isNode(source) ? finishReasonNames.map((name) => source[name]) : [],
  );
  // OpenAI's responses API gives a reason only for an incomplete answer.
  const { incomplete_details: incomplete } = metadata;
  return firstString(...reasons, isNode(incomplete) ? incomplete.reason : undefined);
}

/** The names that providers use for the finish reason. */
const finishReasonNames = ['finish_reason', 'finishReason', 'stop_reason', 'stopReason', 'done_reason'];

function responseMetadata(generation: Node | undefined): Node {
  const message = generation?.message;
  return isNode(message) && isNode(message.response_metadata) ? message.response_metadata : {};
}

function firstNumber(...values: readonly unknown[]): number | undefined {
  return values.find((value) => typeof value === 'number');
}

function firstString(...values: readonly unknown[]): string | undefined {
  return values.find((value) => typeof value === 'string');
}
