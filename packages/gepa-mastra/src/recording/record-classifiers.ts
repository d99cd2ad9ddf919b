import { calledName } from '../program/model-names.ts';
import type { AnswerPart } from '../trace/model-call.ts';
import { recordModelCall } from '../trace/record-model-call.ts';
import { currentRecorder, type Recorder } from '../trace/recorder.ts';

/** The part of an evaluation that is read here. */
interface Evaluation {
  readonly state: unknown;
  readonly questions: unknown;
  readonly providerOptions?: unknown;
}

interface Answered {
  readonly answers: unknown;
  readonly usage?: { readonly inputTokens?: number; readonly outputTokens?: number };
}

type Evaluate = (options: Evaluation) => Promise<Answered>;

let prepared: Promise<void> | undefined;

/**
 * From now on, rollouts and judges record the model calls of classifiers: those of processors, steps, scorers and functions.
 * All of them go through one class of Mastra, from which most of them cannot be reached in another way.
 */
export function recordClassifiers(): Promise<void> {
  prepared ??= changeModels();
  return prepared;
}

async function changeModels(): Promise<void> {
  // Mastra has classifiers since 1.69.
  const classifiers = await import('@mastra/core/classifier').catch(() => undefined);
  if (classifiers === undefined) return;
  const prototype = classifiers.MastraEvaluationModel.prototype as object as { doEvaluate: Evaluate };
  const { doEvaluate } = prototype;
  prototype.doEvaluate = function (options) {
    const recorder = currentRecorder();
    const call = () => doEvaluate.call(this, options);
    return recorder === undefined ? call() : recordEvaluation(recorder, this, options, call);
  };
}

/** A step of an agent, so that a failure of the provider is noticed, and the answers are not taken for those of another agent. */
function recordEvaluation(
  recorder: Recorder,
  model: object,
  { state, questions, providerOptions }: Evaluation,
  call: () => Promise<Answered>,
): Promise<Answered> {
  const input = { state, questions };
  return recorder.record(
    { kind: 'agent', name: 'classifier', input },
    async () => {
      let answered: Answered | undefined;
      const prompt = [{ role: 'user', content: JSON.stringify(input) }];
      const { stream = [] } = await recordModelCall(
        recorder,
        { modelId: calledName(model) },
        { prompt, providerOptions },
        async () => {
          answered = await call();
          return { stream: streamOf(answered) };
        },
      );
      for await (const part of stream) if (part.type === 'error') throw part.error;
      return answered as Answered;
    },
    ({ answers }) => answers,
  );
}

function streamOf({ answers, usage }: Answered): ReadableStream<AnswerPart> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue({ type: 'text-delta', delta: JSON.stringify(answers) });
      controller.enqueue({ type: 'finish', finishReason: 'stop', ...(usage === undefined ? {} : { usage }) });
      controller.close();
    },
  });
}
