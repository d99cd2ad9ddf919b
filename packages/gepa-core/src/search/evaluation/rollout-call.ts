import type { AnyAdapter, AnyExecution, AnyRollout } from '../../adapter/any.ts';
import { checkExecution, plainExecution } from '../../adapter/execution.ts';
import { type SpendPhase, spendPhaseOf } from '../../budget/spend.ts';
import type { Usage } from '../../budget/usage.ts';
import type { AttemptStep, Call, CallEnvironment, RunAttempt } from '../../calls/call.ts';
import { classify } from '../../calls/retry.ts';
import type { Semaphore } from '../../calls/semaphore.ts';
import { RolloutError, RunError } from '../../errors.ts';
import { Interrupted, type Interruption } from '../../interruption.ts';
import { type KnownEntry, type RolloutEntry, rolloutKey } from '../../journal/journal.ts';
import type { RolloutInProgress, RolloutPlace } from '../../rollouts/rollouts.ts';
import { messageOf } from '../../text/error-message.ts';
import { checkScale } from '../seed-advice.ts';
import type { CandidateRun } from './candidate-run.ts';
import type { ExampleRef } from './examples.ts';
import { isHopelessError } from './hopeless-seed.ts';
import type { ScoreCheck } from './score-check.ts';

/** The parts of a run that all rollouts share. */
export interface RolloutEnvironment<Name extends string> {
  readonly calls: CallEnvironment;
  readonly adapter: AnyAdapter<Name>;
  readonly place: RolloutPlace<Name>;
  readonly steps: RolloutSteps;
  readonly scores: ScoreCheck;
  readonly failureScore: number;
  /** Undefined where no score counts as perfect. */
  readonly perfectScore: number | undefined;
  readonly semaphore: Semaphore;
}

/** The steps of a rollout, each with its own attempts. */
interface RolloutSteps {
  readonly program: AttemptStep<AnyExecution>;
  readonly metric: AttemptStep<unknown>;
}

export function rolloutSteps({ limitsTimeOf }: Pick<RolloutPlace<never>, 'limitsTimeOf'>): RolloutSteps {
  return {
    program: { name: 'The program', limitsTime: limitsTimeOf.includes('program'), usageOf },
    metric: { name: 'The metric', by: 'judge', limitsTime: limitsTimeOf.includes('metric'), usageOf },
  };
}

/** The call that makes one rollout: the program on one example, then the metric. */
export class RolloutCall<Name extends string> implements Call<AnyRollout> {
  readonly kind = 'rollout';
  readonly phase: SpendPhase;
  readonly iteration: number;
  readonly key: string;
  readonly semaphore: Semaphore;
  readonly #environment: RolloutEnvironment<Name>;
  readonly #candidateRun: CandidateRun<Name>;
  readonly #ref: ExampleRef;
  readonly #occurrence: string | undefined;
  readonly #repeatsMetric: boolean;
  #rollout: RolloutInProgress | undefined;

  /** `occurrence` distinguishes rollouts of the same pair, where there is no cache. */
  constructor(
    environment: RolloutEnvironment<Name>,
    candidateRun: CandidateRun<Name>,
    ref: ExampleRef,
    occurrence: string | undefined,
    repeatsMetric = false,
  ) {
    const { textsId, context } = candidateRun;
    this.phase = spendPhaseOf(context.phase);
    this.iteration = context.iteration;
    this.key = rolloutKey(textsId, ref.key, occurrence);
    this.semaphore = environment.semaphore;
    this.#environment = environment;
    this.#candidateRun = candidateRun;
    this.#ref = ref;
    this.#occurrence = occurrence;
    this.#repeatsMetric = repeatsMetric;
  }

  skip(): Interruption | undefined {
    return this.#candidateRun.unavailable;
  }

