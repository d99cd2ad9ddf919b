import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import type { Serialized } from '@langchain/core/load/serializable';
import { OptionsError, type ProgramExample } from 'gepa-core';
import { isNode } from '../program/node.ts';
import { errorMessage } from '../util/error-message.ts';

/** A judgement of a recorded run, by a person or a program. */
export interface RunFeedback {
  /** The correct output; becomes the example's `expected`. */
  readonly expected?: unknown;
  readonly score?: number;
  readonly comment?: string;
}

/** An example made of a program's run in production. */
export interface RecordedExample<Input = unknown> extends ProgramExample<Input> {
  /** The run's id. */
  readonly id: string;
  readonly metadata: {
    /** The program's output; absent when the run failed. */
    readonly output?: unknown;
    readonly error?: string;
    readonly score?: number;
    readonly comment?: string;
  };
}

export interface RecorderOptions {
  /** How many runs to keep; the oldest are dropped. Default 1000. */
  readonly capacity?: number;
  /** The fraction of runs to record, from 0 to 1. Default 1. */
  readonly sampleRate?: number;
  /**
   * Removes data from an example before it is stored. Return `undefined` to drop the run; a run is also dropped when
   * this function throws.
   */
  readonly redact?: (example: RecordedExample) => RecordedExample | undefined;
  /** Records only runs with this name, at any depth. Default: the outermost runs. */
  readonly runName?: string;
  /** The source of random numbers for sampling, from 0 to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * A callback handler that turns a program's runs in production into examples. Attach it with `callbacks: [recorder]`
 * and pass `recorder.examples<Input>()` as a trainset. Errors in the recorder do not affect the program. Calls that continue a run
 * after an interrupt are not examples.
 *
 * @throws {OptionsError} when an option is out of range.
 */
export class Recorder extends BaseCallbackHandler {
  readonly name = 'gepa_recorder';
  readonly #options: Required<Pick<RecorderOptions, 'capacity' | 'sampleRate' | 'random'>> & RecorderOptions;
  readonly #running = new Map<string, Start>();
  readonly #examples = new Map<string, RecordedExample>();

  constructor(options: RecorderOptions = {}) {
    super({ _awaitHandler: true });
    const { capacity = 1000, sampleRate = 1, random = Math.random } = options;
    const problems = [
      ...(Number.isInteger(capacity) && capacity > 0
        ? []
        : [`\`capacity\` must be a whole number from 1, but it is ${capacity}.`]),
      ...(sampleRate >= 0 && sampleRate <= 1
        ? []
        : [`\`sampleRate\` must be from 0 to 1, but it is ${sampleRate}.`]),
    ];
    if (problems.length > 0) throw new OptionsError(problems);
    this.#options = { ...options, capacity, sampleRate, random };
  }

  /** The recorded examples, oldest first. `Input` is the type of the program's input. */
  examples<Input = unknown>(): RecordedExample<Input>[] {
    return [...this.#examples.values()] as RecordedExample<Input>[];
  }

  /** Removes all recorded examples. */
  clear(): void {
    this.#running.clear();
    this.#examples.clear();
  }

  /**
   * Adds feedback to a recorded run. The run's id is the `runId` of the call's config.
   * @returns whether the run is still recorded.
   */
  feedback(runId: string, { expected, ...judgement }: RunFeedback): boolean {
    const example = this.#examples.get(runId);
    if (example === undefined) return false;
    const redacted = this.#redacted({
      ...example,
      ...(expected === undefined ? {} : { expected }),
      metadata: { ...example.metadata, ...judgement },
    });
    if (redacted === undefined) this.#examples.delete(runId);
    else this.#examples.set(runId, redacted);
    return redacted !== undefined;
  }

