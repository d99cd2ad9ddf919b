import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { chance } from './chance.ts';
import {
  createLuck,
  defaultRates,
  type Luck,
  type Mishap,
  type MishapRates,
  withProse,
  writeDown,
} from './mishaps.ts';
import { type Answer, type ChatRequest, completion, completionEvents, textOf } from './protocol.ts';
import { rewrite } from './reflection-behaviour.ts';
import { taskAnswer, toldJsonAlone } from './task-behaviour.ts';
import { nextToolCall, withoutTools } from './tool-behaviour.ts';

export const taskModel = 'simulated-task';
export const reflectionModel = 'simulated-reflection';

export interface SimulatedModelOptions {
  /** Decides, with the content of a request, every mishap. Default: 0. */
  readonly seed?: number;
  /** Least and greatest time to an answer, in milliseconds. Default: 5 to 30. */
  readonly latencyMs?: readonly [least: number, greatest: number];
  /** How often it fails, by kind of failure. What is left out keeps its default, a few percent. */
  readonly rates?: Partial<MishapRates>;
}

export interface SimulatedModelStats {
  /** Requests received, by model. */
  readonly requests: Readonly<Record<string, number>>;
  /** Mishaps, by kind. */
  readonly mishaps: Readonly<Partial<Record<Mishap, number>>>;
}

export interface SimulatedModel {
  /** The base URL to give to an OpenAI client. */
  readonly url: string;
  readonly stats: SimulatedModelStats;
  close(): Promise<void>;
}

const requestSchema = z.object({
  model: z.string(),
  messages: z
    .array(
      z.object({
        role: z.string(),
        content: z.union([
          z.string(),
          z.null(),
          z.array(z.object({ type: z.string(), text: z.string().exactOptional() })),
        ]),
      }),
    )
    .min(1),
  stream: z.boolean().nullish(),
  tools: z
    .array(
      z.object({
        function: z.object({
          name: z.string(),
          parameters: z
            .object({ properties: z.record(z.string(), z.unknown()).exactOptional() })
            .exactOptional(),
        }),
      }),
    )
    .exactOptional(),
});

/**
 * Starts a server on this machine that speaks the OpenAI chat-completions protocol and plays two models: one that
 * follows the rules it finds in its instructions, and one that rewrites instructions by the feedback it is shown.
 * Neither knows anything about a data set. The same request gets the same answer; only after a mishap that calls for
 * a retry does the next attempt take its own chance.
 */
export async function startSimulatedModel(options: SimulatedModelOptions = {}): Promise<SimulatedModel> {
  const { seed = 0, latencyMs: [least, greatest] = [5, 30] } = options;
  const requests: Record<string, number> = {};
  const mishaps: Partial<Record<Mishap, number>> = {};
  const failures = new Map<string, number>();
  const count = (mishap: Mishap) => {
    mishaps[mishap] = (mishaps[mishap] ?? 0) + 1;
  };
  const luck = createLuck(seed, { ...defaultRates, ...options.rates }, count);

  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (incoming.method !== 'POST' || incoming.url !== '/v1/chat/completions') {
      return fail(response, 404, 'not_found', `There is no ${incoming.method} ${incoming.url} here.`);
    }
    const read = requestSchema.safeParse(await json(incoming));
    if (!read.success) return fail(response, 400, 'invalid_request_error', z.prettifyError(read.error));
    const { stream, ...request } = read.data;
    if (request.model !== taskModel && request.model !== reflectionModel) {
      return fail(
        response,
        404,
        'model_not_found',
        `The models here are ${taskModel} and ${reflectionModel}.`,
      );
    }
    requests[request.model] = (requests[request.model] ?? 0) + 1;
    const key = JSON.stringify([request.model, request.messages]);
    const attempt = failures.get(key) ?? 0;
    await sleep(least + chance(seed, 'latency', key) * (greatest - least));

    if (luck('rateLimited', key, attempt)) {
      failures.set(key, attempt + 1);
      return fail(response, 429, 'rate_limit_exceeded', 'Too many requests, try once more.', {
        'retry-after': '0',
      });
    }
    if (luck('serverError', key, attempt)) {
      failures.set(key, attempt + 1);
      return fail(response, 500, 'server_error', 'The simulated server had a mishap.');
    }
    const play = request.model === taskModel ? answerTask : answerReflection;
    const { answer, worthRetrying } = play(request, key, attempt, luck);
    if (worthRetrying) failures.set(key, attempt + 1);
    else failures.delete(key);
    const id = `chatcmpl-${Math.floor(chance(seed, 'id', key, attempt) * 2 ** 32).toString(36)}`;
    if (stream) {
      response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(completionEvents(id, request, answer));
      return;
    }
    send(response, 200, completion(id, request, answer));
  }

  const server = createServer((incoming, response) => {
    respond(incoming, response).catch((error: unknown) => fail(response, 500, 'server_error', String(error)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    stats: { requests, mishaps },
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

interface Play {
  readonly answer: Answer;
  /** Whether asking once more may give another answer. */
  readonly worthRetrying: boolean;
}

/** What the task model says: its calls of tools first, if it has some. */
function answerTask(request: ChatRequest, key: string, _attempt: number, luck: Luck): Play {
  const toolCall = nextToolCall(request);
  if (toolCall !== undefined) {
    return { answer: { content: '', finishReason: 'tool_calls', toolCall }, worthRetrying: false };
  }
  const messages = withoutTools(request.messages);
  const content = taskAnswer(messages, (rule, text) => luck('overlookedRule', rule.when, text));
  const talks = luck(toldJsonAlone(messages) ? 'proseDespiteOrder' : 'proseAroundJson', key);
  return {
    answer: { content: talks ? withProse(content, key) : content, finishReason: 'stop' },
    worthRetrying: false,
  };
}

/** What the reflection model says, with what went wrong in writing it down. */
function answerReflection({ messages }: ChatRequest, key: string, attempt: number, luck: Luck): Play {
  const { text, fence } = rewrite(messages.map(textOf).join('\n\n'), (rule) => luck('carelessRule', rule));
  let spoiled = false;
  const answer = writeDown(text, fence, (mishap) => {
    const hit = luck(mishap, key, attempt);
    spoiled ||= hit && mishap !== 'chatter';
    return hit;
  });
  return { answer, worthRetrying: spoiled };
}

async function json(incoming: IncomingMessage): Promise<unknown> {
  let body = '';
  for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function fail(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  send(response, status, { error: { message, type: code, code, param: null } }, headers);
}

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
