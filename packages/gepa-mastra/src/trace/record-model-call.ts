import type { Transformer } from 'node:stream/web';
import type { MeteredCall } from 'gepa-core';
import { AnswerReader } from './answer-reader.ts';
import { callContext } from './call-context.ts';
import { callRequest } from './call-request.ts';
import type { AnswerPart, CallOptions, CallResult, ModelCall } from './model-call.ts';
import { plainPrompt } from './plain-prompt.ts';
import type { Recorder } from './recorder.ts';

/**
 * Calls a model as a step of the trace. The call is reported to the recorder's meter first; when the meter refuses it,
 * the model is not called and the result is a stream with the meter's error.
 */
export async function recordModelCall(
  recorder: Recorder,
  step: { readonly modelId: string; readonly components?: readonly string[] },
  options: CallOptions,
  call: ModelCall,
): Promise<CallResult> {
  const { modelId: name, components = [] } = step;
  let metered: MeteredCall | undefined;
  try {
    if (recorder.isAbandoned) throw new Error('The rollout was interrupted; its model calls are refused.');
    metered = await recorder.meter?.begin(callRequest(name, options, recorder.tokensWritten));
  } catch (error) {
    // Mastra would retry a thrown error.
    return { stream: errorStream(error) };
  }
  recorder.images.add(options.prompt);
  const openStep = recorder.open({
    kind: 'model',
    name,
    components,
    input: plainPrompt(options),
    context: callContext(options),
  });
  const answer = new AnswerReader(name);
  // May run twice; the meter ignores the second report.
  const report = () => {
    const { usage, error } = answer;
    if (usage === undefined) metered?.fail(error);
    if (failure() !== undefined) recorder.meter?.retrying(failure());
    if (usage !== undefined) metered?.end(usage);
  };
  const failure = () => (answer.isMissing ? unanswered(name) : answer.error);
  const end = () => {
    report();
    recorder.end(openStep, answer.answer);
    if (failure() !== undefined) recorder.fail(openStep, failure());
  };
  try {
    const result = await call(options);
    if (result.stream === undefined) {
      answer.read({ ...result, type: 'finish' });
      answer.hasContent = result.content?.length !== 0;
      end();
      return result;
    }
    const observer: Transformer<AnswerPart, AnswerPart> = {
      transform(part, controller) {
        answer.read(part);
        // Report before passing it on: the reader may make its next model call as soon as it sees the last part.
        if (part.type === 'finish') report();
        controller.enqueue(part);
      },
      flush: end,
      cancel: (reason) => metered?.fail(reason),
    };
    // Unlimited read-ahead settles this call even while its reader waits for budget for another call.
    const stream = result.stream.pipeThrough(
      new TransformStream(observer, undefined, { highWaterMark: Number.POSITIVE_INFINITY }),
    );
    return { ...result, stream };
  } catch (error) {
    metered?.fail(error);
    // Mastra may call the model again.
    recorder.meter?.retrying(error);
    recorder.fail(openStep, error);
    throw error;
  }
}

function errorStream(error: unknown): ReadableStream<AnswerPart> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue({ type: 'error', error });
      controller.close();
    },
  });
}

/** `failureKind` of gepa-core reads the kind. Importing its `ModelCallError` would add the optimizer to the light entry. */
function unanswered(model: string): Error {
  const error = new Error(`The response of the model ${model} was not an answer.`);
  return Object.assign(error, { failureKind: 'transient' });
}
