import type { CallRequest } from 'gepa-core';
import type { CallOptions } from './model-call.ts';

/** The most that a call of a model can take, by what it is sent. */
export function callRequest(model: string, options: CallOptions): CallRequest {
  return { model, inputTokens: mostInput(options), outputTokens: mostOutput(options) };
}

/** What providers put around all that is sent: templates, and what they say of tools and formats. */
const AROUND_CALL = 1_000;
/** What they put around a message or a tool. */
const AROUND_ITEM = 16;

/** No token is shorter than a byte. Absent where more than text is sent, infinite where the provider adds to it. */
function mostInput({
  prompt,
  tools = [],
  responseFormat,
  providerOptions = {},
}: CallOptions): number | undefined {
  const isKept = Object.values(providerOptions).some((own) => kept.some((name) => own[name] != null));
  if (isKept || tools.some(({ type }) => type !== 'function')) return Number.POSITIVE_INFINITY;
  const isText = prompt.every(({ content }) => typeof content === 'string' || content.every(isTextPart));
  if (!isText) return undefined;
  const sent = JSON.stringify([prompt, tools, responseFormat, providerOptions]);
  return AROUND_CALL + AROUND_ITEM * (prompt.length + tools.length) + new TextEncoder().encode(sent).length;
}

/** Conversations and documents that the provider keeps. */
const kept = ['previousResponseId', 'conversation', 'cachedContent'];

type Part = Exclude<CallOptions['prompt'][number]['content'], string>[number];

/** Of its own thoughts a provider may know more than it is sent. */
function isTextPart({ type, output }: Part): boolean {
  if (type === 'text' || type === 'tool-call') return true;
  if (type !== 'tool-result') return false;
  return !Array.isArray(output?.value) || output.type !== 'content' || output.value.every(isTextPart);
}

/** Absent where the call has no limit. What a model may think comes on top with some providers. */
function mostOutput({ maxOutputTokens, providerOptions = {} }: CallOptions): number | undefined {
  if (maxOutputTokens === undefined) return undefined;
  return Object.values(providerOptions).reduce<number>(
    (sum, own) => sum + thoughtTokens(own),
    maxOutputTokens,
  );
}

function thoughtTokens({
  thinking,
  thinkingConfig,
  reasoningConfig,
}: Readonly<Record<string, unknown>>): number {
  const budgets = [thinking, thinkingConfig, reasoningConfig].flatMap((config) => {
    const { budgetTokens, thinkingBudget } = (config ?? {}) as Readonly<Record<string, unknown>>;
    return [budgetTokens, thinkingBudget].filter((budget) => typeof budget === 'number' && budget > 0);
  });
  return (budgets as number[]).reduce((sum, budget) => sum + budget, 0);
}
