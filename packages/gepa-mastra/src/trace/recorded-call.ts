import {
  AnswerReader,
  type CallOptions,
  type CallResult,
  type ModelCall,
  plainPrompt,
} from './model-call.ts';
import type { Recorder } from './recorder.ts';

/** Calls a model and records the call, with the answer as it comes in. */
export async function recordedCall(
  recorder: Recorder,
  about: { readonly modelId: string; readonly components?: readonly string[] },
  options: CallOptions,
  call: ModelCall,
): Promise<CallResult> {
  const { modelId: name, components = [] } = about;
  const step = recorder.open({ kind: 'model', name, components, input: plainPrompt(options) });
  const answer = new AnswerReader(name);
  try {
    const result = await call(options);
    const stream = result.stream?.pipeThrough(
      new TransformStream({
        transform(part, controller) {
          answer.read(part);
          controller.enqueue(part);
        },
        flush() {
          recorder.end(step, answer.answer);
          if (answer.error !== undefined) recorder.fail(step, answer.error);
        },
      }),
    );
    return stream === undefined ? result : { ...result, stream };
  } catch (error) {
    recorder.end(step, { usage: answer.answer.usage });
    recorder.fail(step, error);
    throw error;
  }
}
