import type { CallMeter, CallRequest, Usage } from 'gepa-core';
import { expect, it } from 'vitest';
import type { AnswerPart, CallResult } from './model-call.ts';
import { recordedCall } from './record-model-call.ts';
import { Recorder } from './recorder.ts';

const lost = new Error('The connection was lost.');
const options = { prompt: [{ role: 'user', content: 'hello' }] };
const usage = { inputTokens: 10, outputTokens: 5 };
const text: AnswerPart = { type: 'text-delta', delta: 'Hi' };
const finish: AnswerPart = { type: 'finish', finishReason: 'stop', usage };
const failure: AnswerPart = { type: 'error', error: lost };
const untold: AnswerPart = { type: 'finish', finishReason: 'error', usage: {} };

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

/** What the meter is told of a call, in words. */
async function toldOf(
  call: () => Promise<CallResult>,
  use: (stream: ReadableStream<AnswerPart>) => unknown = async (stream) => {
    for await (const _ of stream);
  },
) {
  const told: (CallRequest | Usage | { readonly failed: unknown })[] = [];
  let isOpen = true;
  const tell = (what: (typeof told)[number]) => {
    if (isOpen) told.push(what);
    isOpen = false;
  };
  const meter: CallMeter = {
    begin: async () => ({ end: tell, fail: (failed) => tell({ failed }) }),
  };
  const recorder = new Recorder(meter);
  const running = recordedCall(recorder, { modelId: 'm' }, options, call);
  await running.then(({ stream }) => stream && use(stream)).catch(() => {});
  const [step] = recorder.steps;
  return { told, step };
}

const taken = { modelCalls: 1, ...usage };
const all = { ...taken, byModel: { m: taken } };
const nothing = { modelCalls: 1, inputTokens: 0, outputTokens: 0 };

it.each<[string, () => Promise<CallResult>, unknown]>([
  ['that is answered', async () => ({ stream: streamOf([text, finish]) }), all],
  ['that is answered without a stream', async () => ({ ...finish }), all],
  ['that tells of no tokens', async () => ({ stream: streamOf([text]) }), nothing],
  ['that is refused', () => Promise.reject(lost), { failed: lost }],
  [
    'that fails in the midst of it',
    async () => ({ stream: streamOf([text, failure, untold]) }),
    { failed: lost },
  ],
  ['that fails, and tells what it took', async () => ({ stream: streamOf([failure, finish]) }), all],
  ['that breaks off', async () => ({ stream: streamOf([text], 'break') }), { failed: lost }],
])('the meter is told of a call %s what the trace shows', async (_, call, expected) => {
  const { told, step } = await toldOf(call);
  expect(told).toEqual([expect.objectContaining(expected)]);
  expect(step?.usage).toEqual('failed' in told[0]! ? undefined : told[0]);
});

it('a call is over for the meter before its last part is passed on', async () => {
  const { told } = await toldOf(
    async () => ({ stream: streamOf([text, finish], 'hang') }),
    async (stream) => {
      for await (const { type } of stream) if (type === 'finish') return;
    },
  );
  expect(told).toEqual([all]);
});

it('a call is over for the meter though nobody reads the answer', async () => {
  const { told } = await toldOf(
    async () => ({ stream: streamOf([text, text, text, finish]) }),
    () => new Promise((resolve) => setTimeout(resolve)),
  );
  expect(told).toEqual([all]);
});

it('an answer that is not wanted to its end has failed', async () => {
  const { told } = await toldOf(
    async () => ({ stream: streamOf([text], 'hang') }),
    (stream) => stream.cancel(lost),
  );
  expect(told).toEqual([{ failed: lost }]);
});

it('a model is not called when the meter refuses, and Mastra has nothing to try again', async () => {
  const refusal = new Error('no room');
  const recorder = new Recorder({ begin: () => Promise.reject(refusal) });
  let isCalled = false;
  const call = async () => {
    isCalled = true;
    return {};
  };
  const { stream } = await recordedCall(recorder, { modelId: 'm' }, options, call);
  const parts: AnswerPart[] = [];
  for await (const part of stream!) parts.push(part);
  expect(parts).toEqual([{ type: 'error', error: refusal }]);
  expect([isCalled, recorder.steps]).toEqual([false, []]);
});