  // LangChain passes the arguments in this order; in some versions its types declare another one.
  override handleChainStart(
    chain: Serialized,
    inputs: ChainValues,
    id: string,
    parentId?: string,
    _tags?: string[],
    _metadata?: Record<string, unknown>,
    _runType?: string,
    name?: string,
  ): void {
    this.#noteConversation(parentId, inputs, name);
    const { runName, sampleRate, random, capacity } = this.#options;
    const isWanted = runName === undefined ? parentId === undefined : (name ?? chain.id.at(-1)) === runName;
    if (!isWanted || continuesRun(chain, inputs) || random() >= sampleRate) return;
    this.#running.set(id, startOf(chain, inputs));
    dropOldest(this.#running, capacity);
  }

  override handleChainEnd(
    outputs: ChainValues,
    id: string,
    _parentId?: string,
    _tags?: string[],
    streamed?: StreamedInputs,
  ): void {
    this.#finish(id, { output: unwrap(outputs, 'output') }, streamed);
  }

  override handleChainError(
    error: unknown,
    id: string,
    _parentId?: string,
    _tags?: string[],
    streamed?: StreamedInputs,
  ): void {
    this.#finish(id, { error: errorMessage(error) }, streamed);
  }

  /** The first node of a graph receives the conversation of its thread. */
  #noteConversation(graphId: string | undefined, { messages }: ChainValues, name: string | undefined): void {
    const graph = graphId === undefined ? undefined : this.#running.get(graphId);
    if (graph !== undefined && name !== '__start__' && Array.isArray(messages))
      graph.conversation ??= [...messages];
  }

  #finish(runId: string, metadata: RecordedExample['metadata'], streamed?: StreamedInputs): void {
    const start = this.#running.get(runId);
    if (start === undefined) return;
    const given = streamed?.inputs === undefined ? start.input : start.readInput(streamed.inputs);
    const input = withConversation(given, start.conversation);
    const example = this.#redacted({ input, id: runId, metadata });
    this.#running.delete(runId);
    if (example === undefined) return;
    this.#examples.set(runId, example);
    dropOldest(this.#examples, this.#options.capacity);
  }

  #redacted(example: RecordedExample): RecordedExample | undefined {
    try {
      return this.#options.redact === undefined ? example : this.#options.redact(example);
    } catch {
      return undefined;
    }
  }
}

type ChainValues = Record<string, unknown>;

/** LangChain reports a streamed input when the run ends. */
type StreamedInputs = { inputs?: ChainValues };

interface Start {
  readonly input: unknown;
  /** The messages of its thread up to those of the input; `undefined` outside of graphs. */
  conversation?: readonly unknown[];
  readInput(inputs: ChainValues): unknown;
}

function startOf(chain: Serialized, inputs: ChainValues): Start {
  const type = chain.id.at(-1)!;
  const isObject = type === 'CompiledStateGraph' || ('kwargs' in chain && takesObject(chain.kwargs));
  const readInput = (values: ChainValues) => (isObject ? values : unwrap(values, 'input'));
  // A map that is not streamed reports its whole input under the key `input`.
  const isMap = type === 'RunnableMap' || type === 'RunnableParallel';
  return { input: isMap ? inputs.input : readInput(inputs), readInput };
}

/** Whether a call only continues an earlier run, such as `new Command({ resume })` after an interrupt. It has no input. */
function continuesRun(chain: Serialized, inputs: ChainValues): boolean {
  if (inputs.lg_name === 'Command') return inputs.resume !== undefined;
  const isGraph = ['CompiledStateGraph', 'LangGraph'].includes(chain.id.at(-1)!);
  return isGraph && Object.keys(inputs).join() === 'input' && inputs.input === null;
}

/** Whether a program with these constructor fields accepts only objects, so that `input` is a key of the caller's. */
function takesObject(fields: unknown): boolean {
  if (!isNode(fields)) return false;
  const { inputVariables, mapper, first, bound, runnable, steps, default: last } = fields;
  if ((Array.isArray(inputVariables) && inputVariables.length > 0) || isNode(mapper)) return true;
  return [first, bound, runnable, last, ...Object.values(steps ?? {})].some(takesObject);
}

/** LangChain wraps values that are not objects in an object with one key. */
function unwrap(value: unknown, key: string): unknown {
  if (!isNode(value)) return value;
  const inner = value[key];
  const isWrapped = !isNode(inner) || Array.isArray(inner);
  return isWrapped && Object.keys(value).join() === key ? inner : value;
}

/** The input of a turn in a thread, with the earlier messages of the thread: without them its meaning may change. */
function withConversation(input: unknown, conversation: readonly unknown[] = []): unknown {
  if (!isNode(input) || input.messages === undefined) return input;
  const given = [input.messages].flat();
  const before = conversation.slice(0, Math.max(0, conversation.length - given.length));
  return before.length === 0 ? input : { ...input, messages: [...before, ...given] };
}

function dropOldest(map: Map<string, unknown>, capacity: number): void {
  if (map.size > capacity) map.delete(map.keys().next().value!);
}
