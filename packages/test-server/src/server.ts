import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An HTTP server on a free port of 127.0.0.1. */
export interface LoopbackServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** Stops the server and ends its open connections. */
  close(): Promise<void>;
}

export interface HttpRequest {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  readonly body: string;
}

/**
 * Starts a server that hands each request, with its whole body, to `respond`. A request that `respond` leaves open
 * hangs until `close`. An error that `respond` throws is an unhandled rejection, so that the test run fails.
 */
export async function startServer(
  respond: (request: HttpRequest, response: ServerResponse) => unknown,
): Promise<LoopbackServer> {
  const server = createServer(async (incoming, response) => {
    const body = await text(incoming).catch(() => undefined);
    // The client disconnected before it had sent everything.
    if (body === undefined) return void response.destroy();
    await respond({ method: incoming.method ?? '', path: incoming.url ?? '', body }, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
