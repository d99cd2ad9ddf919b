import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The part of a chat completion request that tests look at. */
export interface ChatRequest {
  readonly model: string;
  readonly stream?: boolean;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly { readonly function: ToolOffer }[];
  readonly temperature?: number;
  readonly max_tokens?: number;
  readonly response_format?: { readonly type: string };
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
      /** Default: as many tokens as words. */
      readonly tokens?: { readonly sent: number; readonly written: number };
      /** Whether the connection breaks in the middle of the answer. */
      readonly breaks?: boolean;
    }
  | { readonly status: number; readonly error: string };

export interface OpenAIServer {
  readonly requests: readonly ChatRequest[];
  /** Its model, as Mastra's router takes it. */
  readonly model: { readonly id: `${string}/${string}`; readonly url: string };
  close(): Promise<void>;
}

/** A server on loopback that speaks enough of the OpenAI chat API for tests, streaming too. Tokens are words. */
export async function startOpenAIServer(
  reply: (request: ChatRequest) => ChatReply | Promise<ChatReply>,
): Promise<OpenAIServer> {
  const requests: ChatRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const request: ChatRequest = JSON.parse(await readBody(incoming));
    requests.push(request);
    const answered = await reply(request);
    send(response, request, typeof answered === 'string' ? { content: answered } : answered);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    requests,
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

function send(response: ServerResponse, request: ChatRequest, reply: Exclude<ChatReply, string>): void {
  if ('status' in reply) {
    response.writeHead(reply.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: reply.error } }));
    return;
  }
  const {
    content = '',
    reasoning,
    calls = [],
    finishReason = calls.length > 0 ? 'tool_calls' : 'stop',
    cachedTokens,
    tokens = {
      sent: words(request.messages.map((one) => String(one.content)).join(' ')),
      written: words(content),
    },
    breaks = false,
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
  const usage = {
    prompt_tokens: tokens.sent,
    completion_tokens: tokens.written,
    total_tokens: tokens.sent + tokens.written,
    ...(cachedTokens === undefined ? {} : { prompt_tokens_details: { cached_tokens: cachedTokens } }),
  };
  const base = { id: 'completion', created: 0, model: request.model };
  if (request.stream !== true) {
    response.writeHead(200, { 'content-type': 'application/json' });
    const choices = [{ index: 0, finish_reason: finishReason, message }];
    const answer = JSON.stringify({ ...base, object: 'chat.completion', choices, usage });
    if (breaks) response.write(answer.slice(0, -1), () => response.destroy());
    else response.end(answer);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const chunk = (choice: object, more: object = {}) =>
    response.write(
      `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, ...choice }], ...more })}\n\n`,
    );
  chunk({ delta: message, finish_reason: null });
  if (breaks) {
    setImmediate(() => response.destroy());
    return;
  }
  chunk({ delta: {}, finish_reason: finishReason }, { usage });
  response.end('data: [DONE]\n\n');
}

function words(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
