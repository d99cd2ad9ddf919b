import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import type { Serialized } from '@langchain/core/load/serializable';
import { OptionsError, type ProgramExample } from 'gepa-core';
import { isNode } from './program/node.ts';

/** What somebody, or something, said of a recorded run. */
export interface RunFeedback {
  /** What the right output would have been; becomes the example's `expected`. */
  readonly expected?: unknown;
  readonly score?: number;
  readonly comment?: string;
}

/** A run of a program in production, as an example. */
export interface RecordedExample<Input = unknown> extends ProgramExample<Input> {
  /** The id of the run. */
  readonly id: string;
  readonly metadata: {
    /** What the program answered; absent when it failed. */
    readonly output?: unknown;
    readonly error?: string;
    readonly score?: number;
    readonly comment?: string;
  };
}

export interface RecorderOptions {
  /** The most runs kept; the oldest make room. Default 1000. */
  readonly capacity?: number;
  /** The part of the runs that is recorded, from 0 to 1. Default 1. */
  readonly sampleRate?: number;
  /**
   * Takes out of an example what must not be kept, before it is kept; `undefined` leaves the run out. When it throws,
   * the run is left out too.
   */
  readonly redact?: (example: RecordedExample) => RecordedExample | undefined;
  /** Records the runs of this name, wherever they happen. Default: the outermost runs. */
  readonly runName?: string;
  /** Draws from 0 to 1, for sampling. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * A callback handler that turns a program's runs in production into examples: attach it with `callbacks: [recorder]`,
 * and give `recorder.examples()` to a trainset. It never disturbs the program.
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

  /** What was recorded, oldest first. */
  examples(): RecordedExample[] {
    return [...this.#examples.values()];
  }

  /** Forgets everything. */
  clear(): void {
    this.#running.clear();
    this.#examples.clear();
  }

  /**
   * Adds what is known of a run's answer. The run's id is the `runId` of the call's config.
   * @returns whether the run is among the recorded.
   */
  feedback(runId: string, { expected, ...said }: RunFeedback): boolean {
    const example = this.#examples.get(runId);
    if (example === undefined) return false;
    const redacted = this.#redacted({
      ...example,
      ...(expected === undefined ? {} : { expected }),
      metadata: { ...example.metadata, ...said },
    });
    if (redacted === undefined) this.#examples.delete(runId);
    else this.#examples.set(runId, redacted);
    return redacted !== undefined;
  }

  // The order in which LangChain calls it; its types tell of another one in some versions.
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
    const { runName: wanted, sampleRate, random, capacity } = this.#options;
    const isWanted = wanted === undefined ? parentId === undefined : (name ?? chain.id.at(-1)) === wanted;
    if (!isWanted || random() >= sampleRate) return;
    this.#running.set(id, startOf(chain, inputs));
    forgetOldest(this.#running, capacity);
  }

  override handleChainEnd(
    outputs: ChainValues,
    id: string,
    _parentId?: string,
    _tags?: string[],
    late?: Late,
  ): void {
    this.#finish(id, { output: unwrap(outputs, 'output') }, late);
  }

  override handleChainError(
    error: unknown,
    id: string,
    _parentId?: string,
    _tags?: string[],
    late?: Late,
  ): void {
    this.#finish(id, { error: error instanceof Error ? error.message : String(error) }, late);
  }

  #finish(runId: string, metadata: RecordedExample['metadata'], late?: Late): void {
    const start = this.#running.get(runId);
    if (start === undefined) return;
    const input = late?.inputs === undefined ? start.input : start.read(late.inputs);
    const example = this.#redacted({ input, id: runId, metadata });
    this.#running.delete(runId);
    if (example === undefined) return;
    this.#examples.set(runId, example);
    forgetOldest(this.#examples, this.#options.capacity);
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

/** What LangChain tells at the end of a run that read its input as a stream. */
type Late = { inputs?: ChainValues };

interface Start {
  readonly input: unknown;
  /** Reads what is told later, of a program that reads its input as a stream. */
  read(inputs: ChainValues): unknown;
}

function startOf(chain: Serialized, inputs: ChainValues): Start {
  const type = chain.id.at(-1)!;
  const isObject = type === 'CompiledStateGraph' || ('kwargs' in chain && takesObject(chain.kwargs));
  const read = (told: ChainValues) => (isObject ? told : unwrap(told, 'input'));
  // A map that is not streamed puts all that it is given under a key of LangChain's own.
  const isMap = type === 'RunnableMap' || type === 'RunnableParallel';
  return { input: isMap ? inputs.input : read(inputs), read };
}

/** Whether a program, told by its fields, is only ever given objects: an `input` in them is the caller's own. */
function takesObject(fields: unknown): boolean {
  if (!isNode(fields)) return false;
  const { inputVariables, mapper, first, bound, runnable, steps, default: last } = fields;
  if ((Array.isArray(inputVariables) && inputVariables.length > 0) || isNode(mapper)) return true;
  return [first, bound, runnable, last, ...Object.values(steps ?? {})].some(takesObject);
}

/** LangChain tells handlers values that are no objects under a key of its own. */
function unwrap(value: unknown, key: string): unknown {
  if (!isNode(value)) return value;
  const inner = value[key];
  const isPlain = !isNode(inner) || Array.isArray(inner);
  return isPlain && Object.keys(value).join() === key ? inner : value;
}

function forgetOldest(map: Map<string, unknown>, capacity: number): void {
  if (map.size > capacity) map.delete(map.keys().next().value!);
}
