import { Agent } from '@mastra/core/agent';
import { noopLogger } from '@mastra/core/logger';
import { SeedError } from 'gepa-core';
import { type FailingServer, startFailingServer, watchRequestsInProgress } from 'gepa-test-server';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { gepa } from './gepa.ts';
import { modelOf } from './testing/openai-server.ts';

let server: FailingServer;
beforeAll(async () => {
  server = await startFailingServer();
});
afterAll(() => server.close());
afterEach(() => {
  vi.useRealTimers();
});

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Compiles an agent by a clock that stands still while a request is in progress. */
async function outcomeOf(url: string) {
  const requests = watchRequestsInProgress();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const startedAt = performance.now();
  const retries: string[] = [];
  const model = modelOf({ ...server, url: `${url}/v1` } as never);
  const agent = new Agent({ id: 'agent', name: 'Agent', instructions: 'Answer.', model, maxRetries: 50 });
  agent.__setLogger(noopLogger);
  let outcome: unknown;
  void gepa(agent)
    .compile({
      trainset: [{ input: 'hello' }],
      metric: () => 1,
      propose: async () => ({}),
      maxMetricCalls: 1,
      onEvent: (event) => {
        if (event.type === 'retried') retries.push(event.message);
      },
    })
    .then(
      ({ result }) => {
        outcome = result;
      },
      (error: unknown) => {
        outcome = error;
      },
    );
  // What comes before the first request takes any time.
  while (requests.total === 0) await nextTurn();
  let quietTurns = 0;
  for (let { total } = requests; outcome === undefined; { total } = requests) {
    await nextTurn();
    quietTurns = requests.count > 0 || requests.total !== total ? 0 : quietTurns + 1;
    if (quietTurns > 50) {
      quietTurns = 0;
      await vi.advanceTimersToNextTimerAsync();
    }
  }
  requests.stop();
  return { outcome, retries, seconds: (performance.now() - startedAt) / 1000 };
}

it('an agent whose provider is down is given up after two minutes, its own retries included, and shows each of them', async () => {
  server.response = { status: 503, body: '{"error":{"message":"overloaded"}}' };
  const { outcome, retries, seconds } = await outcomeOf(server.url);
  expect(outcome).toBeInstanceOf(SeedError);
  expect((outcome as Error).message).toMatch(/503|overloaded/i);
  expect(seconds).toBeGreaterThan(60);
  expect(seconds).toBeLessThan(130);
  expect(retries).toHaveLength(server.requests - 1);
  for (const message of retries) expect(message).toMatch(/503|overloaded|Service Unavailable/i);
}, 60_000);

it('a retry-after beyond the two minutes ends the run at once, though the agent would try again', async () => {
  server.response = { status: 429, body: '{"error":{"message":"slow"}}', headers: { 'retry-after': '3600' } };
  const { outcome, seconds } = await outcomeOf(server.url);
  expect(outcome).toBeInstanceOf(SeedError);
  expect(seconds).toBeLessThan(5);
}, 60_000);

it('an agent whose model is at a wrong port ends the run within seconds, with the address', async () => {
  const gone = await startFailingServer();
  await gone.close();
  const { outcome, retries, seconds } = await outcomeOf(gone.url);
  expect(outcome).toBeInstanceOf(SeedError);
  expect((outcome as Error).message).toContain(`ECONNREFUSED ${new URL(gone.url).host}`);
  expect(retries.length).toBeGreaterThanOrEqual(3);
  expect(seconds).toBeLessThan(20);
}, 60_000);
