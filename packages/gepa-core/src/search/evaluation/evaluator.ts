import type { AnyAdapter } from '../../adapter/any.ts';
import { spendPhaseOf } from '../../budget/spend.ts';
import { mapConcurrently } from '../../calls/map-concurrently.ts';
import { pause } from '../../calls/pause.ts';
import { type CallOutcome, runCall } from '../../calls/run-call.ts';
import { Semaphore } from '../../calls/semaphore.ts';
import { type Candidate, candidateKey, componentNames, seedCandidateOf } from '../../component.ts';
import type { Interruption } from '../../interruption.ts';
import { PROBE } from '../../journal/journal.ts';
import type { RolloutPlace } from '../../rollouts/rollouts.ts';
import type { FrontierType } from '../state/search-view.ts';
import { CandidateRun, type RolloutContext } from './candidate-run.ts';
import { EvaluationWarnings } from './evaluation-warnings.ts';
import type { ExampleRef } from './examples.ts';
import { FailureCheck, type Failures } from './failure-check.ts';
import { KnownRollouts, type KnownRolloutsOptions, type Outcome, type Scored } from './known-rollouts.ts';
import { RolloutCall, type RolloutEnvironment, rolloutSteps } from './rollout-call.ts';
import { ScoreCheck } from './score-check.ts';

/** A candidate on some examples. `rollouts` has gaps where an `interruption` is set. */
export interface Evaluation {
  readonly rollouts: readonly (Scored | undefined)[];
  readonly interruption?: Interruption;
}

export interface EvaluatorOptions<Name extends string> extends Omit<KnownRolloutsOptions<Name>, 'names'> {
  readonly adapter: AnyAdapter<Name>;
  readonly place: RolloutPlace<Name>;
  readonly concurrency: number;
  readonly failureScore: number;
  /** Undefined where no score counts as perfect. */
  readonly perfectScore: number | undefined;
  readonly frontierType: FrontierType;
  readonly warn: (message: string) => void;
}

/**
 * The first of the search's two effects: runs candidates on examples. Each pair of candidate and example is run once, also
 * when it is requested again while it runs.
 */
export class Evaluator<Name extends string> {
  /** The number of rollouts that came from the cache. */
  cacheHits = 0;
  /** The number of rollouts that the evaluation policy left out. */
  metricCallsSaved = 0;
  readonly known: KnownRollouts<Name>;
  readonly #options: EvaluatorOptions<Name>;
  readonly #environment: RolloutEnvironment<Name>;
  readonly #failureCheck: FailureCheck;
  readonly #warnings: EvaluationWarnings;
  readonly #names: readonly Name[];
  /** By candidate, outside of the testset. */
  readonly #failures = new Map<string, Failures>();