  /**
   * Runs the program, then the metric.
   *
   * @throws errors that must not be scored: transient failures that outlast the retries, refusals, an abort, a metric
   *   that breaks its contract.
   */
  async perform(attempt: RunAttempt): Promise<AnyRollout> {
    const { place, steps, scores, perfectScore } = this.#environment;
    const { candidate, context } = this.#candidateRun;
    const { example, id: exampleId } = this.#ref;
    const { iteration, phase, candidateIndex } = context;
    const rollout = place.start({
      key: this.key,
      // Programs may change what they are given, as with examples.
      candidate: { ...candidate },
      example,
      exampleId,
      iteration,
      phase,
      candidateIndex,
      repeatsMetric: this.#repeatsMetric,
    });
    this.#rollout = rollout;

    let execution: AnyExecution;
    try {
      execution = await attempt(steps.program, (given) => rollout.run(given));
    } catch (error) {
      if (!RolloutError.isInstance(error)) return this.#failed('program', error, {});
      const { unread, images } = error;
      const { trace } = error;
      const isHopeless = isHopelessError(error) || undefined;
      return this.#failed('program', error, { trace, unread, images, isHopeless });
    }
    checkExecution(execution, exampleId);
    const { output, trace, unread, images } = execution;

    const askMetric = () => attempt(steps.metric, (given) => rollout.score(given, execution));
    let result: unknown;
    try {
      result = await askMetric();
    } catch (error) {
      return this.#failed('metric', error, { output, trace, unread, images });
    }
    const { score, feedback, objectives, componentFeedback } = scores.check(result, exampleId);
    // Check this before more is spent.
    if (phase === 'seed') checkScale(score, exampleId, perfectScore);
    const repeatScore = this.#repeatsMetric ? await this.#repeatScore(askMetric) : undefined;
    return {
      example,
      exampleId,
      output,
      trace,
      unread,
      images,
      score,
      repeatScore,
      feedback,
      objectives,
      componentFeedback,
    };
  }

  /** `undefined` where the metric fails now: its first answer counts. */
  async #repeatScore(askMetric: () => Promise<unknown>): Promise<number | undefined> {
    const { calls, scores } = this.#environment;
    try {
      return scores.check(await askMetric(), this.#ref.id).score;
    } catch (error) {
      if (calls.signal.aborted || error instanceof Interrupted) throw error;
      return undefined;
    }
  }

  #failed(failedIn: 'program' | 'metric', thrown: unknown, ran: Partial<AnyRollout>): AnyRollout {
    const { calls, failureScore } = this.#environment;
    const { example, id: exampleId } = this.#ref;
    const endsRun = calls.signal.aborted || RunError.isInstance(thrown) || thrown instanceof Interrupted;
    if (endsRun || classify(thrown, calls.retry) !== 'program') throw thrown;
    const error = messageOf(thrown);
    return {
      example,
      exampleId,
      ...ran,
      score: failureScore,
      feedback: `The ${failedIn} failed: ${error}`,
      error,
      failedIn,
    };
  }

  end(): void {
    this.#rollout?.end();
  }

  entryOf(rollout: AnyRollout, durationMs: number): RolloutEntry {
    const { example: _e, images: _i, exampleId, output, trace, ...measured } = rollout;
    const { feedback, componentFeedback, ...scored } = measured;
    const { textsId, context } = this.#candidateRun;
    const { iteration, phase, candidateIndex: candidate, proposal } = context;
    return {
      type: 'rollout',
      iteration,
      phase,
      textsId,
      candidate,
      proposal,
      example: this.#ref.key,
      exampleId,
      occurrence: this.#occurrence,
      ...scored,
      durationMs,
      feedback,
      componentFeedback,
      ...plainExecution(this.#environment.adapter, { output, trace }),
    };
  }

  replayed(entry: KnownEntry): AnyRollout {
    const { score, repeatScore, objectives, unread, error, failedIn, isHopeless } =
      entry as KnownEntry<RolloutEntry>;
    if (error === undefined) this.#environment.scores.learn(objectives);
    const { example, id: exampleId } = this.#ref;
    return {
      example,
      exampleId,
      score,
      repeatScore,
      objectives,
      unread,
      error,
      failedIn,
      isHopeless,
    };
  }
}

/** The usage that a program or a metric returned, whatever that was. */
const usageOf = (result: unknown) =>
  (result as { readonly usage?: Usage | null } | null | undefined)?.usage ?? undefined;
