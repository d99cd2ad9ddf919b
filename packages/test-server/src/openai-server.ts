import type { ServerResponse } from 'node:http';
import type { ChatAnswer, ChatMessage, ChatReply, ChatRequest } from './chat.ts';
import { type LoopbackServer, sendJson, startServer } from './server.ts';

/** A loopback server whose `url` is the base URL for an OpenAI client. */
export interface OpenAIServer extends LoopbackServer {
  /** Every request so far, in order of arrival. */
  readonly requests: readonly ChatRequest[];
}

/**
 * Starts a server that speaks enough of OpenAI's chat completions API (streaming too) and Responses API (without
 * streaming) for tests. A request to the Responses API reaches `reply` as one of the chat API.
 */
export async function startOpenAIServer(
  reply: (request: ChatRequest) => ChatReply | Promise<ChatReply>,
): Promise<OpenAIServer> {
  const requests: ChatRequest[] = [];
  const server = await startServer(async ({ body }, response) => {
    const request = readRequest(JSON.parse(body));
    requests.push(request);
    const replied = await reply(request);
    send(response, request, typeof replied === 'string' ? { content: replied } : replied);
  });
  return { ...server, url: `${server.url}/v1`, requests };
}

function readRequest(body: ChatRequest & { readonly input?: string | readonly ChatMessage[] }): ChatRequest {
  const { input } = body;
  if (input === undefined) return body;
  return { ...body, messages: typeof input === 'string' ? [{ role: 'user', content: input }] : input };
}

function send(response: ServerResponse, request: ChatRequest, reply: Exclude<ChatReply, string>): void {
  if ('connection' in reply) {
    if (reply.connection === 'drops') response.destroy();
  } else if ('status' in reply) {
    const { status, error: message, code } = reply;
    sendJson(response, status, { error: { message, type: code, code } });
  } else if (request.stream === true) {
    sendEvents(response, request, reply);
  } else {
    const answer = 'input' in request ? responsesAnswer(request, reply) : completion(request, reply);
    if (reply.breaks === true) sendPart(response, answer);
    else sendJson(response, 200, answer);
  }
}

/** Ends the connection one character before the end of the answer. */
function sendPart(response: ServerResponse, answer: object): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(JSON.stringify(answer).slice(0, -1), () => response.destroy());
}

function sendEvents(response: ServerResponse, request: ChatRequest, answer: ChatAnswer): void {
  const { choices, usage, ...base } = completion(request, answer);
  const { message, finish_reason } = choices[0]!;
  const chunk = (fields: object) =>
    response.write(`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', ...fields })}\n\n`);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  chunk({ choices: [{ index: 0, delta: message, finish_reason: null }] });
  if (answer.breaks === true) {
    setImmediate(() => response.destroy());
    return;
  }
  chunk({ choices: [{ index: 0, delta: {}, finish_reason }] });
  chunk({ choices: [], usage });
  response.end('data: [DONE]\n\n');
}

function completion(request: ChatRequest, answer: ChatAnswer) {
  const { content = '', reasoning, calls = [], cachedTokens, cacheWriteTokens } = answer;
  const { finishReason = calls.length > 0 ? 'tool_calls' : 'stop' } = answer;
  const { prompt, completion } = tokensOf(request, answer);
  const isCached = cachedTokens !== undefined || cacheWriteTokens !== undefined;
  const message = {
    role: 'assistant',
    content,
    reasoning_content: reasoning,
    tool_calls:
      calls.length === 0
        ? undefined
        : calls.map(({ name, args, id }, index) => ({
            index,
            id: id ?? `call-${index}-${name}`,
            type: 'function',
            function: { name, arguments: JSON.stringify(args) },
          })),
  };
  return {
    id: crypto.randomUUID(), // Messages with the same id replace each other in the state of a LangGraph graph.
    object: 'chat.completion',
    created: 0,
    model: request.model,
    choices: [{ index: 0, finish_reason: finishReason, message }],
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      prompt_tokens_details: isCached
        ? { cached_tokens: cachedTokens, cache_write_tokens: cacheWriteTokens }
        : undefined,
    },
  };
}

function responsesAnswer(request: ChatRequest, answer: ChatAnswer): object {
  const { content: text = '', finishReason } = answer;
  const { prompt, completion } = tokensOf(request, answer);
  return {
    id: '1',
    object: 'response',
    model: request.model,
    output: [
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] },
    ],
    usage: { input_tokens: prompt, output_tokens: completion },
    ...(finishReason === 'length'
      ? { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
      : { status: 'completed' }),
  };
}

function tokensOf(request: ChatRequest, { tokens, content = '' }: ChatAnswer) {
  if (tokens !== undefined) return tokens;
  const sent = request.messages.map((message) => String(message.content)).join(' ');
  return { prompt: countWords(sent), completion: countWords(content) };
}

function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
