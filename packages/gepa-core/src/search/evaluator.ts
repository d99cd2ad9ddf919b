import type { Adapter, Phase, Rollout } from '../adapter/adapter.ts';
import type { Ledger } from '../budget/ledger.ts';
import { expenseOf } from '../budget/spend.ts';
import { type Hold, isNothing } from '../budget/spending-bounds.ts';
import type { Stopwatch } from '../budget/stopwatch.ts';
import { noUsage, type Usage } from '../budget/usage.ts';
import { isUnbilled, messageOf } from '../calls/classify-error.ts';
import { Interrupted, type Interruption } from '../calls/interruption.ts';
import type { ProviderHealth } from '../calls/outage.ts';
import type { RetryOptions } from '../calls/retry.ts';
import { Slots } from '../calls/semaphore.ts';
import { type Candidate, candidateKey, componentNames } from '../component.ts';
import { RunError } from '../errors.ts';
import type { ProgressEvent } from '../events.ts';
import type { Journal, Place } from '../journal/journal.ts';
import type { Metric } from '../metric.ts';
import type { ExampleRef } from './examples.ts';
import { type Outcome, RolloutCache, type Scored } from './rollout-cache.ts';
import { placeOf, RolloutRecord, type RolloutSubject } from './rollout-record.ts';
import { type RolloutContext, RolloutRunner, Spent } from './rollout-runner.ts';
import type { FrontierType } from './search-view.ts';

/** A candidate on some examples. Where `interruption` is set, `rollouts` has gaps. */
export interface Evaluation<Example, Output, Trace> {
  readonly rollouts: readonly (Scored<Example, Output, Trace> | undefined)[];
  readonly interruption?: Interruption;
}

export interface EvaluatorOptions<Example, Output, Trace, Name extends string> {
  readonly adapter: Adapter<Example, Output, Trace, Name>;
  readonly metric: Metric<Example, Output, Trace>;
  readonly runId: string;
  readonly ledger: Ledger;
  readonly stopwatch: Stopwatch;
  readonly health: ProviderHealth;
  /** Absent when nothing is kept outside of the process. */
  readonly journal: Journal | undefined;
  readonly concurrency: number;
  readonly retry: RetryOptions;
  readonly rolloutTimeoutMs: number | undefined;
  readonly failureScore: number;
  readonly frontierType: FrontierType;
  readonly cache: boolean;
  /** How many examples there are: more than the largest key. */
  readonly exampleCount: number;
  /** Whether a rollout on the example may yet be shown to the reflection model, so that its trace is to be kept. */
  readonly isReflectedOn: (exampleKey: number) => boolean;
  readonly signal: AbortSignal;
  /** Absent when nobody listens. */
  readonly emit: ((event: ProgressEvent) => void) | undefined;
  readonly warn: (message: string) => void;
}

/** One rollout to make. */
interface Order<Example, Output, Trace, Name extends string> extends RolloutSubject<Example> {
  readonly candidate: Candidate<Name>;
  readonly cache: RolloutCache<Example, Output, Trace> | undefined;
  /** Shared by an evaluation: what is not available for one example need not be asked for every other. */
  readonly refusal: { interruption?: Interruption };
}

/**
 * The first of the engine's two effects: runs candidates on examples, under one limit on concurrency and within the
 * budget. A pair of candidate and example is run once, also while it is still running, and not at all if an earlier
 * session of the run did so.
 */
export class Evaluator<Example, Output, Trace, Name extends string> {
  readonly #options: EvaluatorOptions<Example, Output, Trace, Name>;
  readonly #names: readonly Name[];
  readonly #slots: Slots;
  readonly #runner: RolloutRunner<Example, Output, Trace, Name>;
  readonly #record: RolloutRecord<Example, Output, Trace> | undefined;
  readonly #cache = new Map<string, RolloutCache<Example, Output, Trace>>();
  #metricThrew = false;

  constructor(options: EvaluatorOptions<Example, Output, Trace, Name>) {
    const { adapter, concurrency, signal, ledger, health, emit, retry, journal } = options;
    this.#options = options;
    this.#record = journal && new RolloutRecord({ journal, adapter, ledger });
    this.#names = componentNames(adapter.components);
    this.#slots = new Slots(concurrency);
    this.#runner = new RolloutRunner({
      ...options,
      retryPolicy: { options: retry, signal, health },
      onRetry(attempt, error, { account }) {
        ledger.retry(account?.hold, !isUnbilled(error));
        emit?.({ type: 'retried', what: 'rollout', attempt, message: messageOf(error) });
      },
      admit: ({ account }) => ledger.admitAgain(account?.hold),
      pay: (expense, usage, { account }, isMetered) => {
        const pay = () => ledger.pay(expense, usage, account?.hold, isMetered);
        return ledger.waitForPrices(usage)?.then(pay) ?? pay();
      },
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
    const { stopwatch } = this.#options;
    const expense = expenseOf(context.phase);
    stopwatch.start(expense);
    try {
      return await this.#evaluate(candidate, examples, context);
    } finally {
      stopwatch.stop(expense);
    }
  }

