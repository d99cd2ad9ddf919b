/** A request of the OpenAI chat-completions protocol, as far as the simulated model reads it. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly Tool[];
}

export interface Tool {
  readonly function: {
    readonly name: string;
    readonly parameters?: { readonly properties?: Readonly<Record<string, unknown>> };
  };
}

export interface ChatMessage {
  readonly role: string;
  readonly content: string | readonly { readonly type: string; readonly text?: string }[] | null;
}

/** What a behaviour answers. */
export interface Answer {
  readonly content: string;
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  readonly toolCall?: ToolCall;
}

export interface ToolCall {
  readonly name: string;
  readonly args: Readonly<Record<string, string>>;
}

/** The text of a message, whether it came whole or in parts. */
export function textOf({ content }: ChatMessage): string {
  if (typeof content === 'string' || content === null) return content ?? '';
  return content.map((part) => part.text ?? '').join('\n');
}

/** The response in the shape of the protocol, with tokens estimated at four characters each. */
export function completion(id: string, request: ChatRequest, answer: Answer) {
  return {
    ...head(id, 'chat.completion', request),
    choices: [
      { index: 0, message: messageOf(id, answer), finish_reason: answer.finishReason, logprobs: null },
    ],
    usage: usageOf(request, answer),
  };
}

/** The same as a stream of events: the message in one piece, then its end. */
export function completionEvents(id: string, request: ChatRequest, answer: Answer): string {
  const base = head(id, 'chat.completion.chunk', request);
  const chunks = [
    { ...base, choices: [{ index: 0, delta: messageOf(id, answer), finish_reason: null }] },
    {
      ...base,
      choices: [{ index: 0, delta: {}, finish_reason: answer.finishReason }],
      usage: usageOf(request, answer),
    },
  ];
  return [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]']
    .map((data) => `data: ${data}\n\n`)
    .join('');
}

function head(id: string, object: string, { model }: ChatRequest) {
  return { id, object, created: Math.floor(Date.now() / 1000), model };
}

function messageOf(id: string, { content, toolCall }: Answer) {
  if (toolCall === undefined) return { role: 'assistant', content };
  const { name, args } = toolCall;
  const call = {
    index: 0,
    id: `call-${id}`,
    type: 'function',
    function: { name, arguments: JSON.stringify(args) },
  };
  return { role: 'assistant', content: null, tool_calls: [call] };
}

function usageOf({ messages }: ChatRequest, { content, toolCall }: Answer) {
  const promptTokens = tokens(messages.map(textOf).join('\n'));
  const completionTokens = tokens(toolCall === undefined ? content : JSON.stringify(toolCall));
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

function tokens(text: string): number {
  return Math.ceil(text.length / 4);
}
