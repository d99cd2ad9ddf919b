import type { Adapter, Rollout } from '../adapter.ts';
import { type Candidate, candidateKey, componentNames } from '../component.ts';
import { failureKind, messageOf } from '../effects/failures.ts';
import type { Interruption } from '../effects/interruption.ts';
import type { Ledger } from '../effects/ledger.ts';
import type { RetryOptions } from '../effects/retry.ts';
import { Slots } from '../effects/slots.ts';
import { RunError } from '../errors.ts';
import type { ProgressEvent } from '../events.ts';
import type { Metric } from '../metric.ts';
import type { FrontierType } from '../search-view.ts';
import { noUsage } from '../usage.ts';
import type { ExampleRef } from './examples.ts';
import { type RolloutContext, RolloutRunner, type Spent } from './rollout-runner.ts';

/** A candidate on some examples. Where `interruption` is set, `rollouts` has gaps. */
export interface Evaluation<Example, Output, Trace> {
  readonly rollouts: readonly (Rollout<Example, Output, Trace> | undefined)[];
  readonly interruption?: Interruption;
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
  readonly frontierType: FrontierType;
  readonly cache: boolean;
  readonly signal: AbortSignal;
  /** Absent when nobody listens. */
  readonly emit: ((event: ProgressEvent) => void) | undefined;
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
  readonly context: RolloutContext;
  readonly cache: CandidateCache<Example, Output, Trace> | undefined;
  /** Shared by an evaluation: what is not available for one example need not be asked for every other. */
  readonly refusal: { interruption?: Interruption };
}

/**
 * The first of the engine's two effects: runs candidates on examples, under one limit on concurrency and within the
 * budget. A pair of candidate and example is run once, also while it is still running.
 */
export class Evaluator<Example, Output, Trace, Name extends string> {
  readonly #options: EvaluatorOptions<Example, Output, Trace, Name>;
  readonly #names: readonly Name[];
  readonly #slots: Slots;
  readonly #runner: RolloutRunner<Example, Output, Trace, Name>;
  readonly #cache = new Map<string, CandidateCache<Example, Output, Trace>>();

  constructor(options: EvaluatorOptions<Example, Output, Trace, Name>) {
    const { adapter, concurrency, signal, ledger, emit, retry } = options;
    const onRetry = (attempt: number, error: unknown) => {
      ledger.retries++;
      emit?.({ type: 'retried', what: 'rollout', attempt, message: messageOf(error) });
    };
    this.#options = options;
    this.#names = componentNames(adapter.components);
    this.#slots = new Slots(concurrency);
    this.#runner = new RolloutRunner({
      ...options,
      retryPolicy: { options: retry, signal, onRetry },
      price: (usage) => ledger.price('rollout', usage),
    });
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
    context: RolloutContext,
  ): Promise<Evaluation<Example, Output, Trace>> {
    const { ledger, concurrency } = this.#options;
    const cache = this.#cacheOf(candidate);
    const refusal: { interruption?: Interruption } = {};
    const outcomes: Outcome<Example, Output, Trace>[] = new Array(examples.length);
    let next = 0;
    const workWhile = async (goOn: () => boolean) => {
      while (next < examples.length && goOn()) {
        const position = next++;
        const ref = examples[position]!;
        const outcome = cache?.get(ref.key) ?? this.#start({ candidate, ref, context, cache, refusal });
        outcomes[position] = outcome instanceof Promise ? await outcome : outcome;
      }
    };
    await workWhile(() => ledger.mustLearnCost('rollout'));
    // A few workers rather than a promise for every example: a large valset would otherwise wait in memory.
    const workers = Math.min(concurrency, examples.length - next);
    await Promise.all(Array.from({ length: workers }, () => workWhile(() => true)));

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
    const outcome = this.#fulfil(order);
    order.cache?.set(order.ref.key, outcome);
    return outcome;
  }

  async #fulfil(order: Order<Example, Output, Trace, Name>): Promise<Outcome<Example, Output, Trace>> {
    const { candidate, ref, context, cache } = order;
    const waiting = this.#slots.acquire();
    if (waiting !== undefined) await waiting;
    const refused = this.#admit(order);
    if (refused !== undefined) {
      this.#slots.release();
      // Not before the order stands in the cache.
      await undefined;
      cache?.delete(ref.key);
      return { interruption: refused };
    }
    const startedAt = performance.now();
    const spent: Spent = { usage: noUsage };
    let rollout: Rollout<Example, Output, Trace> | undefined;
    try {
      rollout = await this.#runner.measure(candidate, ref, context, spent);
      return rollout;
    } catch (error) {
      return { interruption: this.#interruptionBy(error, order) };
    } finally {
      this.#slots.release();
      // What could not be measured is forgotten, to be tried again when it is next wanted.
      if (rollout === undefined) cache?.delete(ref.key);
      else cache?.set(ref.key, rollout);
      this.#settle(order, rollout, spent, startedAt);
    }
  }

  #admit({ refusal }: Order<Example, Output, Trace, Name>): Interruption | undefined {
    if (this.#options.signal.aborted) return { reason: 'aborted' };
    if (refusal.interruption !== undefined) return refusal.interruption;
    const admission = this.#options.ledger.admit('rollout');
    return admission === 'admitted' ? undefined : { reason: admission };
  }

  #interruptionBy(error: unknown, { refusal, context }: Order<Example, Output, Trace, Name>): Interruption {
    if (RunError.isInstance(error)) throw error;
    if (this.#options.signal.aborted) return { reason: 'aborted' };
    const interruption: Interruption = { reason: 'unavailable', error };
    // Only a new candidate's pass over the valset is worth something with a gap.
    if (context.phase !== 'valset' || failureKind(error) === 'refused') refusal.interruption = interruption;
    return interruption;
  }

  #settle(
    { context, ref }: Order<Example, Output, Trace, Name>,
    rollout: Rollout<Example, Output, Trace> | undefined,
    spent: Spent,
    startedAt: number,
  ): void {
    const { ledger, emit } = this.#options;
    const { usage } = spent;
    const scored = rollout !== undefined;
    ledger.settle('rollout', { scored, complete: scored && rollout.error === undefined, usage });
    if (!scored) return;
    emit?.({
      type: 'rollout_finished',
      iteration: context.iteration,
      phase: context.phase,
      candidateIndex: context.candidateIndex,
      exampleId: ref.id,
      score: rollout.score,
      error: rollout.error,
      durationMs: performance.now() - startedAt,
      usage,
      metricCalls: ledger.metricCalls,
    });
  }
}
