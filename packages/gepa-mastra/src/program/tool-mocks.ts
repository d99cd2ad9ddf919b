import { isDeepStrictEqual } from 'node:util';
import { GepaError } from 'gepa-core/load';
import type { NamedTools } from './function-tools.ts';

/** The output of a tool call that must not run, as items of Mastra's datasets declare it. */
export interface ToolMock {
  readonly toolName: string;
  readonly args?: unknown;
  readonly output?: unknown;
  /** Whether the arguments of a call must equal `args`, or are ignored. Default `'strict'`. */
  readonly matchArgs?: 'strict' | 'ignore';
}

/** The mocks of an example. */
export interface MockedTools {
  readonly toolMocks?: readonly ToolMock[];
  /** Calls of tools without mocks run (`'allow'`), or fail the rollout (`'deny'`). Default `'allow'`. */
  readonly unmockedToolPolicy?: 'allow' | 'deny';
}

interface StepRecorder {
  record(
    step: { readonly kind: 'tool'; readonly name: string; readonly input: unknown },
    call: () => unknown,
  ): Promise<unknown>;
}

interface HookContext {
  readonly toolName: string;
  readonly input: unknown;
}

export interface Hooks {
  beforeToolCall?(context: HookContext): unknown;
  afterToolCall?(context: HookContext & { readonly output?: unknown }): unknown;
}

/** Whether calls of tools need approval. */
type ToolApproval = boolean | ((call: { readonly toolName: string }) => unknown);

/** The output in place of a tool call; undefined to make the call. */
export type MockedCall = { readonly output: unknown } | undefined;

/** The mocks of one rollout, for every tool of the program. Each answers one call. */
export class ToolMocks {
  readonly #mocks: ToolMock[];
  readonly #isDenied: boolean;
  readonly #mocked: ReadonlySet<string>;
  /** The ids that mocks have, by the names of the tools. */
  readonly #ids = new Map<string, string>();
  readonly #abort = new AbortController();
  /** Set when a call had no mock; the rollout is aborted. */
  failure: GepaError | undefined;

  constructor({ toolMocks, unmockedToolPolicy }: MockedTools) {
    this.#mocks = [...(toolMocks ?? [])];
    this.#mocked = new Set(this.#mocks.map(({ toolName }) => toolName));
    this.#isDenied = unmockedToolPolicy === 'deny';
  }

  /** Aborted when a call had no mock, so that the program calls no further tools. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Notes the ids of tools, which mocks may have instead of the names under which the tools are called. */
  know(tools: NamedTools): void {
    for (const [name, { id }] of tools)
      if (id !== undefined && this.#mocked.has(id) && !this.#mocked.has(name)) this.#ids.set(name, id);
  }

  /** Whether calls of a tool never run it. */
  replaces(toolName: string): boolean {
    return this.#isDenied || this.#mocked.has(this.#ids.get(toolName) ?? toolName);
  }

  /** The option `requireToolApproval` of a run without approvals of mocked calls. */
  approval(own: ToolApproval): ToolApproval {
    return (call) => !this.replaces(call.toolName) && (typeof own === 'function' ? own(call) : own);
  }

  /** The name that mocks have for a tool with several names. */
  nameOf(names: readonly (string | undefined)[]): string | undefined {
    return names.find((name) => name !== undefined && this.#mocked.has(name));
  }

  /** The mock of a call. Mocks of the same tool and arguments are used in their order. */
  resolve(calledName: string, input: unknown): MockedCall {
    const toolName = this.#ids.get(calledName) ?? calledName;
    if (this.failure !== undefined) return { output: { error: this.failure.message } };
    if (!this.#mocked.has(toolName)) {
      return this.#isDenied
        ? this.#fail(`The tool ${toolName} was called without a mock, and \`unmockedToolPolicy\` is 'deny'.`)
        : undefined;
    }
    const position = this.#mocks.findIndex(
      (mock) =>
        mock.toolName === toolName &&
        (mock.matchArgs === 'ignore' || isDeepStrictEqual(mock.args, plain(input))),
    );
    if (position === -1) {
      return this.#fail(
        `The tool ${toolName} was called with ${JSON.stringify(input)}, for which the example has no unused mock.`,
      );
    }
    return { output: this.#mocks.splice(position, 1)[0]?.output };
  }

  /** Hooks that answer an agent's calls of tools by mocks, and call the agent's own hooks. */
  hooks(recorder: StepRecorder, own: Hooks | undefined): Hooks {
    return {
      ...own,
      beforeToolCall: async (context) => {
        const before = (await own?.beforeToolCall?.(context)) as { readonly proceed?: boolean } | undefined;
        if (before?.proceed === false) return before;
        const { toolName: name, input } = context;
        const mocked = this.resolve(name, input);
        if (mocked === undefined) return before;
        const { output } = mocked;
        await recorder.record({ kind: 'tool', name, input }, () => output);
        if (this.failure === undefined) await own?.afterToolCall?.({ ...context, output });
        return { proceed: false, output };
      },
    };
  }

  #fail(message: string): MockedCall {
    this.failure = new GepaError(message);
    this.#abort.abort(this.failure);
    return { output: { error: message } };
  }
}

/** The mocks of an example, if it has any. */
export function toolMocksOf(example: MockedTools): ToolMocks | undefined {
  const { toolMocks = [], unmockedToolPolicy } = example;
  return toolMocks.length > 0 || unmockedToolPolicy === 'deny' ? new ToolMocks(example) : undefined;
}

/** An input as the dataset stores it. */
function plain(input: unknown): unknown {
  return input === undefined ? undefined : JSON.parse(JSON.stringify(input));
}
