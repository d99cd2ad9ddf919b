import type { Adapter, Execution, Phase, Rollout, RunContext } from '../adapter.ts';
import { type Candidate, candidateKey, componentNames } from '../component.ts';
import { MetricError, RolloutError, RolloutTimeoutError } from '../errors.ts';
import type { ProgressEvent } from '../events.ts';
import { type Metric, type MetricArgs, type NormalizedScore, normalizeMetricResult } from '../metric.ts';
import { addUsage, noUsage, type Usage } from '../usage.ts';
import type { ExampleRef } from './examples.ts';
import { failureKind, messageOf } from './failures.ts';
import type { Ledger } from './ledger.ts';
import { type RetryOptions, type RetryPolicy, retryAfter } from './retry.ts';
import { Slots } from './slots.ts';
import { type LazySignal, Watch } from './watch.ts';

/** Why a rollout could not be measured. */
export interface Interruption {
  readonly reason: 'aborted' | 'max_metric_calls' | 'max_cost' | 'unavailable';
  readonly error?: unknown;
}

/** A candidate on some examples. Where `interruption` is set, `rollouts` has gaps. */
export interface Evaluation<Example, Output, Trace> {
  readonly rollouts: readonly (Rollout<Example, Output, Trace> | undefined)[];
  readonly interruption?: Interruption;
}

/** Where in the run an evaluation belongs. */
export interface EvaluationContext {
  readonly iteration: number;
  readonly phase: Phase;
  readonly candidateIndex: number | undefined;
}

export interface EvaluatorOptions<Example, Output, Trace, Name extends string> {
  readonly adapter: Adapter<Example, Output, Trace, Name>;
  readonly metric: Metric<Example, Output, Trace>;
  readonly runId: string;
  readonly ledger: Ledger;
  readonly concurrency: number;
  readonly retry: RetryOptions;
  readonly rolloutTimeoutMs: number | undefined;
  readonly failureScore: number;
  readonly cache: boolean;
  readonly signal: AbortSignal;
  readonly emit: (event: ProgressEvent) => void;
  readonly warn: (message: string) => void;
}

type Outcome<Example, Output, Trace> =
  | Rollout<Example, Output, Trace>
  | { readonly interruption: Interruption };

/** Finished and running rollouts of one candidate, by the example's key. */
type CandidateCache<Example, Output, Trace> = Map<
  number,
  Outcome<Example, Output, Trace> | Promise<Outcome<Example, Output, Trace>>
>;

/** One rollout to make. */
interface Order<Example, Output, Trace, Name extends string> {
  readonly candidate: Candidate<Name>;
  readonly ref: ExampleRef<Example>;
  readonly context: EvaluationContext;
  readonly cache: CandidateCache<Example, Output, Trace> | undefined;
  /** Shared by an evaluation: a refused key need not be refused for every example. */
  readonly refusal: { interruption?: Interruption };
}

/**
 * The first of the engine's two effects: runs candidates on examples and scores them. It owns the concurrency limit,
 * the cache, timeouts and retries. A pair of candidate and example is run once, also while it is still running.
 */
export class Evaluator<Example, Output, Trace, Name extends string> {
  readonly #options: EvaluatorOptions<Example, Output, Trace, Name>;
  readonly #names: readonly Name[];
  readonly #slots: Slots;
  readonly #retry: RetryPolicy;
  readonly #programWatch: Watch;
  readonly #metricWatch: Watch;
  readonly #cache = new Map<string, CandidateCache<Example, Output, Trace>>();
  #objectives: readonly string[] | undefined;

