import type { Channel } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { getContextVariable } from '@langchain/core/context';
import { isNode } from '../program/node.ts';
import type { ClientRequest as Request } from './client-tries.ts';
import { RolloutTracer } from './tracer.ts';

/** What the `fetch` of Node reports about a request. */
interface FetchMessage {
  readonly request: { readonly origin: string | URL; readonly method: string; readonly path: string };
  readonly response: {
    readonly statusCode: number;
    readonly statusText: string;
    readonly headers: readonly Buffer[];
  };
  readonly error: unknown;
}
interface HttpMessage {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
  readonly error: unknown;
}
interface Http2Message {
  readonly stream: ClientHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly error: unknown;
}

/** Requests in progress, by the object that the runtime reports about. */
const requests = new WeakMap<object, { readonly sent: Request; readonly tracer: RolloutTracer }>();

function began(key: object, sent: Request): void {
  const tracer: unknown = getContextVariable(RolloutTracer.handlerName);
  // Compared by method: the tracer may come from another installed copy of this package.
  if (!isNode(tracer) || typeof tracer.requestBegan !== 'function') return;
  requests.set(key, { sent, tracer: tracer as unknown as RolloutTracer });
  (tracer as unknown as RolloutTracer).requestBegan(sent);
}

function answered(key: object, status: number, reason: string, headers: object): void {
  const { sent, tracer } = requests.get(key) ?? {};
  if (sent === undefined) return;
  const error =
    status < 400 ? undefined : Object.assign(new Error(`${status} ${reason}`.trim()), { status, headers });
  tracer?.requestEnded(sent, error);
}

function failed(key: object, error: unknown): void {
  const { sent, tracer } = requests.get(key) ?? {};
  if (sent !== undefined) tracer?.requestEnded(sent, error);
}

/** The runtime's channels, of `fetch`, `node:http` and `node:http2`. Other runtimes have none. */
const listeners: Readonly<Record<string, (message: never) => void>> = {
  'undici:request:create': ({ request }: FetchMessage) =>
    began(request, { host: new URL(request.origin).host, method: request.method, path: request.path }),
  'undici:request:headers': ({ request, response }: FetchMessage) =>
    answered(request, response.statusCode, response.statusText, pairs(response.headers)),
  'undici:request:error': ({ request, error }: FetchMessage) => failed(request, error),
  'http.client.request.start': ({ request }: HttpMessage) =>
    began(request, {
      host: String(request.getHeader('host') ?? request.host),
      method: request.method,
      path: request.path,
    }),
  'http.client.response.finish': ({ request, response }: HttpMessage) =>
    answered(request, response.statusCode ?? 0, response.statusMessage ?? '', response.headers),
  'http.client.request.error': ({ request, error }: HttpMessage) => failed(request, error),
  'http2.client.stream.created': ({ stream, headers }: Http2Message) =>
    began(stream, {
      host: String(headers[':authority'] ?? ''),
      method: String(headers[':method']),
      path: String(headers[':path'] ?? ''),
    }),
  'http2.client.stream.finish': ({ stream, headers }: Http2Message) =>
    answered(stream, Number(headers[':status']), '', headers),
  'http2.client.stream.error': ({ stream, error }: Http2Message) => failed(stream, error),
};

function pairs(headers: readonly Buffer[]): object {
  const entries = headers.flatMap((name, i) =>
    i % 2 === 0 ? [[String(name).toLowerCase(), String(headers[i + 1])]] : [],
  );
  return Object.fromEntries(entries);
}

let watches = 0;

/** Reports requests to the tracer of the rollout that they belong to, until the returned function is called. */
export function watchRequests(): () => void {
  if (watches++ === 0) eachChannel((channel, listener) => channel.subscribe(listener));
  return () => {
    if (--watches === 0) eachChannel((channel, listener) => channel.unsubscribe(listener));
  };
}

type Listener = Parameters<Channel['subscribe']>[0];

function eachChannel(call: (channel: Channel, listener: Listener) => void): void {
  const channels = globalThis.process?.getBuiltinModule?.('node:diagnostics_channel');
  if (channels === undefined) return;
  for (const [name, listener] of Object.entries(listeners))
    call(channels.channel(name), listener as unknown as Listener);
}
