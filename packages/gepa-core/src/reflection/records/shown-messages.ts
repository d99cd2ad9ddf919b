/** The maximum number of calls of other conversations between two calls of one conversation. */
const MAX_CALLS_BACK = 5;

type Fields = Readonly<Record<string, unknown>>;

/** The messages that a record shows already, so that the calls of a conversation do not repeat them. */
export class ShownMessages {
  readonly #inputs: (readonly unknown[])[] = [];
  readonly #keys = new Set<string>();
  /** The messages that models saw. */
  readonly #seen = new Set<string>();
  readonly #errors: string[] = [];

  /** The messages of a model call that are new since an earlier call of the conversation. */
  newIn(input: unknown): unknown {
    if (!Array.isArray(input)) return input;
    const previous = this.#inputs.findLast((earlier) => continues(input, earlier));
    this.#inputs.push(input);
    for (const message of input) this.#seen.add(messageKey(message));
    if (this.#inputs.length > MAX_CALLS_BACK) this.#inputs.shift();
    if (previous === undefined) return input;
    const added = input.slice(previous.length).filter((message) => !this.#isShown(message));
    return added.length === 0
      ? '[as in the call before, with its answer and what came of it]'
      : ['[as in the call before, with its answer and what came of it, then:]', ...added];
  }

  /** Adds an answer, or the result of a step. */
  add({ output, error }: { readonly output?: unknown; readonly error?: string }): void {
    if (error !== undefined) this.#errors.push(error);
    if (output === undefined) return;
    this.#keys.add(messageKey(output)).add(contentKey(output));
    for (const message of messagesIn(output))
      this.#keys.add(messageKey(message)).add(contentKey(message.content));
  }

  /** The result of a step, without messages that the record shows already; `undefined` if nothing is left. */
  newInOutput(output: unknown): unknown {
    if (!isFields(output) || typeof output.role === 'string') return output;
    const isKnown = (message: unknown) => {
      const key = messageKey(message);
      return this.#keys.has(key) || this.#seen.has(key);
    };
    return withoutMessages(output, isKnown);
  }

  #isShown(message: unknown): boolean {
    if (this.#keys.has(messageKey(message))) return true;
    if (!isFields(message) || message.role !== 'tool') return false;
    const { content } = message;
    const results = Array.isArray(content)
      ? content.map((part) => part?.result ?? part?.error ?? part)
      : [content];
    return results.every(
      (result) => this.#keys.has(contentKey(result)) || (typeof result === 'string' && this.#isError(result)),
    );
  }

  /** A tool's error, which the message to the model may introduce with a few words. */
  #isError(result: string): boolean {
    return this.#errors.some((error) => result.length <= error.length + 60 && result.includes(error));
  }
}

/** Equal for the same content, whether it is a message of a conversation or a model's answer (text or tool calls). */
export function messageKey(message: unknown): string {
  const {
    role = 'ai',
    content,
    toolCalls,
  } = isFields(message) && !Array.isArray(message) ? message : { content: message };
  const calls = Array.isArray(toolCalls) ? toolCalls.map((call) => [call?.name, call?.args]) : undefined;
  return json([role === 'assistant' ? 'ai' : role, content, calls]);
}

function contentKey(content: unknown): string {
  return `content ${json(content)}`;
}

function* messagesIn(value: unknown): Generator<Fields> {
  if (!isFields(value)) return;
  if (typeof value.role === 'string') yield value;
  else for (const item of Object.values(value)) yield* messagesIn(item);
}

function withoutMessages(value: unknown, isKnown: (message: unknown) => boolean): unknown {
  if (!isFields(value)) return value;
  if (typeof value.role === 'string') return isKnown(value) ? undefined : value;
  const entries = Object.entries(value);
  const kept = entries.flatMap(([name, field]) => {
    const rest = withoutMessages(field, isKnown);
    return rest === undefined && field !== undefined ? [] : [[name, rest] as const];
  });
  if (kept.length === 0 && entries.length > 0) return undefined;
  return Array.isArray(value) ? kept.map(([, item]) => item) : Object.fromEntries(kept);
}

function continues(input: readonly unknown[], earlier: readonly unknown[]): boolean {
  return (
    earlier.length > 0 &&
    input.length > earlier.length &&
    earlier.every((message, index) => message === input[index] || json(message) === json(input[index]))
  );
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
