import type { Usage } from 'gepa-core';
import { isUnknownUsage, reportedUsage } from 'gepa-core/adapter';
import type { AnswerPart, AnswerUsage, ProviderMetadata } from './model-call.ts';
import { plainToolCall } from './plain-prompt.ts';

/** Collects the parts of a streamed answer into one output with its usage. */
export class AnswerReader {
  readonly #model: string;
  #text = '';
  #reasoning = '';
  readonly #toolCalls: { name: string; args: unknown }[] = [];
  #usage: AnswerUsage | undefined;
  #metadata: ProviderMetadata | undefined;
  #finishReason: string | undefined;
  error: unknown;
  /** Whether the answer has content beside the parts that were read. */
  hasContent = false;

  constructor(model: string) {
    this.#model = model;
  }

  read(part: AnswerPart): void {
    switch (part.type) {
      case 'text-delta':
        this.#text += part.delta ?? '';
        break;
      case 'reasoning-delta':
        this.#reasoning += part.delta ?? '';
        break;
      case 'tool-call':
        this.#toolCalls.push(plainToolCall(part.toolName, part.input));
        break;
      case 'finish':
        this.#finishReason = finishReasonOf(part.finishReason);
        this.#usage = part.usage;
        this.#metadata = part.providerMetadata;
        break;
      case 'error':
        this.error = part.error;
        break;
    }
  }

  /**
   * Whether the call ended without an answer and without an error: the finish reason is `error`, or there is no content,
   * no known finish reason and no output token.
   */
  get isMissing(): boolean {
    if (this.error !== undefined) return false;
    if (this.#finishReason === 'error') return true;
    const hasParts =
      this.hasContent || `${this.#text}${this.#reasoning}` !== '' || this.#toolCalls.length > 0;
    const hasReason = !['other', 'unknown', undefined].includes(this.#finishReason);
    return !hasParts && !hasReason && !totalOf(this.#usage?.outputTokens);
  }

  /** The usage of the call; undefined when it failed without reporting any tokens. */
  get usage(): Usage | undefined {
    const usage = reportedUsage({
      model: this.#model,
      ...inputTokensOf(this.#usage, this.#metadata),
      outputTokens: totalOf(this.#usage?.outputTokens),
      totalTokens: totalTokensOf(this.#usage),
      hasAnswer: this.#text !== '' || this.#reasoning !== '' || this.#toolCalls.length > 0,
    });
    return this.error !== undefined && isUnknownUsage(usage) ? undefined : usage;
  }

  get answer(): { output: unknown; finishReason?: string; usage?: Usage } {
    const parts = {
      ...(this.#reasoning === '' ? {} : { reasoning: this.#reasoning }),
      ...(this.#toolCalls.length === 0 ? {} : { toolCalls: this.#toolCalls }),
    };
    const isTextOnly = Object.keys(parts).length === 0;
    return {
      output: isTextOnly ? this.#text : { content: this.#text, ...parts },
      finishReason: this.#finishReason,
      usage: this.usage,
    };
  }
}

/** Providers that fail in the middle of an answer say `error`, which the AI SDK unifies with other reasons. */
function finishReasonOf(reason: AnswerPart['finishReason']): string | undefined {
  if (typeof reason === 'string') return reason;
  return reason?.raw === 'error' ? 'error' : reason?.unified;
}

interface InputTokens {
  readonly inputTokens: number | undefined;
  readonly cachedInputTokens: number | undefined;
  readonly cacheWriteTokens: number | undefined;
}

function inputTokensOf(usage: AnswerUsage = {}, metadata: ProviderMetadata = {}): InputTokens {
  const { inputTokens, cachedInputTokens } = usage;
  if (typeof inputTokens === 'object') {
    const { total, cacheRead, cacheWrite } = inputTokens;
    return { inputTokens: total, cachedInputTokens: cacheRead, cacheWriteTokens: cacheWrite };
  }
  // In version 2, Anthropic models do not count cached tokens as input tokens, and report cache writes as metadata.
  const { anthropic, bedrock } = metadata;
  const written = anthropic?.cacheCreationInputTokens ?? usageIn(bedrock)?.cacheWriteInputTokens;
  const cacheWriteTokens = typeof written === 'number' ? written : undefined;
  const isCacheExcluded = anthropic !== undefined || bedrock !== undefined;
  return {
    inputTokens: isCacheExcluded
      ? (inputTokens ?? 0) + (cachedInputTokens ?? 0) + (cacheWriteTokens ?? 0)
      : inputTokens,
    cachedInputTokens,
    cacheWriteTokens,
  };
}

/** Since version 3, only the provider's own counts have a total: in the names of OpenAI, of Gemini, or of the SDK. */
function totalTokensOf(usage: AnswerUsage = {}): unknown {
  const { totalTokens, raw } = usage;
  return totalTokens ?? raw?.total_tokens ?? raw?.totalTokenCount ?? raw?.totalTokens;
}

function usageIn(
  metadata: Readonly<Record<string, unknown>> | undefined,
): Record<string, unknown> | undefined {
  const { usage } = metadata ?? {};
  return typeof usage === 'object' && usage !== null ? (usage as Record<string, unknown>) : undefined;
}

function totalOf(tokens: number | { readonly total?: number } | undefined): number | undefined {
  return typeof tokens === 'object' ? tokens.total : tokens;
}
