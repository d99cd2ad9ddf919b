import { BaseTracer, type Run } from '@langchain/core/tracers/base';
import { OptionsError, type ProgramExample } from 'gepa-core';

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
export class Recorder extends BaseTracer {
  readonly name = 'gepa_recorder';
  readonly #options: Required<Pick<RecorderOptions, 'capacity' | 'sampleRate' | 'random'>> & RecorderOptions;
  readonly #running = new Map<string, unknown>();
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

  override onChainStart({ id, name, parent_run_id, inputs }: Run): void {
    const { runName: wanted, sampleRate, random, capacity } = this.#options;
    const isWanted = wanted === undefined ? parent_run_id === undefined : name === wanted;
    if (!isWanted || random() >= sampleRate) return;
    this.#running.set(id, unwrap(inputs, 'input'));
    forgetOldest(this.#running, capacity);
  }

  override onChainEnd({ id, outputs }: Run): void {
    this.#finish(id, { output: unwrap(outputs, 'output') });
  }

  override onChainError({ id, error }: Run): void {
    this.#finish(id, { error: error ?? 'unknown' });
  }

  protected override async persistRun(): Promise<void> {}

  protected override stringifyError(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
  }

  #finish(runId: string, metadata: RecordedExample['metadata']): void {
    if (!this.#running.has(runId)) return;
    const example = this.#redacted({ input: this.#running.get(runId), id: runId, metadata });
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

/** LangChain tells handlers values that are no objects under a key of its own. */
function unwrap(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const inner: unknown = (value as Record<string, unknown>)[key];
  const isPlain = typeof inner !== 'object' || inner === null || Array.isArray(inner);
  return isPlain && Object.keys(value).join() === key ? inner : value;
}

function forgetOldest(map: Map<string, unknown>, capacity: number): void {
  if (map.size > capacity) map.delete(map.keys().next().value!);
}
