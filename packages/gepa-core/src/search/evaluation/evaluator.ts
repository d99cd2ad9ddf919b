import type { Adapter, Phase } from '../../adapter/adapter.ts';
import { spendPhaseOf } from '../../budget/spend.ts';
import type { Interruption } from '../../calls/interruption.ts';
import { mapConcurrently } from '../../calls/map-concurrently.ts';
import { type CallOutcome, runCall } from '../../calls/run-call.ts';
import { Semaphore } from '../../calls/semaphore.ts';
import { type Candidate, candidateKey, componentNames, seedCandidateOf } from '../../component.ts';
import { PROBE } from '../../journal/journal.ts';
import type { RolloutPlace } from '../../rollouts/rollouts.ts';
import type { FrontierType } from '../state/search-view.ts';
import { EvaluationWarnings } from './evaluation-warnings.ts';
import type { ExampleRef } from './examples.ts';
import { FailureCheck, type Failures } from './failure-check.ts';
import { DECIDING_ROLLOUTS, isHopeless } from './hopeless-seed.ts';
import {
  KnownRollouts,
  type KnownRolloutsOptions,
  type Outcome,
  type RolloutsOfCandidate,
  type Scored,
} from './known-rollouts.ts';
import { type CandidateRun, type Program, RolloutCall, type RolloutContext } from './rollout-call.ts';
import { ScoreCheck } from './score-check.ts';

/** A candidate on some examples. `rollouts` has gaps where an `interruption` is set. */
export interface Evaluation<Example, Output, Trace> {
  readonly rollouts: readonly (Scored<Example, Output, Trace> | undefined)[];
  readonly interruption?: Interruption;
}

export interface EvaluatorOptions<Example, Output, Trace, Name extends string>
  extends Omit<KnownRolloutsOptions<Name>, 'names'> {
  readonly adapter: Adapter<Example, Output, Trace, Name>;
  readonly place: RolloutPlace<Example, Output, Trace, Name>;
  readonly concurrency: number;
  readonly failureScore: number;
  /** Undefined where no score counts as perfect. */
  readonly perfectScore: number | undefined;
  readonly frontierType: FrontierType;
  readonly warn: (message: string) => void;
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
  readonly known: KnownRollouts<Example, Output, Trace, Name>;
  readonly #options: EvaluatorOptions<Example, Output, Trace, Name>;
  readonly #program: Program<Example, Output, Trace, Name>;
  readonly #failureCheck: FailureCheck<Example>;
  readonly #warnings: EvaluationWarnings;
  readonly #names: readonly Name[];
  /** By candidate, outside of the testset. */
  readonly #failures = new Map<string, Failures>();

  constructor(options: EvaluatorOptions<Example, Output, Trace, Name>) {
    this.#options = options;
    this.#names = componentNames(options.adapter.components);
    this.known = new KnownRollouts({ ...options, names: this.#names });
    this.#warnings = new EvaluationWarnings(options.warn);
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
    const known = this.known.of(candidate);
    return new Set(examples.map(({ key }) => key).filter((key) => !known?.has(key))).size;
  }

  /** The same for a candidate that never ran. */
  costOfNew(examples: readonly ExampleRef<Example>[]): number {
    return this.#options.cache ? new Set(examples.map(({ key }) => key)).size : examples.length;
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
    const { stopwatch } = this.#options.run;
    const phase = spendPhaseOf(context.phase);
    stopwatch.start(phase);
    try {
      return await this.#evaluate(candidate, examples, context);
    } finally {
      stopwatch.stop(phase);
    }
  }

  async #evaluate(
    candidate: Candidate<Name>,
    examples: readonly ExampleRef<Example>[],
    context: RolloutContext,
  ): Promise<Evaluation<Example, Output, Trace>> {
    const { run, concurrency } = this.#options;
    const cache = context.repeat === undefined ? this.known.of(candidate) : undefined;
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
    this.#warnings.ofMetric(rollouts);
    // The testset's rollouts, and those of `evaluate`, are reported one by one.
    if (context.candidateIndex === 0 && context.phase !== 'testset')
      this.#warnings.ofProgram(rollouts, context.phase);
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
    cache: RolloutsOfCandidate<Example, Output, Trace>,
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

  async #rollOut(
    candidateRun: CandidateRun<Name>,
    ref: ExampleRef<Example>,
    occurrence?: string,
    repeatsMetric?: boolean,
  ): Promise<Outcome<Example, Output, Trace>> {
    const call = new RolloutCall(this.#program, candidateRun, ref, occurrence, repeatsMetric);
    const outcome = await runCall(this.#options.run, call);
    if ('interruption' in outcome) return outcome;
    this.#warnings.ifFree(this.#options.run, outcome);
    return this.#options.run.pace.step(() => {
      const kept = this.known.keep(outcome, ref);
      this.#dispatchFinished(candidateRun.context, kept, outcome);
      return kept;
    });
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
}

/** The same for the same rollout in every session. */
function occurrenceOf({ iteration, phase, task = 0, repeat }: RolloutContext, position: number): string {
  return repeat === undefined
    ? `${iteration}.${phase}.${task}.${position}`
    : `${repeat}.${phase}.${position}`;
}

/** Only a new candidate on the valset, and the testset, have a use for an evaluation with gaps. */
const mayHaveGaps = (phase: Phase) => phase === 'valset' || phase === 'testset';
