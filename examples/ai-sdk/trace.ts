import { AsyncLocalStorage } from 'node:async_hooks';
import {
  gateway,
  type LanguageModel,
  type LanguageModelMiddleware,
  registerTelemetry,
  simulateStreamingMiddleware,
  wrapLanguageModel,
} from 'ai';
import type { CallMeter, Candidate, Step } from 'gepa-core';
import { describeSchema, maxInputTokens, reportedUsage, stepTools } from 'gepa-core/adapter';

/** Records the steps of one rollout. */
export class Recorder {
  readonly #steps: Step[] = [];
  readonly candidate: Candidate;
  readonly meter: CallMeter | undefined;

  constructor(candidate: Candidate, meter?: CallMeter) {
    this.candidate = candidate;
    this.meter = meter;
  }

  /** The steps so far, in the order in which they began. */
  get steps(): readonly Step[] {
    return [...this.#steps];
  }

  /** Calls a function whose observed model calls and tools are recorded here, with everything that it awaits. */
  run<Result>(call: () => Result): Result {
    return recorders.run(this, call);
  }

  begin(step: Step): (outcome: Partial<Step>) => void {
    const index = this.#steps.push(step) - 1;
    const began = performance.now();
    return (outcome) => {
      this.#steps[index] = { ...step, durationMs: performance.now() - began, ...outcome };
    };
  }
}

const recorders = new AsyncLocalStorage<Recorder>();

registerTelemetry({
  onToolExecutionEnd({ toolCall, toolOutput, toolExecutionMs: durationMs }) {
    const outcome =
      toolOutput.type === 'tool-error' ? { error: String(toolOutput.error) } : { output: toolOutput.output };
    const step = { kind: 'tool', name: toolCall.toolName, input: toolCall.input } as const;
    recorders.getStore()?.begin(step)({ durationMs, ...outcome });
  },
});

type ModelObject = Exclude<LanguageModel, string>;
const observedModels = new WeakSet<object>();

/** The same model; its calls are recorded and counted within rollouts. Elsewhere they pass unchanged. */
export function observed(model: LanguageModel): ModelObject {
  const object =
    typeof model === 'string' ? (globalThis.AI_SDK_DEFAULT_PROVIDER ?? gateway).languageModel(model) : model;
  if (observedModels.has(object)) return object;
  const wrapped = wrapLanguageModel({ model: object, middleware });
  observedModels.add(wrapped);
  return wrapped;
}

type Call = Parameters<NonNullable<LanguageModelMiddleware['wrapGenerate']>>[0];

const middleware: LanguageModelMiddleware = {
  specificationVersion: 'v4',
  wrapGenerate: (call) => {
    const recorder = recorders.getStore();
    return recorder === undefined ? call.doGenerate() : recordCall(recorder, call);
  },
  wrapStream: (call) => {
    const recorder = recorders.getStore();
    if (recorder === undefined) return call.doStream();
    // Within rollouts the answer need not be streamed, so one call serves both methods.
    return simulateStreamingMiddleware().wrapStream!({
      ...call,
      doGenerate: () => recordCall(recorder, call),
    });
  },
};

/** One model call as a step of the trace. The meter admits it first; a call that it refuses is not made. */
async function recordCall(recorder: Recorder, { doGenerate, params, model }: Call) {
  const { prompt, tools = [], responseFormat, maxOutputTokens } = params;
  const name = model.modelId;
  const sent = JSON.stringify([prompt, tools, responseFormat]);
  const isText = !sent.includes('"mediaType"');
  const inputTokens = isText ? maxInputTokens([...prompt, ...tools, responseFormat]) : undefined;
  const metered = await recorder.meter?.begin({ model: name, inputTokens, outputTokens: maxOutputTokens });
  const end = recorder.begin({
    kind: 'model',
    name,
    components: Object.keys(recorder.candidate).filter((name) => contains(sent, recorder.candidate[name]!)),
    input: prompt,
    tools: stepTools(
      tools.map((tool) => (tool.type === 'function' ? { ...tool, arguments: tool.inputSchema } : tool)),
    ),
    responseFormat: responseFormat?.type === 'json' ? describeSchema(responseFormat.schema) : undefined,
  });
  try {
    const result = await doGenerate();
    const { inputTokens: input, outputTokens: output } = result.usage;
    const usage = reportedUsage({
      model: name,
      inputTokens: input.total,
      cachedInputTokens: input.cacheRead,
      cacheWriteTokens: input.cacheWrite,
      outputTokens: output.total,
      hasAnswer: result.content.length > 0,
    });
    metered?.end(usage);
    end({ output: result.content, finishReason: result.finishReason.unified, usage });
    return result;
  } catch (error) {
    metered?.fail(error);
    end({ error: String(error) });
    throw error;
  }
}

/** Whether a call sent a text. The program may have filled in its `{variables}`. */
function contains(sent: string, text: string): boolean {
  const fixed = JSON.stringify(text)
    .slice(1, -1)
    .split(/\{\w+\}/);
  return text !== '' && fixed.every((part) => sent.includes(part));
}
