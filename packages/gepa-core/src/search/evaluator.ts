import type { Adapter, Phase, Rollout } from '../adapter/adapter.ts';
import { spendPhaseOf } from '../budget/spend.ts';
import type { Stopwatch } from '../budget/stopwatch.ts';
import type { Usage } from '../budget/usage.ts';
import type { CallEnvironment } from '../calls/call.ts';
import type { Interruption } from '../calls/interruption.ts';
import { mapConcurrently } from '../calls/map-concurrently.ts';
import { type CallOutcome, runCall } from '../calls/run-call.ts';
import { Semaphore } from '../calls/semaphore.ts';
import { type Candidate, candidateKey, componentNames, seedCandidateOf } from '../component.ts';
import { type JournalPosition, PROBE, type RolloutDetails } from '../journal/journal.ts';
import type { Mask } from '../redact.ts';
import type { RolloutPlace } from '../rollouts/rollouts.ts';
import type { ExampleRef } from './examples.ts';
import { FailureCheck, type Failures } from './failure-check.ts';
import { DECIDING_ROLLOUTS, isHopeless } from './hopeless-seed.ts';
import { ImageMemory } from './image-memory.ts';
import { type CandidateRun, type Program, RolloutCall, type RolloutContext } from './rollout-call.ts';
import { ScoreCheck } from './score-check.ts';
import type { FrontierType } from './search-view.ts';

/** A rollout as it is kept. Details that only a reflection reads may be on disk instead: see `Evaluator.complete`. */
export interface Scored<Example, Output, Trace> extends Measured<Example, Output, Trace> {
  readonly position?: JournalPosition | undefined;
  /** The same, of a rollout of another run. */
  readonly readDetails?: (() => Generator<void, RolloutDetails>) | undefined;
  /** Where its images are in the `ImageMemory`. */
  readonly imagesAt?: number;
}

/** A rollout with what it took. */
export interface Measured<Example, Output, Trace> extends Rollout<Example, Output, Trace> {
  /** Program and judge. */
  readonly usage: Usage;
  readonly durationMs: number;
}

/** A candidate on some examples. `rollouts` has gaps where an `interruption` is set. */
export interface Evaluation<Example, Output, Trace> {
  readonly rollouts: readonly (Scored<Example, Output, Trace> | undefined)[];
  readonly interruption?: Interruption;
}

export interface EvaluatorOptions<Example, Output, Trace, Name extends string> {
  readonly run: CallEnvironment;
  readonly adapter: Adapter<Example, Output, Trace, Name>;
  readonly place: RolloutPlace<Example, Output, Trace, Name>;
  readonly stopwatch: Stopwatch;
  readonly concurrency: number;
  readonly failureScore: number;
  /** Undefined where no score counts as perfect. */
  readonly perfectScore: number | undefined;
  readonly frontierType: FrontierType;
  readonly cache: boolean;
  /** Whether the reflection model may read rollouts on the example, so that their traces are kept. */
  readonly isReflectedOn: (exampleKey: number) => boolean;
  /** Whether the reflection model reads images, so that those of its calls are kept. */
  readonly readsImages: boolean;
  /** Masks texts like the journal does. */
  readonly mask: Mask;
  readonly warn: (message: string) => void;
}

type Outcome<Example, Output, Trace> =
  | Scored<Example, Output, Trace>
  | { readonly interruption: Interruption };

/** The rollouts of one candidate by example, those in progress as promises. */
type RolloutCache<Example, Output, Trace> = Map<
  number,
  Scored<Example, Output, Trace> | Promise<Outcome<Example, Output, Trace>>
