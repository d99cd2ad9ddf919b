import { isNode, type Node } from '../program/node.ts';
import { type CurrentRun, currentRun } from '../trace/current-run.ts';
import { type CallReader, readChat, readResponses } from './openai-call.ts';

/**
 * Wraps a client of the `openai` package, or one with the same methods, so that its calls are metered: in a metric
 * their usage counts as cost, and in a program they also become steps of the trace. Outside a run the wrapper does
 * nothing. It covers `create` and `parse` of `chat.completions` and of `responses`, unless they stream.
 *
 * @example
 * createLLMAsJudge({ prompt, judge: metered(new OpenAI()), model: 'gpt-5-mini' })
 */
export function metered<Client extends object>(client: Client): Client {
  return wrap(client, '');
}

const readers: Readonly<Record<string, CallReader>> = {
  'chat.completions.create': readChat,
  'chat.completions.parse': readChat,
  'responses.create': readResponses,
  'responses.parse': readResponses,
};

/** Methods run on the target itself, which may have private fields. */
function wrap<T extends object>(target: T, prefix: string): T {
  return new Proxy(target, {
    get(_target, key) {
      const value: unknown = Reflect.get(target, key, target);
      const path = `${prefix}${String(key)}`;
      if (isNode(value) && Object.keys(readers).some((method) => method.startsWith(`${path}.`))) {
        return wrap(value, `${path}.`);
      }
      if (typeof value !== 'function' || key === 'constructor') return value;
      const reader = readers[path];
      if (reader === undefined) return value.bind(target);
      return (...args: unknown[]) => meteredCall(() => value.apply(target, args), args[0], reader);
    },
  });
}

/** The promise that the client's methods return. */
interface ApiPromise extends Promise<unknown> {
  asResponse(): Promise<unknown>;
  withResponse(): Promise<unknown>;
}

/** Makes the call after its run has started. Awaiting the result also awaits the report of the run's end. */
function meteredCall(call: () => unknown, request: unknown, reader: CallReader): unknown {
  const run = currentRun();
  if (run === undefined || !isNode(request) || request.stream === true) return call();
  const id = crypto.randomUUID();
  const started = startCall(() => call() as ApiPromise, id, request, reader, run);
  let reported: Promise<unknown> | undefined;
  const report = () => {
    reported ??= started.then(({ response }) => reportEnd(response, id, reader, run));
    return reported;
  };
  return new Proxy(started, {
    get(target, key) {
      // The body can be read only once, so it is left to the caller.
      if (key === 'asResponse') return async () => (await started).response.asResponse();
      if (key === 'withResponse') {
        return async () => {
          await report();
          return (await started).response.withResponse();
        };
      }
      const promise = key === 'then' || key === 'catch' || key === 'finally' ? report() : target;
      const value: unknown = Reflect.get(promise, key, promise);
      return typeof value === 'function' ? value.bind(promise) : value;
    },
  });
}

/** Wraps the response in an object, so that awaiting the start of the call does not await the response. */
async function startCall(
  call: () => ApiPromise,
  id: string,
  request: Node,
  { messages, params }: CallReader,
  { tracer, parentId }: CurrentRun,
): Promise<{ readonly response: ApiPromise }> {
  const serialized = { lc: 1, type: 'not_implemented' as const, id: ['openai'] };
  const extra = { invocation_params: params(request) };
  await tracer.handleChatModelStart(serialized, [messages(request)], id, parentId, extra);
  try {
    return { response: call() };
  } catch (error) {
    await tracer.handleLLMError(error, id);
    throw error;
  }
}

async function reportEnd(
  response: ApiPromise,
  id: string,
  { answer }: CallReader,
  { tracer }: CurrentRun,
): Promise<unknown> {
  try {
    const body = await response;
    const message = answer(isNode(body) ? body : {});
    await tracer.handleLLMEnd({ generations: [[{ text: message.text, message }]] } as never, id);
    return body;
  } catch (error) {
    await tracer.handleLLMError(error, id);
    throw error;
  }
}
