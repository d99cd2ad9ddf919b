import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { RunDirectoryError } from '../errors.ts';
import { RunReader } from '../run-data/read-run.ts';
import { messageOf } from '../text/error-message.ts';
import { exampleDetail, type ReportSource, sourceOf } from './details.ts';
import { readTemplate } from './html.ts';
import { encodeMatrix, type PageData } from './page-data.ts';
import { pageOfRun } from './page-of-run.ts';

export interface WatchOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** The time between two reads of the run directory, in milliseconds. Default 500. */
  readonly intervalMs?: number;
}

export interface WatchServer {
  /** The address of the page, with its token. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the report page on loopback, and follows a run directory as it grows, which need not exist yet. Requests need the
 * token in the address. Only the run's own files are read.
 */
export async function watchRun(
  runDir: string,
  { port = 0, intervalMs = 500 }: WatchOptions = {},
): Promise<WatchServer> {
  const template = readTemplate();
  const page = `${template.head("'self'")}${template.middle}${template.end}`;
  const token = randomBytes(18).toString('base64url');
  const live = new LiveRun(runDir);
  const listeners = new Set<ServerResponse>();
  const notify = () => {
    for (const listener of listeners) listener.write('event: changed\ndata:\n\n');
  };
  const timer = setInterval(() => {
    if (live.update()) notify();
  }, intervalMs);
  const server = createServer((request, response) => {
    try {
      respond(request, response);
    } catch (error) {
      send(response, 500, 'text/plain', messageOf(error));
    }
  });
  await listen(server, port);
  const { port: actual } = server.address() as AddressInfo;
  const hosts = new Set([`127.0.0.1:${actual}`, `localhost:${actual}`]);
  return {
    url: `http://127.0.0.1:${actual}/${token}/`,
    close: async () => {
      clearInterval(timer);
      for (const listener of listeners) listener.end();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };

  function respond(request: IncomingMessage, response: ServerResponse): void {
    // Against DNS rebinding: another page can resolve a host name of its own to loopback.
    if (!hosts.has(request.headers.host ?? '')) send(response, 403, 'text/plain', 'Unknown host.');
    else if (request.method !== 'GET') send(response, 405, 'text/plain', 'Only GET.');
    else {
      const [given = '', ...path] = new URL(request.url ?? '/', 'http://localhost').pathname
        .slice(1)
        .split('/');
      if (isSame(given, token)) serve(path, response);
      else send(response, 403, 'text/plain', 'Open the address that `gepa watch` printed, with its token.');
    }
  }

  /** Only these paths exist; none of them names a file. */
  function serve([what, item, ...more]: readonly string[], response: ServerResponse): void {
    const number = item !== undefined && /^\d{1,9}$/.test(item) ? Number(item) : undefined;
    const kind = item === undefined ? what : number === undefined || more.length > 0 ? undefined : `${what}/`;
    const json = (value: unknown) =>
      value === undefined
        ? send(response, 404, 'text/plain', 'The run has no such part.')
        : send(response, 200, 'application/json', JSON.stringify(value));
    switch (kind) {
      case '':
        send(response, 200, 'text/html; charset=utf-8', page);
        break;
      case 'events':
        follow(response);
        break;
      case 'data':
        if (live.data === undefined) send(response, 204, 'text/plain', '');
        else json(live.data);
        break;
      case 'scores':
        send(response, 200, 'application/octet-stream', live.scores);
        break;
      case 'examples/':
        json(live.example(number!));
        break;
      case 'reflections/':
        json(live.reflection(number!));
        break;
      default:
        send(response, 404, 'text/plain', 'There is nothing here.');
    }
  }

  function follow(response: ServerResponse): void {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' });
    // The data that the page has read may be older than this connection.
    response.write('retry: 1000\n\nevent: changed\ndata:\n\n');
    listeners.add(response);
    response.on('close', () => listeners.delete(response));
  }
}

/** The run as it was at the last read of its directory. */
class LiveRun {
  readonly #reader: RunReader;
  #source: ReportSource | undefined;
  #page: ReturnType<typeof pageOfRun> | undefined;
  #isStale = true;

  constructor(runDir: string) {
    this.#reader = new RunReader(runDir);
    this.update();
  }

  /** Whether something has changed. */
  update(): boolean {
    try {
      const hasChanged = this.#reader.update();
      this.#isStale ||= hasChanged;
      return hasChanged;
    } catch {
      // A file may be replaced or deleted while it is read; the next read may succeed.
      return false;
    }
  }

  /** Undefined before the run has started. */
  get data(): PageData | undefined {
    return this.#read()?.data;
  }

  get scores(): Uint8Array {
    const page = this.#page ?? this.#read();
    return page === undefined ? new Uint8Array(8) : encodeMatrix(page.matrix);
  }

  example(number: number): unknown {
    const source = this.#current();
    if (source?.data.examples[number] === undefined) return undefined;
    const rollouts = source.data.rollouts.filter(({ example }) => example === number);
    return exampleDetail(source, number, rollouts);
  }

  reflection(number: number): unknown {
    const source = this.#current();
    const head = source?.data.reflections[number];
    return head === undefined ? undefined : source!.reflection(head.detail);
  }

  #read(): ReturnType<typeof pageOfRun> | undefined {
    const source = this.#current();
    if (source === undefined) return undefined;
    this.#page ??= pageOfRun(source.data);
    return this.#page;
  }

  #current(): ReportSource | undefined {
    if (!this.#isStale) return this.#source;
    try {
      this.#source = sourceOf(this.#reader);
    } catch (error) {
      if (!RunDirectoryError.isInstance(error)) throw error;
      this.#source = undefined;
    }
    this.#page = undefined;
    this.#isStale = false;
    return this.#source;
  }
}

const headers = {
  'cache-control': 'no-store',
  'content-security-policy': "frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** From this size on, compression saves time. */
const COMPRESS = 100_000;

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const isLarge = bytes.length > COMPRESS;
  response.writeHead(status, {
    ...headers,
    'content-type': type,
    ...(isLarge ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(isLarge ? gzipSync(bytes, { level: 1 }) : bytes);
}

function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}
