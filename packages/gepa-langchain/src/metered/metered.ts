import { isNode, type Node } from '../program/node.ts';
import { type CurrentRun, currentRun } from '../trace/index.ts';
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
      return (...args: unknown[]) => seen(() => value.apply(target, args), args[0], reader);
    },
  });
}

/** What a call of the client gives. */
interface Answer extends Promise<unknown> {
  asResponse(): Promise<unknown>;
  withResponse(): Promise<unknown>;
}

/** Makes a call once its run has begun; whoever waits for its answer waits until that has been told, too. */
function seen(call: () => unknown, request: unknown, reader: CallReader): unknown {
  const run = currentRun();
  if (run === undefined || !isNode(request) || request.stream === true) return call();
  const id = crypto.randomUUID();
  const made = make(() => call() as Answer, id, request, reader, run);
  let told: Promise<unknown> | undefined;
  const tell = () => {
    told ??= made.then(({ answer }) => ended(answer, id, reader, run));
    return told;
  };
  return new Proxy(made, {
    get(target, key) {
      // Its body can be read once, so that nobody reads it here.
      if (key === 'asResponse') return async () => (await made).answer.asResponse();
      if (key === 'withResponse')
        return async () => tell().then(async () => (await made).answer.withResponse());
      const promise = key === 'then' || key === 'catch' || key === 'finally' ? tell() : target;
      const value: unknown = Reflect.get(promise, key, promise);
      return typeof value === 'function' ? value.bind(promise) : value;
    },
  });
}

/** The answer in an object: it is not waited for. */
async function make(
  call: () => Answer,
  id: string,
  request: Node,
  { sent, params }: CallReader,
  { tracer, parentId }: CurrentRun,
): Promise<{ readonly answer: Answer }> {
  const about = { lc: 1, type: 'not_implemented', id: ['openai'] } as const;
  const extra = { invocation_params: params(request) };
  await tracer.handleChatModelStart({ ...about, id: [...about.id] }, [sent(request)], id, parentId, extra);
  try {
    return { answer: call() };
  } catch (error) {
    await tracer.handleLLMError(error, id);
    throw error;
  }
}

async function ended(
  answer: Answer,
  id: string,
  { answered }: CallReader,
  { tracer }: CurrentRun,
): Promise<unknown> {
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
