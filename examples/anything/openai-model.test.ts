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

it('asks a model and tells what that cost', async () => {
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
])('reports the status of a failure: %j', async (rates, status) => {
  const ask = await connected(rates);
  await expect(ask({ prompt: 'Hello', signal })).rejects.toMatchObject({
    status,
    headers: expect.any(Headers),
  });
});

it('reports an unknown model in the words of the server', async () => {
  const ask = await connected({}, 'nobody');
  await expect(ask({ prompt: 'Hello', signal })).rejects.toThrow(/The models here are/);
});

it('stops when the run does', async () => {
  const ask = await connected({});
  await expect(ask({ prompt: 'Hello', signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
