import { CallbackManager } from '@langchain/core/callbacks/manager';
import type { BaseTracer } from '@langchain/core/tracers/base';
import { ambientCallbacks } from '../ambient.ts';
import { isNode } from '../program/node.ts';
import { RolloutTracer } from '../trace/index.ts';
import { type CallReader, readChat, readResponses } from './openai-call.ts';

/**
 * A client of the package openai, or of one with the same methods, whose calls are seen: in a metric their tokens
 * count as cost, and in a program they are steps of the trace as well. Outside of a run it does nothing. Seen are
 * `create` and `parse` of `chat.completions` and of `responses`, where they do not stream.
 *
 * @example
 * createLLMAsJudge({ prompt, judge: metered(new OpenAI()), model: 'gpt-5-mini' })
 */
export function metered<Client extends object>(client: Client): Client {
  return watched(client, '');
}

const readers: Readonly<Record<string, CallReader>> = {
  'chat.completions.create': readChat,
  'chat.completions.parse': readChat,
  'responses.create': readResponses,
  'responses.parse': readResponses,
};

/** An object of the client, with the way to it. Its methods run on the object itself, which may have private fields. */
function watched<T extends object>(target: T, way: string): T {
  return new Proxy(target, {
    get(_target, key) {
      const value: unknown = Reflect.get(target, key, target);
      const here = `${way}${String(key)}`;
      if (isNode(value) && Object.keys(readers).some((seen) => seen.startsWith(`${here}.`))) {
        return watched(value, `${here}.`);
      }
      if (typeof value !== 'function' || key === 'constructor') return value;
      const reader = readers[here];
      if (reader === undefined) return value.bind(target);
      return (...args: unknown[]) => seen(value.apply(target, args), args[0], reader);
    },
  });
}

/** What a call gives; whoever waits for its answer waits until that has been told, too. */
function seen(answer: unknown, request: unknown, reader: CallReader): unknown {
  const run = currentRun();
  if (run === undefined || !(answer instanceof Promise) || !isNode(request) || request.stream === true) {
    return answer;
  }
  let told: Promise<unknown> | undefined;
  return new Proxy(answer, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      if (key !== 'then' && key !== 'catch' && key !== 'finally') return value.bind(target);
      told ??= tell(run, request, answer, reader);
      return told[key].bind(told);
    },
  });
}

interface CurrentRun {
  readonly tracer: BaseTracer;
  readonly parentId: string | undefined;
}

/** The rollout or the metric that this happens in. */
function currentRun(): CurrentRun | undefined {
  const manager = CallbackManager.configure(ambientCallbacks());
  const tracer = manager?.handlers.find(({ name }) => name === RolloutTracer.handlerName);
  return tracer === undefined
    ? undefined
    : { tracer: tracer as BaseTracer, parentId: manager?.getParentRunId() };
}

async function tell(
  { tracer, parentId }: CurrentRun,
  request: Readonly<Record<string, unknown>>,
  answer: Promise<unknown>,
  { sent, params, answered }: CallReader,
): Promise<unknown> {
  const id = crypto.randomUUID();
  const about = { lc: 1, type: 'not_implemented', id: ['openai'] } as const;
  const extra = { invocation_params: params(request) };
  await tracer.handleChatModelStart({ ...about, id: [...about.id] }, [sent(request)], id, parentId, extra);
  try {
    const response = await answer;
    const message = answered(isNode(response) ? response : {});
    await tracer.handleLLMEnd({ generations: [[{ text: message.text, message }]] } as never, id);
    return response;
  } catch (error) {
    await tracer.handleLLMError(error, id);
    throw error;
  }
}
