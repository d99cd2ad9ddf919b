import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Redis for the example: that of `REDIS_URL`, or a new one. */
export interface ExampleRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts Redis unless `REDIS_URL` names one. `undefined` where it is not installed. */
export async function startRedis(): Promise<ExampleRedis | undefined> {
  const { REDIS_URL } = process.env;
  if (REDIS_URL) return { url: REDIS_URL, stop: async () => {} };
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined;
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'gepa-redis-'));
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', ''];
  const server = spawn('redis-server', options, { stdio: 'ignore' });
  process.once('exit', () => server.kill());
  return { url: `redis://127.0.0.1:${port}`, stop: () => stop(server, directory) };
}

async function stop(server: ChildProcess, directory: string): Promise<void> {
  server.kill();
  await once(server, 'exit');
  rmSync(directory, { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}
