import type { CallRequest } from 'gepa-core';
import type { CallOptions, PromptPart } from './model-call.ts';

/** What providers put around all that is sent: templates, and words about tools and formats. */
const aroundCall = 1_000;

/** The same around each message, part of a message, and tool. */
const aroundPart = 50;

/**
 * The most that a call can take, told by what it sends: no token is shorter than a byte.
 *
 * @param written how many tokens models have written before in the same rollout.
 */
export function callRequest(model: string, options: CallOptions, written: number): CallRequest {
  // Version 1 of the AI SDK puts its calls otherwise.
  if (options.mode !== undefined) return { model };
  return { model, inputTokens: mostSent(options, written), outputTokens: mostWritten(options) };
}

function mostSent(options: CallOptions, written: number): number | undefined {
  const { prompt, tools = [], responseFormat, providerOptions } = options;
  const settings = [...fieldsIn(providerOptions)];
  const isSet = (names: ReadonlySet<string>) =>
    settings.some(([name, value]) => Boolean(value) && names.has(name));
  if (isSet(unbounded) || tools.some(({ type }) => type !== 'function')) return Number.POSITIVE_INFINITY;

  const parts = prompt.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  if (!parts.every(isText) || isSet(kept)) return undefined;
  // Thoughts may be sent by a name that the provider has given them.
  const thoughts = parts.some(({ type }) => type === 'reasoning') ? written : 0;
  const text = JSON.stringify([prompt, tools, responseFormat, providerOptions]);
  const around = aroundCall + aroundPart * (prompt.length + parts.length + tools.length);
  return Buffer.byteLength(text) + around + thoughts;
}

function mostWritten({ maxOutputTokens, providerOptions, reasoning }: CallOptions): number | undefined {
  // How much a model may think beside its answer, some providers know alone.
  if (reasoning !== undefined && reasoning !== 'none' && reasoning !== 'provider-default') return undefined;
  const settings = [...fieldsIn(providerOptions)];
  const numbers = (pattern: RegExp) =>
    settings.flatMap(([name, value]) => (typeof value === 'number' && pattern.test(name) ? [value] : []));
  const limits = [...(maxOutputTokens === undefined ? [] : [maxOutputTokens]), ...numbers(outputLimit)];
  const answers = Math.max(1, ...numbers(/^n$/));
  const thoughts = numbers(thoughtLimit).reduce((sum, tokens) => sum + Math.max(0, tokens), 0);
  if (limits.length > 0) return answers * (Math.max(...limits) + thoughts);
  return answers === 1 ? undefined : Number.POSITIVE_INFINITY;
}

// Names as `fieldsIn` gives them.
const outputLimit = /^max(completion|output|new)?tokens$/;
const thoughtLimit = /^(budgettokens|thinkingbudget)$/;

/** Settings by which a provider goes on with a conversation that it keeps, or runs tools of its own. */
const unbounded = new Set([
  'conversation',
  'previousresponseid',
  'previousinteractionid',
  'mcpservers',
  'plugins',
  'searchparameters',
  'websearchoptions',
]);

/** Settings that name a text which the provider keeps. */
const kept = new Set(['cachedcontent']);

/** The fields of a value and of what is in it. The names without case and underscores, which providers write either way. */
function* fieldsIn(value: unknown): Generator<readonly [name: string, value: unknown]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    yield [name.toLowerCase().replaceAll('_', ''), inner];
    yield* fieldsIn(inner);
  }
}

/** A link of a few bytes, or a file, may be thousands of tokens. So may what is not known here. */
function isText({ type, output, providerExecuted = false }: PromptPart): boolean {
  if (providerExecuted) return false;
  if (type !== 'tool-result') return type === 'text' || type === 'reasoning' || type === 'tool-call';
  if (output?.type !== 'content') return output !== undefined && textResults.has(output.type);
  const { value } = output;
  return Array.isArray(value) && value.every((item: { readonly type?: unknown }) => item.type === 'text');
}

const textResults = new Set(['text', 'json', 'error-text', 'error-json', 'execution-denied']);
