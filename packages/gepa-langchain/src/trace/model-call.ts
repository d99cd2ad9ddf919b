import type { Run } from '@langchain/core/tracers/base';
import { modelCallUsage, type Usage } from 'gepa-core';
import { noUsage } from 'gepa-core/adapter';
import { isMessage, isNode, type MessageNode, type Node } from '../program/node.ts';
import { plainMessage } from './message.ts';
import { toPlain } from './plain.ts';

/** What the run of a model says, in plain data. */
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
 * What a call took. One that failed or was not made took nothing that anybody can tell; one that asked other models is
 * told by those.
 */
export function usageOf(run: Run): Usage {
  if (run.outputs === undefined || run.extra?.cached === true || asksOthers(run)) return noUsage;
  const usage = usages.get(run) ?? readUsage(run);
  usages.set(run, usage);
  return usage;
}

/** As it was read first: LangChain empties the usage of an answer that it gives again from a cache. */
const usages = new WeakMap<Run, Usage>();

function readUsage(run: Run): Usage {
  const [generation] = generationsOf(run);
  const message = isMessage(generation?.message) ? generation.message : undefined;
  const told = isNode(message?.usage_metadata) ? message.usage_metadata : {};
  const llmOutput: unknown = run.outputs?.llmOutput;
  const counted = isNode(llmOutput) && isNode(llmOutput.tokenUsage) ? llmOutput.tokenUsage : {};
  const details = isNode(told.input_token_details) ? told.input_token_details : {};
  const openAi = [counted, responseMetadata(generation).usage]
    .map((usage) => (isNode(usage) ? usage.prompt_tokens_details : undefined))
    .find(isNode);
  // Several answers to one request carry the same usage, so that the first one's stands for the call.
  return modelCallUsage({
    model: modelName(run),
    inputTokens: firstNumber(told.input_tokens, counted.promptTokens, counted.input_tokens),
    cachedInputTokens: firstNumber(details.cache_read, openAi?.cached_tokens),
    cacheWriteTokens: firstNumber(details.cache_creation, openAi?.cache_write_tokens),
    outputTokens: firstNumber(told.output_tokens, counted.completionTokens, counted.output_tokens),
  });
}

/** The model's name: what its answer says, where there is one, else what was asked for. */
export function modelName(run: Run): string | undefined {
  const answered = responseMetadata(generationsOf(run)[0]);
  const asked = isNode(run.extra?.invocation_params) ? run.extra.invocation_params : {};
  return firstString(
    answered.model_name,
    answered.model,
    run.extra?.metadata?.ls_model_name,
    asked.model,
    asked.model_name,
  );
}

const asksOthers = (run: Run): boolean =>
  run.child_runs.some((inner) => inner.run_type === 'llm' || asksOthers(inner));

/** The messages a model was sent, as the objects they were. */
export function sentMessages(run: Run): readonly MessageNode[] {
  const { messages } = run.inputs;
  return (Array.isArray(messages) ? messages.flat() : []).filter(isMessage);
}

/** The strings a model was sent. */
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

/** The message without its role, as text where it is only text. */
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
  const told = [generation?.generationInfo, metadata].flatMap((source) =>
    isNode(source) ? reasonNames.map((name) => source[name]) : [],
  );
  const { incomplete_details: incomplete } = metadata;
  return firstString(...told, isNode(incomplete) ? incomplete.reason : undefined);
}

/** What providers call it; the responses API of OpenAI only says what an answer is lacking. */
const reasonNames = ['finish_reason', 'finishReason', 'stop_reason', 'stopReason', 'done_reason'];

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
