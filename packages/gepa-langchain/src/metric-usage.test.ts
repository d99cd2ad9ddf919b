import { createRequire } from 'node:module';
import type * as LangChainTesting from '@langchain/core/utils/testing';
import { RolloutError } from 'gepa-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countUsage } from './metric-usage.ts';
import { type OpenAIServer, startOpenAIServer } from './testing/openai-server.ts';

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer(() => 'good enough');
});
afterAll(() => server.close());

const args = {
  example: { input: 'x' },
  output: 'y',
  trace: undefined,
  signal: new AbortController().signal,
};
const judged = async () => (await server.model().invoke('Is it good?')).text.includes('good');

it('counts the LangChain models a metric calls', async () => {
  expect(await countUsage(judged)(args)).toMatchObject({
    score: true,
    usage: { modelCalls: 1, inputTokens: 3, outputTokens: 2 },
  });
  const told = { score: 0.5, feedback: 'So so.' };
  expect(
    await countUsage(async () => {
      await judged();
      return told;
    })(args),
  ).toMatchObject({ ...told, usage: { modelCalls: 1 } });
});

it('counts the models of another copy of LangChain', async () => {
  const require = createRequire(import.meta.url);
  const { FakeListChatModel } = require('@langchain/core/utils/testing') as typeof LangChainTesting;
  const judge = new FakeListChatModel({ responses: ['good'] });
  const metric = countUsage(async () => (await judge.invoke('Is it good?')).text === 'good');
  expect(await metric(args)).toMatchObject({ score: true, usage: { modelCalls: 1 } });
});

it('keeps metrics apart that run at the same time', async () => {
  const one = countUsage(judged);
  const two = countUsage(async () => (await judged()) && judged());
  const results = await Promise.all([one(args), two(args), one(args)]);
  expect(results.map((result) => (result as { usage: object }).usage)).toMatchObject([
    { modelCalls: 1 },
    { modelCalls: 2 },
    { modelCalls: 1 },
  ]);
});

it('counts nothing that happens beside the metric', async () => {
  let goOn = () => {};
  const waiting = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const judging = countUsage(() => waiting.then(judged))(args);
  await judged();
  goOn();
  expect(await judging).toMatchObject({ usage: { modelCalls: 1 } });
});

it('believes a metric that tells its usage, and leaves one alone that calls no model', async () => {
  const usage = { modelCalls: 7, inputTokens: 1, outputTokens: 1 };
  const telling = countUsage(async () => ({ score: await judged(), usage }));
  expect(await telling(args)).toEqual({ score: true, usage });
  expect(countUsage(() => 0.5)(args)).toBe(0.5);
  expect(await countUsage(async () => true)(args)).toBe(true);
});

it('tells what was spent before a metric failed', async () => {
  const cause = new Error('no score');
  const failing = countUsage(async () => {
    await judged();
    throw cause;
  });
  const error = await Promise.resolve(failing(args)).catch((thrown: unknown) => thrown);
  expect(RolloutError.isInstance(error)).toBe(true);
  expect(error).toMatchObject({ message: 'no score', cause, usage: { modelCalls: 1 } });
  const early = countUsage(async () => {
    throw cause;
  });
  await expect(early(args)).rejects.toBe(cause);
});
