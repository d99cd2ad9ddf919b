import { afterEach, expect, it } from 'vitest';
import {
  reflectionModel,
  type SimulatedModel,
  type SimulatedModelOptions,
  startSimulatedModel,
} from '../simulated-model/server.ts';
import { openAiModel } from './openai-model.ts';

const { signal } = new AbortController();
let server: SimulatedModel | undefined;
afterEach(() => server?.close());

async function connected(rates: SimulatedModelOptions['rates'], model = reflectionModel) {
  server = await startSimulatedModel({
    latencyMs: [0, 0],
    rates: { serverError: 0, rateLimited: 0, ...rates },
  });
  return openAiModel({ model, apiKey: 'simulated', baseUrl: server.url });
}

it('openAiModel returns the answer with its usage', async () => {
  const ask = await connected({ cutOff: 0 });
  const answer = await ask({ prompt: '````\nBe brief.\n````', signal });
  expect(answer).toMatchObject({
    text: expect.stringContaining('Be brief.'),
    finishReason: 'stop',
    usage: { modelCalls: 1, inputTokens: expect.any(Number), byModel: { [reflectionModel]: {} } },
  });
  expect(answer).not.toMatchObject({ usage: { outputTokens: 0 } });
});

it.each([
  [{ rateLimited: 1 }, 429],
  [{ serverError: 1 }, 500],
])('openAiModel reports the status of a failed request: %j', async (rates, status) => {
  const ask = await connected(rates);
  await expect(ask({ prompt: 'Hello', signal })).rejects.toMatchObject({
    status,
    headers: expect.any(Headers),
  });
});

it('openAiModel reports an unknown model with the message of the server', async () => {
  const ask = await connected({}, 'unknown-model');
  await expect(ask({ prompt: 'Hello', signal })).rejects.toThrow(/The models here are/);
});

it('openAiModel aborts its request with the signal of the run', async () => {
  const ask = await connected({});
  await expect(ask({ prompt: 'Hello', signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