  /** Rollouts with everything the reflection model may be shown. */
  whole(rollouts: readonly Scored<Example, Output, Trace>[]): readonly Rollout<Example, Output, Trace>[] {
    return rollouts.map((rollout) => this.#whole(rollout));
  }

  #whole(rollout: Scored<Example, Output, Trace>): Rollout<Example, Output, Trace> {
    return this.#record?.whole(rollout) ?? rollout;
  }

  async #evaluate(
    candidate: Candidate<Name>,
    examples: readonly ExampleRef<Example>[],
    context: RolloutContext,
  ): Promise<Evaluation<Example, Output, Trace>> {
    const { ledger, concurrency, journal } = this.#options;
    const cache = this.#cacheOf(candidate);
    const number = journal?.numberOf(candidate) ?? 0;
    const needsPlace = cache === undefined && journal !== undefined;
    const refusal: { interruption?: Interruption } = {};
    const outcomes: Outcome<Example, Output, Trace>[] = new Array(examples.length);
    let next = 0;
    const work = async () => {
      while (next < examples.length) {
        const position = next++;
        const ref = examples[position]!;
        const known = cache?.get(ref);
        if (known !== undefined) ledger.cacheHits++;
        const place = needsPlace ? placeOf(context, position) : undefined;
        const order = { candidate, number, ref, place, context, cache, refusal };
        const outcome = known ?? this.#start(order);
        outcomes[position] = outcome instanceof Promise ? await outcome : outcome;
      }
    };
    // A few workers rather than a promise for every example: a large valset would otherwise wait in memory.
    await Promise.all(Array.from({ length: Math.min(concurrency, examples.length) }, work));

    const interruptions = outcomes.filter((outcome) => 'interruption' in outcome);
    // What ends the run goes before what is a gap.
    const interrupted =
      interruptions.find(({ interruption }) => interruption.reason !== 'unavailable') ?? interruptions[0];
    const rollouts = outcomes.map((outcome) => ('interruption' in outcome ? undefined : outcome));
    this.#warnOfMetric(rollouts.find((rollout) => rollout?.failedIn === 'metric'));
    return { rollouts, ...interrupted };
  }

  /** Once, and of the first in order: a replay warns of the same. */
  #warnOfMetric(thrown: Scored<Example, Output, Trace> | undefined): void {
    if (thrown === undefined || this.#metricThrew) return;
    this.#metricThrew = true;
    this.#options.warn(
      `The metric threw, first on example ${thrown.exampleId}; such rollouts count as failed: ${thrown.error}`,
    );
  }

  #cacheOf(candidate: Candidate<Name>): RolloutCache<Example, Output, Trace> | undefined {
    if (!this.#options.cache) return undefined;
    const key = candidateKey(this.#names, candidate);
    let cache = this.#cache.get(key);
    if (cache === undefined) {
      cache = new RolloutCache(this.#options.exampleCount);
      this.#cache.set(key, cache);
    }
    return cache;
  }

  #start(
    order: Order<Example, Output, Trace, Name>,
  ): Outcome<Example, Output, Trace> | Promise<Outcome<Example, Output, Trace>> {
    const outcome = this.#remembered(order) ?? this.#fulfil(order);
    if (outcome instanceof Promise) order.cache?.set(order.ref.key, outcome);
    return outcome;
  }

  /** What an earlier session made of it. */
  #remembered(order: Order<Example, Output, Trace, Name>): Outcome<Example, Output, Trace> | undefined {
    const earlier = this.#record?.take(order);
    if (earlier === undefined) return undefined;
    if ('interruption' in earlier) {
      if (!mayHaveGaps(order.context.phase)) order.refusal.interruption = earlier.interruption;
      return earlier;
    }
    const { rollout, place, usage, durationMs } = earlier;
    if (rollout.error === undefined) this.#runner.learnObjectives(rollout);
    const kept = this.#kept(rollout, order, place);
    this.#tell(order, kept, usage, durationMs, true);
    return kept;
  }

  async #fulfil(order: Order<Example, Output, Trace, Name>): Promise<Outcome<Example, Output, Trace>> {
    const { candidate, ref, context, cache } = order;
    const { ledger } = this.#options;
    const waiting = this.#slots.acquire();
    if (waiting !== undefined) await waiting;
    for (let wait = this.#wait(); wait !== undefined; wait = this.#wait()) await wait;
    const admission = this.#admit(order);
    if ('reason' in admission) {
      this.#slots.release();
      // Not before the order stands in the cache.
      await undefined;
      cache?.delete(ref.key);
      return { interruption: admission };
    }
    const noted = ledger.setAside(admission);
    if (noted !== undefined) await noted;
    const startedAt = performance.now();
    const spent = new Spent(ledger.needsUsage ? { ledger, hold: admission } : undefined);
    let rollout: Rollout<Example, Output, Trace>;
    try {
      rollout = await this.#runner.measure(candidate, ref, context, spent);
    } catch (error) {
      cache?.delete(ref.key);
      const isKnown = error instanceof Interrupted || RunError.isInstance(error) || isUnbilled(error);
      ledger.settle(admission, isKnown ? 'failed' : 'givenUp');
      this.#slots.release();
      return { interruption: this.#interruptionBy(error, order, spent) };
    }
    ledger.settle(admission, rollout.error === undefined ? 'complete' : 'failed');
    // The slot is not needed while the rollout is written down.
    this.#slots.release();
    ledger.scored(expenseOf(context.phase));
    if (ledger.needsUsage && spent.total.modelCalls === 0 && rollout.error === undefined) {
      this.#options.warn(
        'A rollout reported no usage, and so counts as free: maxCostUsd and maxTokens do not bound it. Return `usage` from run().',
      );
    }
    const durationMs = performance.now() - startedAt;
    const place =
      this.#record === undefined ? undefined : await this.#record.add(order, rollout, spent, durationMs);
    // A failure is told in the words that were written down, since those are all that another session will have.
    const told = rollout.error === undefined ? rollout : this.#whole({ ...rollout, place });
    const kept = this.#kept(told, order, place);
    this.#tell(order, kept, spent.total, durationMs, false);
    return kept;
  }

  #wait(): Promise<void> | undefined {
    const { health, ledger } = this.#options;
    return health.pause ?? ledger.wait('rollout');
  }

  #admit({ refusal }: Order<Example, Output, Trace, Name>): Hold | Interruption {
    const { signal, health, ledger } = this.#options;
    if (signal.aborted) return { reason: 'aborted' };
    if (health.loss !== undefined) return { reason: 'providerUnavailable', error: health.loss.error };
    if (refusal.interruption !== undefined) return refusal.interruption;
    const admission = ledger.admit('rollout');
    return typeof admission === 'string' ? { reason: admission } : admission;
  }

  #interruptionBy(error: unknown, order: Order<Example, Output, Trace, Name>, spent: Spent): Interruption {
    const { signal, health } = this.#options;
    const { refusal, context } = order;
    const isEnd =
      signal.aborted ||
      health.loss !== undefined ||
      error instanceof Interrupted ||
      RunError.isInstance(error);
    const isToBeTold = !isEnd || spent.total !== noUsage || !isNothing(spent.inDoubt);
    if (isToBeTold) this.#record?.addFailure(order, error, spent);
    else this.#record?.addNothing(spent);
    if (RunError.isInstance(error)) throw error;
    if (error instanceof Interrupted) return error.interruption;
    if (signal.aborted) return { reason: 'aborted' };
    if (health.loss !== undefined) return { reason: 'providerUnavailable', error };
    const interruption: Interruption = { reason: 'unavailable', error };
    if (!mayHaveGaps(context.phase)) refusal.interruption = interruption;
    return interruption;
  }

  /** What stands in the journal, or will not be looked at again, is not kept in memory. */
  #kept(
    rollout: Rollout<Example, Output, Trace>,
    { ref: { key }, cache }: Order<Example, Output, Trace, Name>,
    place: Place | undefined,
  ): Scored<Example, Output, Trace> {
    const isReflectedOn = this.#options.isReflectedOn(key);
    if (isReflectedOn && place === undefined) {
      cache?.set(key, rollout);
      return rollout;
    }
    const { example, exampleId, score, objectives, error, failedIn } = rollout;
    const light: Scored<Example, Output, Trace> = {
      example,
      exampleId,
      score,
      ...(objectives === undefined ? {} : { objectives }),
      ...(error === undefined ? {} : { error, failedIn }),
      ...(place === undefined || !isReflectedOn ? {} : { place }),
    };
    if (isReflectedOn || objectives !== undefined || error !== undefined) cache?.set(key, light);
    else cache?.setScore(key, score);
    return light;
  }

  #tell(
    { context, ref }: Order<Example, Output, Trace, Name>,
    { score, error }: Scored<Example, Output, Trace>,
    usage: Usage,
    durationMs: number,
    replayed: boolean,
  ): void {
    const { ledger, emit } = this.#options;
    emit?.({
      type: 'rollout_finished',
      iteration: context.iteration,
      phase: context.phase,
      candidateIndex: context.candidateIndex,
      exampleId: ref.id,
      score,
      error,
      durationMs,
      usage,
      metricCalls: ledger.metricCalls,
      replayed,
    });
  }
}

/** Only a new candidate's pass over the valset and the test are worth something with a gap. */
const mayHaveGaps = (phase: Phase) => phase === 'valset' || phase === 'testset';
