import { afterAll, beforeAll } from 'vitest';
import type { LoopbackServer } from '../server.ts';

/**
 * A server for the tests of a file or a suite: it starts before the first of them and is closed after the last. Its
 * fields cannot be read before it has started.
 */
export function useServer<Server extends LoopbackServer>(start: () => Promise<Server>): Server {
  let server: Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.close());
  return new Proxy({} as Server, {
    get: (_, name) => Reflect.get(server, name),
    set: (_, name, value) => Reflect.set(server, name, value),
  });
}
