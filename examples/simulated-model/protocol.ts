/** A request of the OpenAI chat-completions protocol, as far as the simulated model reads it. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
}

export interface ChatMessage {
  readonly role: string;
  readonly content: string | readonly { readonly type: string; readonly text?: string }[] | null;
}

/** What a behaviour answers. */
export interface Answer {
  readonly content: string;
  readonly finishReason: 'stop' | 'length';
}

/** The text of a message, whether it came whole or in parts. */
export function textOf({ content }: ChatMessage): string {
  if (typeof content === 'string' || content === null) return content ?? '';
  return content.map((part) => part.text ?? '').join('\n');
}

/** The response in the shape of the protocol, with tokens estimated at four characters each. */
export function completion(id: string, { model, messages }: ChatRequest, { content, finishReason }: Answer) {
  const promptTokens = tokens(messages.map(textOf).join('\n'));
  const completionTokens = tokens(content);
  return {
    id,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [
      { index: 0, message: { role: 'assistant', content }, finish_reason: finishReason, logprobs: null },
    ],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  };
}

function tokens(text: string): number {
  return Math.ceil(text.length / 4);
}