  constructor(options: EvaluatorOptions<Example, Output, Trace, Name>) {
    const { adapter, concurrency, signal, rolloutTimeoutMs: timeoutMs } = options;
    this.#options = options;
    this.#names = componentNames(adapter.components);
    this.#slots = new Slots(concurrency);
    this.#retry = {
      options: options.retry,
      signal,
      onRetry: (attempt, error) => {
        options.ledger.retries++;
        options.emit({ type: 'retried', what: 'rollout', attempt, message: messageOf(error) });
      },
    };
    const watch = (what: string) =>
      new Watch({
        signal,
        timeoutMs,
        timeoutError: () => new RolloutTimeoutError(`${what} did not end within ${timeoutMs} ms.`),
      });
    this.#programWatch = watch('The program');
    this.#metricWatch = watch('The metric');
  }

  /** How many metric calls an evaluation would take. */
  cost(candidate: Candidate<Name>, examples: readonly ExampleRef<Example>[]): number {
    if (!this.#options.cache) return examples.length;
    const known = this.#cache.get(candidateKey(this.#names, candidate));
    return new Set(examples.map(({ key }) => key).filter((key) => !known?.has(key))).size;
  }

  /** The same for a candidate that was never run. */
  costOfNew(examples: readonly ExampleRef<Example>[]): number {
    return this.#options.cache ? new Set(examples.map(({ key }) => key)).size : examples.length;
  }

  async evaluate(
    candidate: Candidate<Name>,
    examples: readonly ExampleRef<Example>[],
    context: EvaluationContext,
  ): Promise<Evaluation<Example, Output, Trace>> {
    const { ledger, concurrency } = this.#options;
    const cache = this.#cacheOf(candidate);
    const refusal: { interruption?: Interruption } = {};
    const outcomes: Outcome<Example, Output, Trace>[] = new Array(examples.length);
    let next = 0;
    const workOne = async () => {
      const position = next++;
      const ref = examples[position]!;
      const outcome = cache?.get(ref.key) ?? this.#start({ candidate, ref, context, cache, refusal });
      outcomes[position] = outcome instanceof Promise ? await outcome : outcome;
    };
    // A few workers rather than a promise for every example: a large valset would otherwise wait in memory.
    const work = async () => {
      while (next < examples.length) await workOne();
    };
    while (next < examples.length && ledger.mustLearnCost('rollout')) await workOne();
    await Promise.all(Array.from({ length: Math.min(concurrency, examples.length - next) }, work));
    const interrupted = outcomes.find((outcome) => 'interruption' in outcome);
    return {
      rollouts: outcomes.map((outcome) => ('interruption' in outcome ? undefined : outcome)),
      ...interrupted,
    };
  }

  #cacheOf(candidate: Candidate<Name>): CandidateCache<Example, Output, Trace> | undefined {
    if (!this.#options.cache) return undefined;
    const key = candidateKey(this.#names, candidate);
    let cache = this.#cache.get(key);
    if (cache === undefined) {
      cache = new Map();
      this.#cache.set(key, cache);
    }
    return cache;
  }

  #start(order: Order<Example, Output, Trace, Name>): Promise<Outcome<Example, Output, Trace>> {
    const outcome = this.#inSlot(order);
    order.cache?.set(order.ref.key, outcome);
    return outcome;
  }

  async #inSlot(order: Order<Example, Output, Trace, Name>): Promise<Outcome<Example, Output, Trace>> {
    const { cache, ref } = order;
    let outcome: Outcome<Example, Output, Trace> | undefined;
    await this.#slots.acquire();
    try {
      outcome = await this.#admitted(order);
      return outcome;
    } finally {
      this.#slots.release();
      // What could not be measured is forgotten, to be tried again when it is next wanted.
      if (outcome === undefined || 'interruption' in outcome) cache?.delete(ref.key);
      else cache?.set(ref.key, outcome);
    }
  }

  async #admitted(order: Order<Example, Output, Trace, Name>): Promise<Outcome<Example, Output, Trace>> {
    const { ledger, signal, emit } = this.#options;
    const { refusal, context, ref } = order;
    if (signal.aborted) return { interruption: { reason: 'aborted' } };
    if (refusal.interruption !== undefined) return { interruption: refusal.interruption };
    const admission = ledger.admit('rollout');
    if (admission !== 'admitted') return { interruption: { reason: admission } };

    const startedAt = performance.now();
    const spent = { usage: noUsage };
    let rollout: Rollout<Example, Output, Trace> | undefined;
    try {
      rollout = await this.#measure(order, spent);
    } catch (error) {
      if (MetricError.isInstance(error)) throw error;
      if (signal.aborted) return { interruption: { reason: 'aborted' } };
      const interruption: Interruption = { reason: 'unavailable', error };
      if (failureKind(error) === 'refused') refusal.interruption = interruption;
      return { interruption };
    } finally {
      spent.usage = ledger.settle('rollout', { scored: rollout !== undefined, usage: spent.usage });
    }
    emit({
      type: 'rollout_finished',
      iteration: context.iteration,
      phase: context.phase,
      candidateIndex: context.candidateIndex,
      exampleId: ref.id,
      score: rollout.score,
      error: rollout.error,
      durationMs: performance.now() - startedAt,
      usage: spent.usage,
      metricCalls: ledger.metricCalls,
    });
    return rollout;
  }

  /** Throws for what is nobody's score: passing failures that did not pass, refusals, an abort, a broken metric. */
  async #measure(
    order: Order<Example, Output, Trace, Name>,
    spent: { usage: Usage },
  ): Promise<Rollout<Example, Output, Trace>> {
    const { adapter, metric, runId, warn } = this.#options;
    const { ref, candidate } = order;
    const { example, id: exampleId } = ref;

    const run = (lazy: LazySignal) => adapter.run(candidate, example, new Context(runId, order, lazy));
    let execution: Execution<Output, Trace>;
    try {
      execution = await this.#retrying(() => this.#programWatch.run(run), spent);
    } catch (error) {
      const trace = RolloutError.isInstance(error) ? (error.trace as Trace | undefined) : undefined;
      return this.#failed(ref, 'The program', error, trace === undefined ? {} : { trace });
    }
    if (execution.usage !== undefined) spent.usage = addUsage(spent.usage, execution.usage);
    const { output, trace } = execution;

    const score = (lazy: LazySignal) => metric(new Measured(example, output, trace, lazy));
    let result: unknown;
    try {
      result = await this.#retrying(() => this.#metricWatch.run(score), spent);
    } catch (error) {
      const failed = this.#failed(
        ref,
        'The metric',
        error,
        trace === undefined ? { output } : { output, trace },
      );
      warn(
        `The metric threw, first on example ${exampleId}; such rollouts are scored as failed: ${failed.error}`,
      );
      return failed;
    }
    const { usage, ...scored } = this.#checked(result, ref);
    if (usage !== undefined) spent.usage = addUsage(spent.usage, usage);
    return trace === undefined
      ? { example, exampleId, output, ...scored }
      : { example, exampleId, output, trace, ...scored };
  }

  /** The first try goes without the machinery of the later ones. What a failed try cost is not forgotten. */
  async #retrying<T>(effect: () => Promise<T> | T, spent: { usage: Usage }): Promise<T> {
    const pay = (error: unknown) => {
      if (RolloutError.isInstance(error) && error.usage !== undefined)
        spent.usage = addUsage(spent.usage, error.usage);
    };
    try {
      return await effect();
    } catch (error) {
      pay(error);
      const again = async () => {
        try {
          return await effect();
        } catch (nextError) {
          pay(nextError);
          throw nextError;
        }
      };
      return retryAfter(error, again, this.#retry);
    }
  }

  #failed(
    ref: ExampleRef<Example>,
    what: string,
    error: unknown,
    measured: Partial<Execution<Output, Trace>>,
  ): Rollout<Example, Output, Trace> & { error: string } {
    if (this.#options.signal.aborted || failureKind(error) !== 'program') throw error;
    const message = messageOf(error);
    return {
      example: ref.example,
      exampleId: ref.id,
      ...measured,
      score: this.#options.failureScore,
      feedback: `${what} failed: ${message}`,
      error: message,
    };
  }

  #checked(result: unknown, ref: ExampleRef<Example>): NormalizedScore {
    const score = normalizeMetricResult(result);
    if ('problem' in score) {
      throw new MetricError(
        `The metric gave no usable score for example ${ref.id}: ${score.problem}. Return a finite number, a boolean, or { score, feedback?, objectives? }.`,
      );
    }
    const names = Object.keys(score.objectives ?? {});
    this.#objectives ??= names;
    const known = this.#objectives;
    if (names.length !== known.length || names.some((name) => !known.includes(name))) {
      const list = (all: readonly string[]) => (all.length === 0 ? 'none' : all.join(', '));
      throw new MetricError(
        `The metric gave the objectives ${list(names)} for example ${ref.id}, but ${list(known)} for others. Give the same objectives for every example.`,
      );
    }
    return score;
  }
}

/** Its signal is only made when it is looked at. */
class Context implements RunContext {
  readonly runId: string;
  readonly iteration: number;
  readonly phase: Phase;
  readonly candidateIndex: number | undefined;
  readonly exampleId: string;
  readonly #lazy: LazySignal;

  constructor(
    runId: string,
    order: { context: EvaluationContext; ref: ExampleRef<unknown> },
    lazy: LazySignal,
  ) {
    this.runId = runId;
    this.iteration = order.context.iteration;
    this.phase = order.context.phase;
    this.candidateIndex = order.context.candidateIndex;
    this.exampleId = order.ref.id;
    this.#lazy = lazy;
  }

  get signal(): AbortSignal {
    return this.#lazy.signal;
  }
}

/** Likewise. */
class Measured<Example, Output, Trace> implements MetricArgs<Example, Output, Trace> {
  readonly example: Example;
  readonly output: Output;
  readonly trace: Trace | undefined;
  readonly #lazy: LazySignal;

  constructor(example: Example, output: Output, trace: Trace | undefined, lazy: LazySignal) {
    this.example = example;
    this.output = output;
    this.trace = trace;
    this.#lazy = lazy;
  }

  get signal(): AbortSignal {
    return this.#lazy.signal;
  }
}
