import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from '@mastra/core/agent';
import { noopLogger } from '@mastra/core/logger';
import { type FailureKind, failureKind } from 'gepa-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

let server: Server;
let answer: readonly [status: number, code?: string] | 'drops';
beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    if (answer === 'drops') return void response.destroy();
    const [status, code] = answer;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: 'no', type: code, code } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it.each<[typeof answer, FailureKind]>([
  [[429], 'transient'],
  [[429, 'rate_limit_exceeded'], 'transient'],
  [[500], 'transient'],
  [[503], 'transient'],
  ['drops', 'transient'],
  [[429, 'insufficient_quota'], 'refused'],
  [[401], 'refused'],
  [[402], 'refused'],
  [[403], 'refused'],
  [[404], 'refused'],
  [[400], 'program'],
])('an agent whose server says %j failed in a way that is %s', async (says, kind) => {
  answer = says;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const agent = new Agent({
    id: 'agent',
    name: 'Agent',
    instructions: 'Answer.',
    model: { id: 'local/simulated', url },
    maxRetries: 0,
  });
  agent.__setLogger(noopLogger);
  const error = await agent.generate('hello').catch((error: unknown) => error);
  expect(error).toBeInstanceOf(Error);
  expect(failureKind(error)).toBe(kind);
});
