import type { Adapter, Execution, Phase, Rollout } from '../adapter/adapter.ts';
import { spendPhaseOf } from '../budget/spend.ts';
import type { Stopwatch } from '../budget/stopwatch.ts';
import type { Usage } from '../budget/usage.ts';
import { messageOf } from '../calls/classify-error.ts';
import { Interrupted, type Interruption } from '../calls/interruption.ts';
import { mapConcurrently } from '../calls/map-concurrently.ts';
import { classify } from '../calls/retry.ts';
import {
  type Call,
  type CallEnvironment,
  type CallOutcome,
  type RunAttempt,
  runCall,
} from '../calls/run-call.ts';
import { Semaphore } from '../calls/semaphore.ts';
import { type Candidate, candidateKey, componentNames } from '../component.ts';
import { RolloutError, RunError } from '../errors.ts';
import { type JournalPosition, type RolloutEntry, rolloutKey } from '../journal/journal.ts';
import type { Metric } from '../metric.ts';
import type { ExampleRef } from './examples.ts';
import { ScoreCheck } from './score-check.ts';
import type { FrontierType } from './search-view.ts';

/** Where in the run a rollout belongs. */
export interface RolloutContext {
  readonly iteration: number;
  readonly phase: Phase;
  readonly candidateIndex: number | undefined;
  /** Its place within the iteration. */
  readonly task?: number;
}

/** A rollout as it is kept. Details that only a reflection reads may be on disk instead: see `Evaluator.complete`. */
export interface Scored<Example, Output, Trace> extends Rollout<Example, Output, Trace> {
  readonly position?: JournalPosition | undefined;
}

/** A candidate on some examples. `rollouts` has gaps where an `interruption` is set. */
export interface Evaluation<Example, Output, Trace> {
  readonly rollouts: readonly (Scored<Example, Output, Trace> | undefined)[];
  readonly interruption?: Interruption;
}

export interface EvaluatorOptions<Example, Output, Trace, Name extends string> {
  readonly run: CallEnvironment;
  readonly runId: string;
  readonly adapter: Adapter<Example, Output, Trace, Name>;
  readonly metric: Metric<Example, Output, Trace>;
  readonly stopwatch: Stopwatch;
  readonly concurrency: number;
  readonly failureScore: number;
  readonly frontierType: FrontierType;
  readonly cache: boolean;
  /** Whether the reflection model may read rollouts on the example, so that their traces are kept. */
  readonly isReflectedOn: (exampleKey: number) => boolean;
  readonly warn: (message: string) => void;
}

type Outcome<Example, Output, Trace> =
  | Scored<Example, Output, Trace>
  | { readonly interruption: Interruption };

/** The rollouts of one candidate, by example. */
type RolloutCache<Example, Output, Trace> = Map<number, Promise<Outcome<Example, Output, Trace>>>;

/** One pair of candidate and example. */
interface Pair<Example, Name extends string> {
  readonly candidate: Candidate<Name>;
  /** The number of the candidate in the journal. */
  readonly number: number;
  readonly ref: ExampleRef<Example>;
  readonly context: RolloutContext;
  /** Tells rollouts of the same pair apart, where there is no cache. */
  readonly occurrence: string | undefined;
}

/**
 * The first of the search's two effects: runs candidates on examples. Each pair of candidate and example runs once, also
 * when it is asked for again while it runs.
 */
export class Evaluator<Example, Output, Trace, Name extends string> {
  /** Rollouts that were asked for again. */
  cacheHits = 0;
  /** Rollouts that the evaluation policy left out. */
  metricCallsSaved = 0;
  readonly #options: EvaluatorOptions<Example, Output, Trace, Name>;
  readonly #names: readonly Name[];
  readonly #semaphore: Semaphore;
  readonly #scores: ScoreCheck;
  /** By candidate, then by example. */
  readonly #cache = new Map<string, RolloutCache<Example, Output, Trace>>();
  #hasWarnedOfMetric = false;

