import type { Transformer } from 'node:stream/web';
import type { MeteredCall } from 'gepa-core';
import { callRequest } from './call-request.ts';
import {
  type AnswerPart,
  AnswerReader,
  type CallOptions,
  type CallResult,
  type ModelCall,
  plainPrompt,
} from './model-call.ts';
import type { Recorder } from './recorder.ts';

/** Calls a model, if the meter lets it be called, and records the call, with the answer as it comes in. */
export async function recordedCall(
  recorder: Recorder,
  about: { readonly modelId: string; readonly components?: readonly string[] },
  options: CallOptions,
  call: ModelCall,
): Promise<CallResult> {
  const { modelId: name, components = [] } = about;
  let metered: MeteredCall | undefined;
  try {
    metered = await recorder.meter?.begin(callRequest(name, options, recorder.written));
  } catch (error) {
    // Mastra would try again what is thrown.
    return { stream: failed(error) };
  }
  const step = recorder.open({ kind: 'model', name, components, input: plainPrompt(options) });
  const answer = new AnswerReader(name);
  /** Only what is told first is heard. */
  const tellMeter = () => {
    const { usage, error } = answer;
    if (usage === undefined) metered?.fail(error);
    else metered?.end(usage);
  };
  const end = () => {
    tellMeter();
    recorder.end(step, answer.answer);
    if (answer.error !== undefined) recorder.fail(step, answer.error);
  };
  try {
    const result = await call(options);
    if (result.stream === undefined) {
      answer.read({ ...result, type: 'finish' });
      end();
      return result;
    }
    const watcher: Transformer<AnswerPart, AnswerPart> = {
      transform(part, controller) {
        answer.read(part);
        // Before it is passed on: whoever waits for it may call the next model, or be done.
        if (part.type === 'finish') tellMeter();
        controller.enqueue(part);
      },
      flush: end,
      cancel: (reason) => metered?.fail(reason),
    };
    // Read ahead of whoever it is for, who may call another model halfway, and would wait for what this one holds.
    const stream = result.stream.pipeThrough(
      new TransformStream(watcher, undefined, { highWaterMark: Number.POSITIVE_INFINITY }),
    );
    return { ...result, stream };
  } catch (error) {
    metered?.fail(error);
    recorder.fail(step, error);
    throw error;
  }
}

function failed(error: unknown): ReadableStream<AnswerPart> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue({ type: 'error', error });
      controller.close();
    },
  });
}
