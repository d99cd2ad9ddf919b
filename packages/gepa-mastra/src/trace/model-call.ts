// The parts of the AI SDK's language model interface (versions 1 to 4) that this package reads.

/** A tool definition in a model call. */
export interface OfferedTool {
  readonly type: string;
  readonly name: string;
  readonly description?: string;
  readonly inputSchema?: unknown;
}

/** The input of a model call. */
export interface CallOptions {
  readonly prompt: readonly PromptMessage[];
  readonly tools?: readonly OfferedTool[];
  readonly maxOutputTokens?: number;
  /** Only in version 1. */
  readonly maxTokens?: number;
  readonly responseFormat?: unknown;
  readonly providerOptions?: unknown;
  /** Since version 4. */
  readonly reasoning?: string;
  /** Only in version 1. */
  readonly mode?: unknown;
}

export interface PromptMessage {
  readonly role: string;
  readonly content: string | readonly PromptPart[];
}

export interface PromptPart {
  readonly type: string;
  readonly text?: string;
  readonly toolName?: string;
  readonly providerExecuted?: boolean;
  readonly input?: unknown;
  readonly output?: { readonly type: string; readonly value?: unknown; readonly reason?: string };
}

/** The token counts of a call: plain numbers in version 2, totals with their parts in later versions. */
export interface AnswerUsage {
  readonly inputTokens?:
    | number
    | { readonly total?: number; readonly cacheRead?: number; readonly cacheWrite?: number };
  readonly outputTokens?: number | { readonly total?: number };
  readonly cachedInputTokens?: number;
  /** Only in version 2. */
  readonly totalTokens?: number;
  /** The counts as the provider reported them, since version 3. */
  readonly raw?: Readonly<Record<string, unknown>>;
}

export type ProviderMetadata = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** One part of a streamed answer. */
export interface AnswerPart {
  readonly type: string;
  readonly delta?: string;
  readonly toolName?: string;
  readonly input?: unknown;
  readonly finishReason?: string | { readonly unified?: string; readonly raw?: string };
  readonly usage?: AnswerUsage;
  readonly providerMetadata?: ProviderMetadata;
  readonly error?: unknown;
}

/** The result of `doGenerate` or `doStream`. Without a stream it is the complete answer. */
export interface CallResult extends Pick<AnswerPart, 'finishReason' | 'usage' | 'providerMetadata'> {
  readonly stream?: ReadableStream<AnswerPart>;
  readonly content?: readonly unknown[];
}

export type ModelCall = (options: CallOptions) => Promise<CallResult>;
