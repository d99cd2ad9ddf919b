import pLimit, { type LimitFunction } from 'p-limit';
import type { Adapter, Execution, Phase, Rollout } from '../adapter.ts';
import { type Candidate, candidateKey, componentNames } from '../component.ts';
import { MetricError, RolloutError, RolloutTimeoutError } from '../errors.ts';
import type { ProgressEvent } from '../events.ts';
import { type Metric, type MetricScore, normalizeMetricResult } from '../metric.ts';
import { addUsage, noUsage, type Usage } from '../usage.ts';
import type { ExampleRef } from './examples.ts';
import { failureKind, messageOf } from './failures.ts';
import type { Ledger } from './ledger.ts';
import { type RetryOptions, raceAbort, withRetry } from './retry.ts';

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
  | { readonly rollout: Rollout<Example, Output, Trace> }
  | { readonly interruption: Interruption };

type CandidateCache<Example, Output, Trace> = Map<number, Promise<Outcome<Example, Output, Trace>>>;

/**
 * The first of the engine's two effects: runs candidates on examples and scores them. It owns the concurrency limit,
 * the cache, timeouts and retries. A pair of candidate and example is run once, also while it is still running.
 */
export class Evaluator<Example, Output, Trace, Name extends string> {
  readonly #options: EvaluatorOptions<Example, Output, Trace, Name>;
  readonly #names: readonly Name[];
  readonly #limit: LimitFunction;
  readonly #cache = new Map<string, CandidateCache<Example, Output, Trace>>();
  #objectives: readonly string[] | undefined;

  constructor(options: EvaluatorOptions<Example, Output, Trace, Name>) {
    this.#options = options;
    this.#names = componentNames(options.adapter.components);
    this.#limit = pLimit(options.concurrency);
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
    const refusal: { interruption?: Interruption } = {};
    const known = this.#cacheOf(candidate);
    const run = (ref: ExampleRef<Example>) =>
      this.#cached(known, ref, () => this.#limit(() => this.#admitted(candidate, ref, context, refusal)));
    const [first, ...rest] = examples;
    const head = first !== undefined && this.#options.ledger.mustLearnCost('rollout') ? [await run(first)] : [];
    const outcomes = [...head, ...(await Promise.all((head.length > 0 ? rest : examples).map(run)))];
    const interruption = outcomes.find((outcome) => 'interruption' in outcome)?.interruption;
    return {
      rollouts: outcomes.map((outcome) => ('rollout' in outcome ? outcome.rollout : undefined)),
      ...(interruption === undefined ? {} : { interruption }),
    };
  }

  #cacheOf(candidate: Candidate<Name>): CandidateCache<Example, Output, Trace> | undefined {
    if (!this.#options.cache) return undefined;
    const key = candidateKey(this.#names, candidate);
    let known = this.#cache.get(key);
    if (known === undefined) this.#cache.set(key, (known = new Map()));
    return known;
  }

  /** Serves finished and running rollouts; what could not be measured is forgotten. */
  #cached(
    known: CandidateCache<Example, Output, Trace> | undefined,
    { key }: ExampleRef<Example>,
    start: () => Promise<Outcome<Example, Output, Trace>>,
  ): Promise<Outcome<Example, Output, Trace>> {
    if (known === undefined) return start();
    let outcome = known.get(key);
    if (outcome === undefined) {
      outcome = start();
      known.set(key, outcome);
      const forget = () => known.delete(key);
      outcome.then((settled) => 'interruption' in settled && forget(), forget);
    }
    return outcome;
  }

  async #admitted(
    candidate: Candidate<Name>,
    ref: ExampleRef<Example>,
    context: EvaluationContext,
    refusal: { interruption?: Interruption },
  ): Promise<Outcome<Example, Output, Trace>> {
    const { ledger, signal, emit } = this.#options;
    if (signal.aborted) return { interruption: { reason: 'aborted' } };
    if (refusal.interruption !== undefined) return { interruption: refusal.interruption };
    const admission = ledger.admit('rollout');
    if (admission !== 'admitted') return { interruption: { reason: admission } };

    const startedAt = performance.now();
    const spent = { usage: noUsage };
    let rollout: Rollout<Example, Output, Trace> | undefined;
    try {
      rollout = await this.#measure(candidate, ref, context, spent);
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
      ...context,
      exampleId: ref.id,
      score: rollout.score,
      error: rollout.error,
      durationMs: performance.now() - startedAt,
      usage: spent.usage,
      metricCalls: ledger.metricCalls,
    });
    return { rollout };
  }

  /** Throws for what is nobody's score: passing failures that did not pass, refusals, an abort, a broken metric. */
  async #measure(
    candidate: Candidate<Name>,
    ref: ExampleRef<Example>,
    context: EvaluationContext,
    spent: { usage: Usage },
  ): Promise<Rollout<Example, Output, Trace>> {
    const { adapter, metric, signal, warn } = this.#options;
    const base = { example: ref.example, exampleId: ref.id };
    const failed = (what: string, error: unknown, execution?: Partial<Execution<Output, Trace>>) => {
      if (signal.aborted || failureKind(error) !== 'program') throw error;
      const message = messageOf(error);
      return {
        ...base,
        ...execution,
        score: this.#options.failureScore,
        feedback: `${what} failed: ${message}`,
        error: message,
      };
    };

    let execution: Execution<Output, Trace>;
    try {
      execution = await this.#again(async () => {
        try {
          return await this.#timed(ref, (rolloutSignal) =>
            adapter.run(candidate, ref.example, {
              ...context,
              runId: this.#options.runId,
              exampleId: ref.id,
              signal: rolloutSignal,
            }),
          );
        } catch (error) {
          if (RolloutError.isInstance(error)) spent.usage = addUsage(spent.usage, error.usage ?? noUsage);
          throw error;
        }
      });
    } catch (error) {
      const trace = RolloutError.isInstance(error) ? (error.trace as Trace | undefined) : undefined;
      return failed('The program', error, trace === undefined ? {} : { trace });
    }
    spent.usage = addUsage(spent.usage, execution.usage ?? noUsage);
    const { output, trace } = execution;
    const measured = { output, ...(trace === undefined ? {} : { trace }) };

    let result: unknown;
    try {
      result = await this.#again(async () => metric({ example: ref.example, output, trace, signal }));
    } catch (error) {
      warn(`The metric threw on example ${ref.id}; the rollout was scored as failed: ${messageOf(error)}`);
      return failed('The metric', error, measured);
    }
    const { usage, ...score } = this.#checked(result, ref);
    spent.usage = addUsage(spent.usage, usage ?? noUsage);
    return { ...base, ...measured, ...score };
  }

  #checked(result: unknown, ref: ExampleRef<Example>): MetricScore {
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

  #again<T>(effect: () => Promise<T>): Promise<T> {
    const { retry, signal, ledger, emit } = this.#options;
    return withRetry(effect, retry, signal, (attempt, error) => {
      ledger.retries++;
      emit({ type: 'retried', what: 'rollout', attempt, message: error.message });
    });
  }

  async #timed<T>(ref: ExampleRef<Example>, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal, rolloutTimeoutMs } = this.#options;
    if (rolloutTimeoutMs === undefined) return run(signal);
    const timeout = new AbortController();
    const timer = setTimeout(
      () =>
        timeout.abort(
          new RolloutTimeoutError(`The rollout of example ${ref.id} did not end within ${rolloutTimeoutMs} ms.`),
        ),
      rolloutTimeoutMs,
    );
    try {
      return await raceAbort(run(AbortSignal.any([signal, timeout.signal])), timeout.signal);
    } finally {
      clearTimeout(timer);
    }
  }
}
