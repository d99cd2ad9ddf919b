import { createRequire } from 'node:module';
import type * as LangChainTesting from '@langchain/core/utils/testing';
import { RolloutError } from 'gepa-core';
import { expect, it } from 'vitest';
import { useOpenAIServer } from '../testing/openai-server.ts';
import { meterMetric } from './metered-metric.ts';

const server = useOpenAIServer(() => 'good enough');

const args = {
  example: { input: 'x' },
  output: 'y',
  trace: undefined,
  signal: new AbortController().signal,
};
const judged = async () => (await server.model().invoke('Is it good?')).text.includes('good');

it('meterMetric adds the usage of the LangChain models that the metric calls', async () => {
  expect(await meterMetric(judged)(args)).toMatchObject({
    score: true,
    usage: { modelCalls: 1, inputTokens: 3, outputTokens: 2 },
  });
  const result = { score: 0.5, feedback: 'So so.' };
  expect(
    await meterMetric(async () => {
      await judged();
      return result;
    })(args),
  ).toMatchObject({ ...result, usage: { modelCalls: 1 } });
});

it('meterMetric counts models of another copy of LangChain', async () => {
  const require = createRequire(import.meta.url);
  const { FakeListChatModel } = require('@langchain/core/utils/testing') as typeof LangChainTesting;
  const judge = new FakeListChatModel({ responses: ['good'] });
  const metric = meterMetric(async () => (await judge.invoke('Is it good?')).text === 'good');
  expect(await metric(args)).toMatchObject({ score: true, usage: { modelCalls: 1 } });
});

it('metrics that run at the same time each count their own calls', async () => {
  const one = meterMetric(judged);
  const two = meterMetric(async () => (await judged()) && judged());
  const results = await Promise.all([one(args), two(args), one(args)]);
  expect(results.map((result) => (result as { usage: object }).usage)).toMatchObject([
    { modelCalls: 1 },
    { modelCalls: 2 },
    { modelCalls: 1 },
  ]);
});

it('calls outside the metric do not count', async () => {
  let release = () => {};
  const waiting = new Promise<void>((resolve) => {
    release = resolve;
  });
  const judging = meterMetric(() => waiting.then(judged))(args);
  await judged();
  release();
  expect(await judging).toMatchObject({ usage: { modelCalls: 1 } });
});

it('a usage that the metric returns takes precedence, and a metric without model calls gets none', async () => {
  const usage = { modelCalls: 7, inputTokens: 1, outputTokens: 1 };
  const withOwnUsage = meterMetric(async () => ({ score: await judged(), usage }));
  expect(await withOwnUsage(args)).toEqual({ score: true, usage });
  expect(await meterMetric(() => 0.5)(args)).toBe(0.5);
  expect(await meterMetric(async () => true)(args)).toBe(true);
});

it('the error of a metric that throws has the usage of the calls before', async () => {
  const cause = new Error('no score');
  const failing = meterMetric(async () => {
    await judged();
    throw cause;
  });
  const error = await Promise.resolve(failing(args)).catch((thrown: unknown) => thrown);
  expect(RolloutError.isInstance(error)).toBe(true);
  expect(error).toMatchObject({ message: 'no score', cause, usage: { modelCalls: 1 } });
  const failingBeforeCalls = meterMetric(async () => {
    throw cause;
  });
  await expect(failingBeforeCalls(args)).rejects.toBe(cause);
});
