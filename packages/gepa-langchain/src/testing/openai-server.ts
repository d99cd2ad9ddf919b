import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ChatOpenAI } from '@langchain/openai';

/** The part of a chat completion request that tests look at. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly tools?: readonly {
    readonly function: {
      readonly name: string;
      readonly description?: string;
      readonly parameters?: unknown;
    };
  }[];
  readonly max_tokens?: number;
  readonly stream?: boolean;
}

/** The text of a message, whether it came whole or in parts. */
export function contentText(message: ChatRequest['messages'][number] | undefined): string {
  const content = message?.content ?? '';
  return Array.isArray(content) ? content.map((part) => part.text ?? '').join('') : String(content);
}

/** What the simulated model answers: a text, a message of the API, or an HTTP error. */
export type ChatReply =
  | string
  | {
      readonly content?: string;
      readonly tool_calls?: readonly unknown[];
      readonly finish_reason?: string;
      /** How many tokens the request and the answer are said to have. Default: as many as words. */
      readonly tokens?: { readonly prompt: number; readonly completion: number };
      /** How many of the prompt's tokens were read from a cache, or written to one. */
      readonly cached?: { readonly cached_tokens?: number; readonly cache_write_tokens?: number };
    }
  | { readonly status: number; readonly error: string };

export interface OpenAIServer {
  readonly url: string;
  readonly requests: readonly ChatRequest[];
  /** A real client of this server. It does not retry. */
  model(fields?: ConstructorParameters<typeof ChatOpenAI>[0]): ChatOpenAI;
  close(): Promise<void>;
}

/** A server on loopback that speaks enough of OpenAI's chat and responses APIs for tests. */
export async function startOpenAIServer(
  reply: (request: ChatRequest) => ChatReply | Promise<ChatReply>,
): Promise<OpenAIServer> {
  const requests: ChatRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const request = readRequest(JSON.parse(await readBody(incoming)));
    requests.push(request);
    send(response, request, await reply(request));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    requests,
    model: (fields) =>
      new ChatOpenAI({
        model: 'simulated',
        apiKey: 'unused',
        maxRetries: 0,
        configuration: { baseURL: url },
        ...fields,
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A request of the responses API, as one of the chat API. */
function readRequest(body: ChatRequest & { readonly input?: string | ChatRequest['messages'] }): ChatRequest {
  const { input } = body;
  if (input === undefined) return body;
  return { ...body, messages: typeof input === 'string' ? [{ role: 'user', content: input }] : input };
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of incoming) body += chunk;
  return body;
}

function send(response: ServerResponse, request: ChatRequest, reply: ChatReply): void {
  const { status, body } = answer(request, typeof reply === 'string' ? { content: reply } : reply);
  if (request.stream === true && status === 200) {
    const { choices, ...rest } = body as { choices: { message: unknown }[] };
    const chunks = [
      {
        ...rest,
        usage: null,
        choices: choices.map(({ message: delta, ...choice }) => ({ ...choice, delta })),
      },
      { ...rest, choices: [] },
    ].map((chunk) => `data: ${JSON.stringify({ ...chunk, object: 'chat.completion.chunk' })}\n\n`);
    response.writeHead(status, { 'content-type': 'text/event-stream' });
    response.end(`${chunks.join('')}data: [DONE]\n\n`);
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function answer(request: ChatRequest, reply: Exclude<ChatReply, string>): { status: number; body: unknown } {
  if ('status' in reply) return { status: reply.status, body: { error: { message: reply.error } } };
  const { content = '', tool_calls, finish_reason = 'stop', cached, tokens } = reply;
  const prompt =
    tokens?.prompt ?? countWords(request.messages.map((message) => String(message.content)).join(' '));
  const completion = tokens?.completion ?? countWords(content);
  if ('input' in request) {
    const output = [
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: content, annotations: [] }],
      },
    ];
    const usage = { input_tokens: prompt, output_tokens: completion };
    const ending =
      finish_reason === 'length'
        ? { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
        : { status: 'completed' };
    return {
      status: 200,
      body: { id: '1', object: 'response', model: request.model, output, usage, ...ending },
    };
  }
  return {
    status: 200,
    body: {
      id: crypto.randomUUID(), // Messages of one id replace each other in the state of a graph.
      object: 'chat.completion',
      created: 0,
      model: request.model,
      choices: [{ index: 0, finish_reason, message: { role: 'assistant', content, tool_calls } }],
      usage: {
        prompt_tokens: prompt,
        completion_tokens: completion,
        total_tokens: prompt + completion,
        ...(cached === undefined ? {} : { prompt_tokens_details: cached }),
      },
    },
  };
}

function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