>;

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
  readonly #program: Program<Example, Output, Trace, Name>;
  /** By candidate, then by example. */
  readonly #cache = new Map<string, RolloutCache<Example, Output, Trace>>();
  readonly #images = new ImageMemory();
  readonly #failureCheck: FailureCheck<Example>;
  /** By candidate, outside of the testset. */
  readonly #failures = new Map<string, Failures>();
  #hasWarnedOfMetric = false;
  #hasWarnedOfProgram = false;

  constructor(options: EvaluatorOptions<Example, Output, Trace, Name>) {
    this.#options = options;
    this.#names = componentNames(options.adapter.components);
    this.#failureCheck = new FailureCheck(options.run.outage, options.warn);
    this.#program = {
      ...options,
      scores: new ScoreCheck(options.frontierType, options.mask),
      semaphore: new Semaphore(options.concurrency),
    };
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

  /**
   * Adds a rollout of an earlier run, which is then not made.
   *
   * @param candidate its key: see `candidateKey`.
   */
  know(candidate: string, { key }: ExampleRef<Example>, rollout: Scored<Example, Output, Trace>): void {
    if (!this.#options.cache) return;
    const known = this.#cache.get(candidate) ?? new Map();
    this.#cache.set(candidate, known);
    if (!known.has(key)) known.set(key, rollout);
  }

  /** How many of a candidate's rollouts have failed in the search. */
  failuresOf(candidate: Candidate<Name>): Failures {
    return this.#failures.get(candidateKey(this.#names, candidate)) ?? { failed: 0, made: 0 };
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
  async complete(
    rollouts: readonly Scored<Example, Output, Trace>[],
  ): Promise<Measured<Example, Output, Trace>[]> {
    const { journal, pace } = this.#options.run;
    const complete: Measured<Example, Output, Trace>[] = [];
    for (const { position, readDetails, imagesAt, ...rollout } of rollouts) {
      const read = readDetails ?? (position && (() => journal!.detailsAt(position)));
      const details = read && (await pace.steps(read()));
      const images = imagesAt === undefined ? undefined : this.#images.get(imagesAt);
      complete.push({
        ...rollout,
        ...(details as Partial<Rollout<Example, Output, Trace>> | undefined),
        ...(images === undefined ? {} : { images }),
      });
    }
    return complete;
  }

  /** The first of the examples that the candidate is known to score at least `score` on; nothing is run. */
  async knownSuccess(
    candidate: Candidate<Name>,
    examples: readonly ExampleRef<Example>[],
    score: number,
  ): Promise<Rollout<Example, Output, Trace> | undefined> {
    const known = this.#cache.get(candidateKey(this.#names, candidate));
    for (const { key } of known === undefined ? [] : examples) {
      const rollout = known!.get(key);
      if (rollout === undefined || rollout instanceof Promise || rollout.error !== undefined) continue;
      if (rollout.score >= score) return (await this.complete([rollout]))[0];
    }
    return undefined;
  }

  async #evaluate(
    candidate: Candidate<Name>,
    examples: readonly ExampleRef<Example>[],
    context: RolloutContext,
  ): Promise<Evaluation<Example, Output, Trace>> {
    const { run, concurrency } = this.#options;
    const cache = context.repeat === undefined ? this.#cacheOf(candidate) : undefined;
    const textsId = run.journal?.textsIdOf(candidate) ?? 0;
    const candidateRun: CandidateRun<Name> = { candidate, textsId, context, unavailable: undefined };
    const made = new Set<number>();
    const deciding: (Scored<Example, Output, Trace> | undefined)[] = examples
      .slice(0, DECIDING_ROLLOUTS)
      .map(() => undefined);
    const workers = context.concurrency ?? concurrency;
    const outcomes = await mapConcurrently(examples, workers, async (ref, position) => {
      if (cache?.has(ref.key) !== true) made.add(position);
      const outcome =
        cache === undefined
          ? await this.#rollOut(candidateRun, ref, occurrenceOf(context, position))
          : await this.#cached(cache, candidateRun, ref, position < (context.metricRepeats ?? 0));
      // Where every rollout is needed, the first that is unavailable ends the evaluation.
      if ('interruption' in outcome && outcome.interruption.reason === 'unavailable') {
        if (!mayHaveGaps(context.phase)) candidateRun.unavailable = outcome.interruption;
      }
      if (context.phase === 'seed' && position < deciding.length && !('interruption' in outcome)) {
        deciding[position] = outcome;
        if (isHopeless(deciding)) candidateRun.unavailable = { reason: 'unavailable' };
      }
      return outcome;
    });
    for (const { position, interruption } of await this.#voidFailures(
      candidateRun,
      examples,
      outcomes,
      made,
    )) {
      outcomes[position] = { interruption };
      cache?.delete(examples[position]!.key);
    }
    const interrupted = outcomes.filter((outcome) => 'interruption' in outcome);
    // An interruption that ends the run goes before a gap.
    const first =
      interrupted.find(({ interruption }) => interruption.reason !== 'unavailable') ?? interrupted[0];
    const rollouts = outcomes.map((outcome) => ('interruption' in outcome ? undefined : outcome));
    if (context.phase !== 'testset') {
      const outcomes = rollouts.filter((rollout) => rollout !== undefined);
      const { failed, made } = this.failuresOf(candidate);
      this.#failures.set(candidateKey(this.#names, candidate), {
        failed: failed + outcomes.filter(({ error }) => error !== undefined).length,
        made: made + outcomes.length,
      });
    }
    this.#warnOfMetric(rollouts.find((rollout) => rollout?.failedIn === 'metric'));
    // The testset's rollouts, and those of `evaluate`, are reported one by one.
    if (context.candidateIndex === 0 && context.phase !== 'testset')
      this.#warnOfProgram(rollouts, context.phase);
    return { rollouts, ...first };
  }

  /** The failures at the end that are not the candidate's. In order of the examples, so that a replay finds the same. */
  async #voidFailures(
    { textsId, context }: CandidateRun<Name>,
    examples: readonly ExampleRef<Example>[],
    outcomes: readonly Outcome<Example, Output, Trace>[],
    made: ReadonlySet<number>,
  ): Promise<{ readonly position: number; readonly interruption: Interruption }[]> {
    const rollouts: { readonly position: number; readonly hasFailed: boolean }[] = [];
    for (const [position, outcome] of outcomes.entries()) {
      if (!('interruption' in outcome)) {
        // One that is known from an earlier run shows that the seed can answer, too.
        const isKnown = outcome.readDetails !== undefined;
        if (isKnown && context.phase === 'seed') this.#failureCheck.learnSeed(examples[position]!, false);
        if (made.has(position)) rollouts.push({ position, hasFailed: outcome.error !== undefined });
      } else if (outcome.interruption.reason !== 'unavailable') return [];
    }
    const end = rollouts.findLastIndex(({ hasFailed }) => !hasFailed) + 1;
    if (context.phase === 'seed') {
      for (const { position, hasFailed } of rollouts.slice(0, end)) {
        this.#failureCheck.learnSeed(examples[position]!, hasFailed);
      }
    }
    const failures = rollouts.slice(end);
    const interruption = await this.#failureCheck.voidBecause(failures.length, context.phase, (ref, probe) =>
      this.#probe(ref, context, `${occurrenceOf(context, probe)} of ${textsId}`),
    );
    return interruption === undefined ? [] : failures.map(({ position }) => ({ position, interruption }));
  }

  /** Runs the seed, also on an example on which it has run. */
  #probe(
    ref: ExampleRef<Example>,
    context: RolloutContext,
    name: string,
  ): Promise<Outcome<Example, Output, Trace>> {
    const { run, adapter } = this.#options;
    const candidate = seedCandidateOf(adapter.components);
    const textsId = run.journal?.textsIdOf(candidate) ?? 0;
    const seedRun = {
      candidate,
      textsId,
      context: { ...context, candidateIndex: 0 },
      unavailable: undefined,
    };
    return this.#rollOut(seedRun, ref, PROBE + name);
  }

  async #cached(
    cache: RolloutCache<Example, Output, Trace>,
    candidateRun: CandidateRun<Name>,
    ref: ExampleRef<Example>,
    repeatsMetric: boolean,
  ): Promise<Outcome<Example, Output, Trace>> {
    const { key, id: exampleId, example } = ref;
    const known = cache.get(key);
    if (known !== undefined) {
      this.cacheHits++;
      const outcome = await known;
      return 'interruption' in outcome ? outcome : { ...outcome, example, exampleId };
    }
    const rollout = this.#rollOut(candidateRun, ref, undefined, repeatsMetric);
    cache.set(key, rollout);
    const outcome = await rollout;
    // The promise is no longer needed.
    if ('interruption' in outcome) cache.delete(key);
    else cache.set(key, outcome);
    return outcome;
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

  async #rollOut(
    candidateRun: CandidateRun<Name>,
    ref: ExampleRef<Example>,
    occurrence?: string,
    repeatsMetric?: boolean,
  ): Promise<Outcome<Example, Output, Trace>> {
    const call = new RolloutCall(this.#program, candidateRun, ref, occurrence, repeatsMetric);
    const outcome = await runCall(this.#options.run, call);
    if ('interruption' in outcome) return outcome;
    this.#warnIfFree(outcome);
    const { usage, durationMs } = outcome;
    return this.#options.run.pace.step(() => {
      const kept = { ...this.#kept(outcome, ref), usage, durationMs: Math.round(durationMs) };
      this.#dispatchFinished(candidateRun.context, kept, outcome);
      return kept;
    });
  }

  /** Drops from memory what is on disk, or what no reflection will read. */
  #kept(
    { value, position, isReplayed }: CallOutcome<Rollout<Example, Output, Trace>>,
    { key }: ExampleRef<Example>,
  ): Omit<Scored<Example, Output, Trace>, 'usage' | 'durationMs'> {
    const { images, ...rollout } = value;
    const isReflectedOn = this.#options.isReflectedOn(key);
    const imagesAt =
      images === undefined || !isReflectedOn || !this.#options.readsImages
        ? {}
        : { imagesAt: this.#images.add(images) };
    if (isReflectedOn && position === undefined) return { ...rollout, ...imagesAt };
    const { example, exampleId, score, repeatScore, objectives, unread, failedIn, isHopeless } = rollout;
    // The error as it was written, since a resumed run has no other.
    const error =
      position === undefined || isReplayed
        ? rollout.error
        : (this.#options.mask.data(rollout.error) as string | undefined);
    return {
      example,
      exampleId,
      score,
      ...(repeatScore === undefined ? {} : { repeatScore }),
      ...(objectives === undefined ? {} : { objectives }),
      ...(unread === undefined ? {} : { unread }),
      ...(error === undefined ? {} : { error, failedIn: failedIn! }),
      ...(isHopeless ? { isHopeless } : {}),
      ...(position === undefined || !isReflectedOn ? {} : { position }),
      ...imagesAt,
    };
  }

  #dispatchFinished(
    { iteration, phase, candidateIndex }: RolloutContext,
    { exampleId, score, error }: Scored<Example, Output, Trace>,
    { usage, metricCalls, durationMs, isReplayed }: CallOutcome<unknown>,
  ): void {
    this.#options.run.dispatch({
      type: 'rollout_finished',
      iteration,
      phase,
      candidateIndex,
      exampleId,
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

  /** Once. Of a whole valset that fails, `validate` warns. */
  #warnOfProgram(rollouts: readonly (Scored<Example, Output, Trace> | undefined)[], phase: Phase): void {
    const first = rollouts.find((rollout) => rollout?.failedIn === 'program');
    if (first === undefined || this.#hasWarnedOfProgram) return;
    this.#hasWarnedOfProgram = true;
    if (phase === 'seed' && rollouts.every((rollout) => rollout?.error !== undefined)) return;
    this.#options.warn(
      `The program failed with its own texts, first on example ${first.exampleId}; such rollouts score failureScore: ${first.error}. Unless better texts can fix that, fix the program or remove the example.`,
    );
  }
}

/** The same for the same rollout in every session. */
function occurrenceOf({ iteration, phase, task = 0, repeat }: RolloutContext, position: number): string {
  return repeat === undefined
    ? `${iteration}.${phase}.${task}.${position}`
    : `${repeat}.${phase}.${position}`;
}

/** Only a new candidate on the valset, and the testset, have a use for an evaluation with gaps. */
const mayHaveGaps = (phase: Phase) => phase === 'valset' || phase === 'testset';