  constructor(options: EvaluatorOptions<Example, Output, Trace, Name>) {
    this.#options = options;
    this.#names = componentNames(options.adapter.components);
    this.#semaphore = new Semaphore(options.concurrency);
    this.#scores = new ScoreCheck(options.frontierType);
  }

  /** The metric calls that an evaluation would take. */
  cost(candidate: Candidate<Name>, examples: readonly ExampleRef<Example>[]): number {
    if (!this.#options.cache) return examples.length;
    const known = this.#cache.get(candidateKey(this.#names, candidate));
    return new Set(examples.map(({ key }) => key).filter((key) => !known?.has(key))).size;
  }

  /** The same for a candidate that never ran. */
  costOfNew(examples: readonly ExampleRef<Example>[]): number {
    return this.#options.cache ? new Set(examples.map(({ key }) => key)).size : examples.length;
  }

  async evaluate(
    candidate: Candidate<Name>,
    examples: readonly ExampleRef<Example>[],
    context: RolloutContext,
  ): Promise<Evaluation<Example, Output, Trace>> {
    const phase = spendPhaseOf(context.phase);
    this.#options.stopwatch.start(phase);
    try {
      return await this.#evaluate(candidate, examples, context);
    } finally {
      this.#options.stopwatch.stop(phase);
    }
  }

  /** Rollouts with every detail that the reflection model may read. */
  complete(rollouts: readonly Scored<Example, Output, Trace>[]): Rollout<Example, Output, Trace>[] {
    return rollouts.map(({ position, ...rollout }) => {
      if (position === undefined) return rollout;
      const details = this.#options.run.journal!.detailsAt(position);
      return { ...rollout, ...(details as Partial<Rollout<Example, Output, Trace>>) };
    });
  }

  async #evaluate(
    candidate: Candidate<Name>,
    examples: readonly ExampleRef<Example>[],
    context: RolloutContext,
  ): Promise<Evaluation<Example, Output, Trace>> {
    const cache = this.#cacheOf(candidate);
    const number = this.#options.run.journal?.numberOf(candidate) ?? 0;
    // Where every rollout is needed, the first that is unavailable ends the evaluation.
    let unavailable: Interruption | undefined;
    const outcomes = await mapConcurrently(examples, this.#options.concurrency, async (ref, position) => {
      const occurrence = cache === undefined ? occurrenceOf(context, position) : undefined;
      const pair = { candidate, number, ref, context, occurrence };
      const outcome = await this.#outcome(pair, cache, () => unavailable);
      if (isInterrupted(outcome, 'unavailable') && !mayHaveGaps(context.phase)) {
        unavailable = outcome.interruption;
      }
      return outcome;
    });
    const interrupted = outcomes.filter((outcome) => 'interruption' in outcome);
    // An interruption that ends the run goes before a gap.
    const first =
      interrupted.find(({ interruption }) => interruption.reason !== 'unavailable') ?? interrupted[0];
    const rollouts = outcomes.map((outcome) => ('interruption' in outcome ? undefined : outcome));
    this.#warnOfMetric(rollouts.find((rollout) => rollout?.failedIn === 'metric'));
    return { rollouts, ...first };
  }

  async #outcome(
    pair: Pair<Example, Name>,
    cache: RolloutCache<Example, Output, Trace> | undefined,
    skip: () => Interruption | undefined,
  ): Promise<Outcome<Example, Output, Trace>> {
    if (cache === undefined) return this.#rollOut(pair, skip);
    const { key, id, example } = pair.ref;
    const known = cache.get(key);
    if (known !== undefined) {
      this.cacheHits++;
      const outcome = await known;
      return 'interruption' in outcome ? outcome : { ...outcome, example, exampleId: id };
    }
    const rollout = this.#rollOut(pair, skip);
    cache.set(key, rollout);
    try {
      const outcome = await rollout;
      if ('interruption' in outcome) cache.delete(key);
      return outcome;
    } catch (error) {
      cache.delete(key);
      throw error;
    }
  }

  #cacheOf(candidate: Candidate<Name>): RolloutCache<Example, Output, Trace> | undefined {
    if (!this.#options.cache) return undefined;
    const key = candidateKey(this.#names, candidate);
    let cache = this.#cache.get(key);
    if (cache === undefined) {
      cache = new Map();
      this.#cache.set(key, cache);
    }
    return cache;
  }

  /** Makes one rollout: the program on one example, then the metric. */
  async #rollOut(
    pair: Pair<Example, Name>,
    skip: () => Interruption | undefined,
  ): Promise<Outcome<Example, Output, Trace>> {
    const { run } = this.#options;
    const { ref, context, number, occurrence } = pair;
    const call: Call<Rollout<Example, Output, Trace>> = {
      kind: 'rollout',
      phase: spendPhaseOf(context.phase),
      iteration: context.iteration,
      key: rolloutKey(number, ref.key, occurrence),
      semaphore: this.#semaphore,
      skip,
      perform: (attempt) => this.#perform(pair, attempt),
      entryOf: (rollout, durationMs) => this.#entryOf(pair, rollout, durationMs),
      replayed: (entry) => this.#replayed(pair, entry as RolloutEntry),
    };
    const outcome = await runCall(run, call);
    if ('interruption' in outcome) return outcome;
    this.#warnIfFree(outcome);
    const kept = this.#kept(outcome.value, ref, outcome.position);
    this.#dispatchFinished(pair, kept, outcome);
    return kept;
  }

  /**
   * Runs the program, then the metric.
   *
   * @throws errors that must not be scored: transient failures that outlast the retries, refusals, an abort, a metric
   *   that breaks its contract.
   */
  async #perform(
    { candidate, ref, context }: Pair<Example, Name>,
    attempt: RunAttempt,
  ): Promise<Rollout<Example, Output, Trace>> {
    const { adapter, metric, runId } = this.#options;
    const { example, id: exampleId } = ref;
    const { iteration, phase, candidateIndex } = context;

    let execution: Execution<Output, Trace>;
    try {
      execution = await attempt(
        { name: 'The program', usageOf: (result: Execution<Output, Trace>) => result?.usage },
        (given) =>
          adapter.run(candidate, example, { ...given, runId, iteration, phase, candidateIndex, exampleId }),
      );
    } catch (error) {
      const trace = RolloutError.isInstance(error) ? (error.trace as Trace | undefined) : undefined;
      return this.#failed(ref, 'program', error, trace === undefined ? {} : { trace });
    }
    if (typeof execution !== 'object' || execution === null) {
      throw new RunError(
        `run() returned ${execution === null ? 'null' : typeof execution} for example ${exampleId}. Return { output, trace?, usage? }.`,
      );
    }
    const { output, trace } = execution;
    const ran = { output, ...(trace === undefined ? {} : { trace }) };

    let result: unknown;
    try {
      result = await attempt({ name: 'The metric', by: 'judge', usageOf: usageOfMetric }, (given): unknown =>
        metric({ ...given, example, output, trace }),
      );
    } catch (error) {
      return this.#failed(ref, 'metric', error, ran);
    }
    const { usage: _, ...score } = this.#scores.check(result, exampleId);
    return { example, exampleId, ...ran, ...score };
  }

  #failed(
    { example, id: exampleId }: ExampleRef<Example>,
    failedIn: 'program' | 'metric',
    error: unknown,
    ran: Partial<Execution<Output, Trace>>,
  ): Rollout<Example, Output, Trace> {
    const { run, failureScore } = this.#options;
    const endsRun = run.signal.aborted || RunError.isInstance(error) || error instanceof Interrupted;
    if (endsRun || classify(error, run.retry) !== 'program') throw error;
    const message = messageOf(error);
    const feedback = `The ${failedIn} failed: ${message}`;
    return { example, exampleId, ...ran, score: failureScore, feedback, error: message, failedIn };
  }

  #entryOf(
    { ref, context, number, occurrence }: Pair<Example, Name>,
    rollout: Rollout<Example, Output, Trace>,
    durationMs: number,
  ): RolloutEntry {
    const { example: _, exampleId, output, trace, ...scored } = rollout;
    const ran = {
      ...(output === undefined ? {} : { output }),
      ...(trace === undefined ? {} : { trace }),
    };
    const { iteration, phase } = context;
    return {
      type: 'rollout',
      iteration,
      phase,
      candidate: number,
      example: ref.key,
      exampleId,
      occurrence,
      ...scored,
      ...(this.#options.adapter.toPlain?.(ran) ?? ran),
      durationMs,
    };
  }

  #replayed({ ref }: Pair<Example, Name>, entry: RolloutEntry): Rollout<Example, Output, Trace> {
    const { score, objectives, error, failedIn } = entry;
    if (error === undefined) this.#scores.learn(objectives);
    return {
      example: ref.example,
      exampleId: ref.id,
      score,
      ...(objectives === undefined ? {} : { objectives }),
      ...(error === undefined ? {} : { error, failedIn: failedIn! }),
    };
  }

  /** Drops from memory what is on disk, or what no reflection will read. */
  #kept(
    rollout: Rollout<Example, Output, Trace>,
    { key }: ExampleRef<Example>,
    position: JournalPosition | undefined,
  ): Scored<Example, Output, Trace> {
    const isReflectedOn = this.#options.isReflectedOn(key);
    if (isReflectedOn && position === undefined) return rollout;
    const { example, exampleId, score, objectives, failedIn } = rollout;
    // The error as it was written, since a resumed run has no other.
    const error =
      rollout.error === undefined || position === undefined
        ? rollout.error
        : this.#options.run.journal!.detailsAt(position).error;
    return {
      example,
      exampleId,
      score,
      ...(objectives === undefined ? {} : { objectives }),
      ...(error === undefined ? {} : { error, failedIn: failedIn! }),
      ...(position === undefined || !isReflectedOn ? {} : { position }),
    };
  }

  #dispatchFinished(
    { context, ref }: Pair<Example, Name>,
    { score, error }: Scored<Example, Output, Trace>,
    { usage, metricCalls, durationMs, isReplayed }: CallOutcome<unknown>,
  ): void {
    const { run } = this.#options;
    const { iteration, phase, candidateIndex } = context;
    run.dispatch({
      type: 'rollout_finished',
      iteration,
      phase,
      candidateIndex,
      exampleId: ref.id,
      score,
      error,
      durationMs,
      usage,
      metricCalls,
      replayed: isReplayed,
    });
  }

  #warnIfFree({ value, usage, isReplayed }: CallOutcome<Rollout<Example, Output, Trace>>): void {
    const { run, warn } = this.#options;
    if (isReplayed || !run.budget.limitsSpend || usage.modelCalls > 0 || value.error !== undefined) return;
    warn(
      'A rollout reported no usage and counts as free: maxCostUsd and maxTokens do not limit it. Return `usage` from run().',
    );
  }

  /** Once, for the first in order, so that a replay gives the same warning. */
  #warnOfMetric(failed: Scored<Example, Output, Trace> | undefined): void {
    if (failed === undefined || this.#hasWarnedOfMetric) return;
    this.#hasWarnedOfMetric = true;
    this.#options.warn(
      `The metric threw, first on example ${failed.exampleId}; such rollouts score failureScore: ${failed.error}`,
    );
  }
}

const usageOfMetric = (result: unknown) => (result as { readonly usage?: Usage } | null | undefined)?.usage;

/** The same for the same rollout in every session. */
function occurrenceOf({ iteration, phase, task = 0 }: RolloutContext, position: number): string {
  return `${iteration}.${phase}.${task}.${position}`;
}

/** Only a new candidate on the valset, and the testset, have a use for an evaluation with gaps. */
const mayHaveGaps = (phase: Phase) => phase === 'valset' || phase === 'testset';

function isInterrupted(
  outcome: object,
  reason: Interruption['reason'],
): outcome is { readonly interruption: Interruption } {
  return (
    'interruption' in outcome && (outcome as { interruption: Interruption }).interruption.reason === reason
  );
}