  constructor(options: EvaluatorOptions<Name>) {
    this.#options = options;
    this.#names = componentNames(options.adapter.components);
    this.known = new KnownRollouts({ ...options, names: this.#names });
    this.#warnings = new EvaluationWarnings(options.warn, options.adapter.metersCalls);
    this.#failureCheck = new FailureCheck(options.calls.outage, options.warn);
    this.#environment = {
      ...options,
      steps: rolloutSteps(options.place),
      scores: new ScoreCheck(options.frontierType, options.mask),
      semaphore: new Semaphore(options.concurrency),
    };
  }

  /** The metric calls that an evaluation would take. */
  cost(candidate: Candidate<Name>, examples: readonly ExampleRef[]): number {
    if (!this.#options.cache) return examples.length;
    const known = this.known.of(candidate);
    return new Set(examples.map(({ key }) => key).filter((key) => !known?.has(key))).size;
  }

  /** The metric calls that these examples would take for a candidate that never ran. */
  costOfNew(examples: readonly ExampleRef[]): number {
    return this.#options.cache ? new Set(examples.map(({ key }) => key)).size : examples.length;
  }

  /** How many of a candidate's rollouts have failed in the search. */
  failuresOf(candidate: Candidate<Name>): Failures {
    return this.#failures.get(candidateKey(this.#names, candidate)) ?? { failed: 0, made: 0 };
  }

  async evaluate(
    candidate: Candidate<Name>,
    examples: readonly ExampleRef[],
    context: RolloutContext,
  ): Promise<Evaluation> {
    // A program or a proposer that writes into it would change the pool.
    Object.freeze(candidate);
    const { calls, concurrency } = this.#options;
    const phase = spendPhaseOf(context.phase);
    const known = context.repeat === undefined ? this.known.of(candidate) : undefined;
    const textsId = calls.journal?.textsIdOf(candidate) ?? 0;
    const candidateRun = new CandidateRun(candidate, textsId, context, known, examples.length);
    let outcomes: Outcome[];
    calls.stopwatch.start(phase);
    try {
      outcomes = await mapConcurrently(examples, context.concurrency ?? concurrency, (ref, position) =>
        this.#rollOut(candidateRun, ref, position),
      );
      for (const { position, interruption } of await this.#voidFailures(candidateRun, examples, outcomes)) {
        outcomes[position] = { interruption };
        known?.delete(examples[position]!.key);
      }
    } finally {
      calls.stopwatch.stop(phase);
    }
    const rollouts = outcomes.map((outcome) => ('interruption' in outcome ? undefined : outcome));
    if (context.phase !== 'testset') this.#countFailures(candidate, rollouts);
    this.#warnings.ofMetric(rollouts);
    // The testset's rollouts, and those of `evaluate`, are reported one by one.
    if (context.candidateIndex === 0 && context.phase !== 'testset')
      this.#warnings.ofProgram(rollouts, context.phase);
    return { rollouts, ...firstInterruption(outcomes) };
  }

  #countFailures(candidate: Candidate<Name>, rollouts: Evaluation['rollouts']): void {
    const { failed, made } = this.failuresOf(candidate);
    const present = rollouts.filter((rollout) => rollout !== undefined);
    this.#failures.set(candidateKey(this.#names, candidate), {
      failed: failed + present.filter(({ error }) => error !== undefined).length,
      made: made + present.length,
    });
  }

  /** The failures at the end that an outage caused, in the order of the examples, so that a replay finds the same. */
  async #voidFailures(
    candidateRun: CandidateRun<Name>,
    examples: readonly ExampleRef[],
    outcomes: readonly Outcome[],
  ): Promise<{ readonly position: number; readonly interruption: Interruption }[]> {
    const { context, made, textsId } = candidateRun;
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
      this.#probe(ref, context, `${candidateRun.occurrence(probe)} of ${textsId}`),
    );
    return interruption === undefined ? [] : failures.map(({ position }) => ({ position, interruption }));
  }

  /** Runs the seed, also on an example on which it has run. */
  #probe(ref: ExampleRef, context: RolloutContext, name: string): Promise<Outcome> {
    const { calls, adapter } = this.#options;
    const seed = seedCandidateOf(adapter.components);
    const textsId = calls.journal?.textsIdOf(seed) ?? 0;
    const seedRun = new CandidateRun<Name>(seed, textsId, { ...context, candidateIndex: 0 }, undefined, 0);
    return this.#make(seedRun, ref, PROBE + name);
  }

  /** The rollout on one example: a known one, or a new one. */
  async #rollOut(candidateRun: CandidateRun<Name>, ref: ExampleRef, position: number): Promise<Outcome> {
    const { key, id: exampleId, example } = ref;
    const { known, made, context } = candidateRun;
    const earlier = known?.get(key);
    let outcome: Outcome;
    if (earlier !== undefined) {
      this.cacheHits++;
      outcome = await earlier;
      if (!('interruption' in outcome)) outcome = { ...outcome, example, exampleId };
    } else if (known !== undefined) {
      made.add(position);
      const rollout = this.#make(candidateRun, ref, undefined, position < (context.metricRepeats ?? 0));
      known.set(key, rollout);
      outcome = await rollout;
      // The promise is no longer needed.
      if ('interruption' in outcome) known.delete(key);
      else known.set(key, outcome);
    } else {
      made.add(position);
      outcome = await this.#make(candidateRun, ref, candidateRun.occurrence(position));
    }
    candidateRun.add(position, outcome);
    return outcome;
  }

  /** @param occurrence distinguishes rollouts of the same pair, where known ones are made again. */
  async #make(
    candidateRun: CandidateRun<Name>,
    ref: ExampleRef,
    occurrence?: string,
    repeatsMetric?: boolean,
  ): Promise<Outcome> {
    const { calls } = this.#options;
    const call = new RolloutCall(this.#environment, candidateRun, ref, occurrence, repeatsMetric);
    const outcome = await runCall(calls, call);
    if ('interruption' in outcome) return outcome;
    this.#warnings.ifFree(calls, outcome);
    await pause();
    const kept = this.known.remember(outcome, ref);
    this.#dispatchFinished(candidateRun.context, kept, outcome);
    return kept;
  }

  #dispatchFinished(
    { iteration, phase, candidateIndex }: RolloutContext,
    { exampleId, score, error }: Scored,
    { usage, metricCalls, durationMs, isReplayed }: CallOutcome<unknown>,
  ): void {
    this.#options.calls.dispatch({
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

/** An interruption that ends the run goes before a gap. */
function firstInterruption(
  outcomes: readonly Outcome[],
): { readonly interruption: Interruption } | undefined {
  const interrupted = outcomes.filter((outcome) => 'interruption' in outcome);
  return interrupted.find(({ interruption }) => interruption.reason !== 'unavailable') ?? interrupted[0];
}
