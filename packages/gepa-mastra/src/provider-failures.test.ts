// @module-tag slow
import { Agent } from '@mastra/core/agent';
import { noopLogger } from '@mastra/core/logger';
import { SeedError } from 'gepa-core';
import { type FailingServer, providerFailures, startFailingServer } from 'gepa-test-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gepa } from './gepa.ts';
import { modelOf } from './testing/openai-server.ts';

let server: FailingServer;
beforeAll(async () => {
  server = await startFailingServer();
});
afterAll(() => server.close());

/** What a run makes of an agent whose every model call fails: the retries, and the scores, unless the run ended. */
async function outcomeOf(model: ReturnType<typeof modelOf>) {
  let retries = 0;
  const agent = new Agent({ id: 'agent', name: 'Agent', instructions: 'Answer.', model, maxRetries: 0 });
  agent.__setLogger(noopLogger);
  const outcome = await gepa(agent)
    .compile({
      trainset: [{ input: 'hello' }],
      metric: () => 1,
      propose: async () => ({}),
      maxMetricCalls: 1,
      retry: { retries: 1, minDelayMs: 0, maxDelayMs: 1 },
      onEvent: ({ type }) => {
        if (type === 'retried') retries++;
      },
    })
    .then(
      ({ result }) => result.candidates[0]!.scores,
      (error: unknown) => error,
    );
  return { retries, outcome };
}

/** Mastra's models for any URL speak OpenAI's protocol. */
const failures = providerFailures.filter(({ provider }) => provider === 'openai');

it.each(failures)(
  'an agent whose model gets "$name" ($response.status) fails in a way that is "$kind"',
  async ({ kind, response }) => {
    server.response = response;
    const { retries, outcome } = await outcomeOf(modelOf({ ...server, url: `${server.url}/v1` } as never));
    if (kind === 'program') {
      expect(outcome).toEqual([0]);
    } else {
      // No score at all.
      expect(outcome).toBeInstanceOf(SeedError);
    }
    expect(retries).toBe(kind === 'transient' ? 1 : 0);
  },
);
