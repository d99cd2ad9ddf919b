import type { CallMeter, CallRequest, Usage } from 'gepa-core';
import { expect, it } from 'vitest';
import type { AnswerPart, CallResult } from './model-call.ts';
import { recordModelCall } from './record-model-call.ts';
import { Recorder } from './recorder.ts';

const lost = new Error('The connection was lost.');
const options = { prompt: [{ role: 'user', content: 'hello' }] };
const usage = { inputTokens: 10, outputTokens: 5 };
const text: AnswerPart = { type: 'text-delta', delta: 'Hi' };
const finish: AnswerPart = { type: 'finish', finishReason: 'stop', usage };
const failure: AnswerPart = { type: 'error', error: lost };
const finishWithoutUsage: AnswerPart = { type: 'finish', finishReason: 'error', usage: {} };

const streamOf = (parts: readonly AnswerPart[], end: 'close' | 'break' | 'hang' = 'close') =>
  new ReadableStream<AnswerPart>({
    start: (controller) => {
      for (const part of parts) controller.enqueue(part);
      if (end === 'close') controller.close();
    },
    pull: (controller) => {
      if (end === 'break') controller.error(lost);
    },
  });

/** Makes a recorded call; returns what it reports to the meter, and its step in the trace. */
async function reportsOf(
  call: () => Promise<CallResult>,
  use: (stream: ReadableStream<AnswerPart>) => unknown = async (stream) => {
    for await (const _ of stream);
  },
) {
  const reports: (CallRequest | Usage | { readonly failed: unknown })[] = [];
  let isOpen = true;
  const report = (outcome: (typeof reports)[number]) => {
    if (isOpen) reports.push(outcome);
    isOpen = false;
  };
  const meter: CallMeter = {
    begin: async () => ({ end: report, fail: (failed) => report({ failed }) }),
    retrying: () => () => {},
  };
  const recorder = new Recorder(meter);
  const running = recordModelCall(recorder, { modelId: 'm' }, options, call);
  await running.then(({ stream }) => stream && use(stream)).catch(() => {});
  const [step] = recorder.steps;
  return { reports, step };
}

const tokens = { modelCalls: 1, ...usage };
const all = { ...tokens, byModel: { m: tokens } };
const nothing = { modelCalls: 1, inputTokens: 0, outputTokens: 0 };

it.each<[string, () => Promise<CallResult>, unknown]>([
  ['that is answered with a stream', async () => ({ stream: streamOf([text, finish]) }), all],
  ['that is answered without a stream', async () => ({ ...finish }), all],
  ['that reports no tokens', async () => ({ stream: streamOf([text]) }), nothing],
  ['that throws', () => Promise.reject(lost), { failed: lost }],
  [
    'that fails in the middle of the stream',
    async () => ({ stream: streamOf([text, failure, finishWithoutUsage]) }),
    { failed: lost },
  ],
  ['that fails and reports its usage', async () => ({ stream: streamOf([failure, finish]) }), all],
  ['whose stream breaks off', async () => ({ stream: streamOf([text], 'break') }), { failed: lost }],
])('a model call %s reports the same usage to the meter as to the trace', async (_, call, expected) => {
  const { reports, step } = await reportsOf(call);
  expect(reports).toEqual([expect.objectContaining(expected)]);
  expect(step?.usage).toEqual('failed' in reports[0]! ? undefined : reports[0]);
});

it('a model call is reported to the meter before the last part of its stream is passed on', async () => {
  const { reports } = await reportsOf(
    async () => ({ stream: streamOf([text, finish], 'hang') }),
    async (stream) => {
      for await (const { type } of stream) if (type === 'finish') return;
    },
  );
  expect(reports).toEqual([all]);
});

it('a model call is reported to the meter even when its stream is not read', async () => {
  const { reports } = await reportsOf(
    async () => ({ stream: streamOf([text, text, text, finish]) }),
    () => new Promise((resolve) => setTimeout(resolve)),
  );
  expect(reports).toEqual([all]);
});

it('a model call whose stream is cancelled is reported to the meter as failed', async () => {
  const { reports } = await reportsOf(
    async () => ({ stream: streamOf([text], 'hang') }),
    (stream) => stream.cancel(lost),
  );
  expect(reports).toEqual([{ failed: lost }]);
});

it('a model call that the meter refuses is not made, and returns a stream with the error, which Mastra does not retry', async () => {
  const refusal = new Error('no room');
  const recorder = new Recorder({ begin: () => Promise.reject(refusal), retrying: () => () => {} });
  let isCalled = false;
  const call = async () => {
    isCalled = true;
    return {};
  };
  const { stream } = await recordModelCall(recorder, { modelId: 'm' }, options, call);
  const parts: AnswerPart[] = [];
  for await (const part of stream!) parts.push(part);
  expect(parts).toEqual([{ type: 'error', error: refusal }]);
  expect([isCalled, recorder.steps]).toEqual([false, []]);
});
