import { callRequest } from './call-request.ts';
import {
  AnswerReader,
  type CallOptions,
  type CallResult,
  type ModelCall,
  plainPrompt,
} from './model-call.ts';
import type { Recorder } from './recorder.ts';

/**
 * Calls a model and records the call, with the answer as it comes in. The recorder's meter is asked before, and told what
 * the call took. One that failed took nothing that anybody can tell.
 */
export async function recordedCall(
  recorder: Recorder,
  about: { readonly modelId: string; readonly components?: readonly string[] },
  options: CallOptions,
  call: ModelCall,
): Promise<CallResult> {
  const { modelId: name, components = [] } = about;
  const metered = await recorder.meter?.begin(callRequest(name, options));
  const step = recorder.open({ kind: 'model', name, components, input: plainPrompt(options) });
  const answer = new AnswerReader(name);
  const fail = (error: unknown) => {
    metered?.fail(error);
    recorder.fail(step, error);
  };
  try {
    const result = await call(options);
    const stream = result.stream?.pipeThrough(
      new TransformStream({
        transform(part, controller) {
          answer.read(part);
          // Whoever reads the answer may read no further.
          if (part.type === 'error') metered?.fail(part.error);
          if (part.type === 'finish') metered?.end(answer.answer.usage);
          controller.enqueue(part);
        },
        flush() {
          const { usage, ...said } = answer.answer;
          if (answer.error === undefined) recorder.end(step, { ...said, usage });
          else recorder.end(step, said);
          if (answer.error !== undefined) fail(answer.error);
        },
      }),
    );
    return stream === undefined ? result : { ...result, stream };
  } catch (error) {
    fail(error);
    throw error;
  }
}
