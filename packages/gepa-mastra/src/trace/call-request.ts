import type { CallRequest } from 'gepa-core';
import { maxInputTokens } from 'gepa-core/adapter';
import type { CallOptions, PromptPart } from './model-call.ts';

/**
 * The maximum usage of a call, computed from its input.
 *
 * @param written tokens that models have written earlier in the same rollout.
 */
export function callRequest(model: string, options: CallOptions, written: number): CallRequest {
  // Version 1 of the AI SDK has other call options.
  if (options.mode !== undefined) return { model };
  return { model, inputTokens: maxTokensRead(options, written), outputTokens: maxTokensWritten(options) };
}

/** Undefined: up to the model's context size. Infinity: the call has no upper bound. */
function maxTokensRead(options: CallOptions, written: number): number | undefined {
  const { prompt, tools = [], responseFormat, providerOptions } = options;
  const settings = [...fieldsIn(providerOptions)];
  const isSet = (names: ReadonlySet<string>) =>
    settings.some(([name, value]) => Boolean(value) && names.has(name));
  if (isSet(unboundedSettings) || tools.some(({ type }) => type !== 'function'))
    return Number.POSITIVE_INFINITY;

  const parts = prompt.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  if (!parts.every(isText) || isSet(storedInputSettings)) return undefined;
  // Reasoning may be sent as a reference to text that the provider has stored.
  const reasoning = parts.some(({ type }) => type === 'reasoning') ? written : 0;
  const messages = prompt.flatMap(({ content, ...message }) => [message, content].flat());
  return maxInputTokens([...messages, ...tools, responseFormat, providerOptions]) + reasoning;
}

/** Undefined: up to the model's output limit. Infinity: the call has no upper bound. */
function maxTokensWritten({ maxOutputTokens, providerOptions, reasoning }: CallOptions): number | undefined {
  // With some providers, a reasoning effort allows an unknown number of tokens beside the answer.
  if (reasoning !== undefined && reasoning !== 'none' && reasoning !== 'provider-default') return undefined;
  const settings = [...fieldsIn(providerOptions)];
  const numbers = (pattern: RegExp) =>
    settings.flatMap(([name, value]) => (typeof value === 'number' && pattern.test(name) ? [value] : []));
  const limits = [...(maxOutputTokens === undefined ? [] : [maxOutputTokens]), ...numbers(outputLimit)];
  const answers = Math.max(1, ...numbers(/^n$/));
  const reasoningTokens = numbers(reasoningLimit).reduce((sum, tokens) => sum + Math.max(0, tokens), 0);
  if (limits.length > 0) return answers * (Math.max(...limits) + reasoningTokens);
  return answers === 1 ? undefined : Number.POSITIVE_INFINITY;
}

// Setting names are in the form that `fieldsIn` yields.
const outputLimit = /^max(completion|output|new)?tokens$/;
const reasoningLimit = /^(budgettokens|thinkingbudget)$/;

/** Settings that continue a conversation stored by the provider, or run tools at the provider. */
const unboundedSettings = new Set([
  'conversation',
  'previousresponseid',
  'previousinteractionid',
  'mcpservers',
  'plugins',
  'searchparameters',
  'websearchoptions',
]);

/** Settings that refer to input stored by the provider. */
const storedInputSettings = new Set(['cachedcontent']);

/** All fields in a value, at any depth. Names are lower case without underscores: providers accept both spellings. */
function* fieldsIn(value: unknown): Generator<readonly [name: string, value: unknown]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    yield [name.toLowerCase().replaceAll('_', ''), inner];
    yield* fieldsIn(inner);
  }
}

/** Whether the part's bytes bound its tokens. A short link or a file may be thousands of tokens; so may unknown types. */
function isText({ type, output, providerExecuted = false }: PromptPart): boolean {
  if (providerExecuted) return false;
  if (type !== 'tool-result') return type === 'text' || type === 'reasoning' || type === 'tool-call';
  if (output?.type !== 'content') return output !== undefined && textResults.has(output.type);
  const { value } = output;
  return Array.isArray(value) && value.every((item: { readonly type?: unknown }) => item.type === 'text');
}

const textResults = new Set(['text', 'json', 'error-text', 'error-json', 'execution-denied']);
