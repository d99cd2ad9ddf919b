import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The part of a chat completion request that tests look at. */
export interface ChatRequest {
  readonly model: string;
  readonly stream?: boolean;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly { readonly function: ToolOffer }[];
  readonly temperature?: number;
}

export interface ChatMessage {
  readonly role: string;
  readonly content: unknown;
  readonly tool_calls?: readonly { readonly function: { readonly name: string } }[];
}

interface ToolOffer {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: { readonly properties?: Readonly<Record<string, { readonly description?: string }>> };
}

/** What the server answers: a text, calls of tools, or an HTTP error. */
export type ChatReply =
  | string
  | {
      readonly content?: string;
      readonly reasoning?: string;
      readonly calls?: readonly { readonly name: string; readonly args: unknown }[];
      readonly finishReason?: string;
      /** How many of the prompt's tokens were read from a cache. */
      readonly cachedTokens?: number;
    }
  | { readonly status: number; readonly error: string }
  /** It is worked on, and billed, but never answered. */
  | { readonly hangs: true };

/** What was worked on. */
export interface Bill {
  calls: number;
  inputTokens: number;
  outputTokens: number;
}

export interface OpenAIServer {
  readonly requests: readonly ChatRequest[];
  /** What was worked on, answered or not. */
  readonly bill: Readonly<Bill>;
  /** Its model, as Mastra's router takes it. */
  readonly model: { readonly id: `${string}/${string}`; readonly url: string };
  close(): Promise<void>;
}

/**
 * A server on loopback that speaks enough of the OpenAI chat API for tests, streaming too. Tokens are words, unless it is
 * told how many a request has.
 */
export async function startOpenAIServer(
  reply: (request: ChatRequest) => ChatReply | Promise<ChatReply>,
  promptTokens = wordsOf,
): Promise<OpenAIServer> {
  const requests: ChatRequest[] = [];
  const bill: Bill = { calls: 0, inputTokens: 0, outputTokens: 0 };
  const server = createServer(async (incoming, response) => {
    const request: ChatRequest = JSON.parse(await readBody(incoming));
    requests.push(request);
    const answered = await reply(request);
    const whole = typeof answered === 'string' ? { content: answered } : answered;
    send(response, request, whole, promptTokens(request), bill);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    requests,
    bill,
    model: { id: 'local/simulated', url: `http://127.0.0.1:${port}/v1` },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The system messages of a request, joined. */
export function systemOf({ messages }: ChatRequest): string {
  return messages
    .filter(({ role }) => role === 'system')
    .map(({ content }) => String(content))
    .join('\n');
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of incoming) body += chunk;
  return body;
}

function send(
  response: ServerResponse,
  request: ChatRequest,
  reply: Exclude<ChatReply, string>,
  prompt: number,
  bill: Bill,
): void {
  if ('status' in reply) {
    response.writeHead(reply.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: reply.error } }));
    return;
  }
  bill.calls++;
  bill.inputTokens += prompt;
  if ('hangs' in reply) return;
  const {
    content = '',
    reasoning,
    calls = [],
    finishReason = calls.length > 0 ? 'tool_calls' : 'stop',
    cachedTokens,
  } = reply;
  const message = {
    role: 'assistant',
    content,
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map(({ name, args }, index) => ({
            index,
            id: `call-${index}-${name}`,
            type: 'function',
            function: { name, arguments: JSON.stringify(args) },
          })),
        }),
  };
  bill.outputTokens += words(content);
  const usage = {
    prompt_tokens: prompt,
    completion_tokens: words(content),
    total_tokens: prompt + words(content),
    ...(cachedTokens === undefined ? {} : { prompt_tokens_details: { cached_tokens: cachedTokens } }),
  };
  const base = { id: 'completion', created: 0, model: request.model };
  if (request.stream !== true) {
    response.writeHead(200, { 'content-type': 'application/json' });
    const choices = [{ index: 0, finish_reason: finishReason, message }];
    response.end(JSON.stringify({ ...base, object: 'chat.completion', choices, usage }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const chunk = (choice: object, more: object = {}) =>
    response.write(
      `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, ...choice }], ...more })}\n\n`,
    );
  chunk({ delta: message, finish_reason: null });
  chunk({ delta: {}, finish_reason: finishReason }, { usage });
  response.end('data: [DONE]\n\n');
}

function wordsOf({ messages }: ChatRequest): number {
  return words(messages.map(({ content }) => String(content)).join(' '));
}

function words(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
