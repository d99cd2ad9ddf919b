/** The part of a chat completion request that tests look at. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly { readonly function: OfferedTool }[];
  readonly max_tokens?: number;
  readonly temperature?: number;
  readonly response_format?: { readonly type: string };
  readonly stream?: boolean;
}

export interface ChatMessage {
  readonly role: string;
  readonly content: unknown;
  readonly tool_calls?: readonly { readonly function: { readonly name: string } }[];
}

export interface OfferedTool {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: { readonly properties?: Readonly<Record<string, { readonly description?: string }>> };
}

export interface ChatToolCall {
  readonly name: string;
  readonly args: unknown;
  /** Default: `call-<index>-<name>`. */
  readonly id?: string;
}

/** The simulated model's reply: its text, an answer with details, an HTTP error, or a connection that fails. */
export type ChatReply =
  | string
  | ChatAnswer
  | { readonly status: number; readonly error: string; readonly code?: string }
  | { readonly connection: 'drops' | 'hangs' };

export interface ChatAnswer {
  /** Default: the empty string. */
  readonly content?: string;
  readonly reasoning?: string;
  readonly calls?: readonly ChatToolCall[];
  /** Default: `tool_calls` for an answer with calls, else `stop`. */
  readonly finishReason?: string;
  /** Default: one token per word. */
  readonly tokens?: { readonly prompt: number; readonly completion: number };
  /** How many of the prompt's tokens were read from a cache. */
  readonly cachedTokens?: number;
  /** How many of the prompt's tokens were written to a cache. */
  readonly cacheWriteTokens?: number;
  /** Whether the connection breaks in the middle of the answer. */
  readonly breaks?: boolean;
}

/** The text of a message, whether its content is a string or a list of parts. */
export function contentText(message: ChatMessage | undefined): string {
  const content = message?.content ?? '';
  return Array.isArray(content) ? content.map((part) => part.text ?? '').join('') : String(content);
}

/** The system messages of a request, one per line. */
export function systemOf({ messages }: Pick<ChatRequest, 'messages'>): string {
  return messages
    .filter(({ role }) => role === 'system')
    .map(contentText)
    .join('\n');
}
