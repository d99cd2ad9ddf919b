import type { Phase } from '../../adapter/adapter.ts';
import type { AnyRollout } from '../../adapter/any.ts';
import type { CallEnvironment } from '../../calls/call.ts';
import type { CallOutcome } from '../../calls/run-call.ts';
import { sentence } from '../../text/error-message.ts';
import type { Scored } from './known-rollouts.ts';

type Rollouts = readonly (Scored | undefined)[];

/** What an evaluation warns of, once a run: always the first in order, so that a replay gives the same warning. */
export class EvaluationWarnings {
  readonly #warn: (message: string) => void;
  readonly #metersCalls: boolean;
  #hasWarnedOfMetric = false;
  #hasWarnedOfProgram = false;

  /** @param metersCalls see `Adapter.metersCalls`. */
  constructor(warn: (message: string) => void, metersCalls = false) {
    this.#warn = warn;
    this.#metersCalls = metersCalls;
  }

  ofMetric(rollouts: Rollouts): void {
    const failed = rollouts.find((rollout) => rollout?.failedIn === 'metric');
    if (failed === undefined || this.#hasWarnedOfMetric) return;
    this.#hasWarnedOfMetric = true;
    this.#warn(
      `The metric threw, first on example ${failed.exampleId}; such rollouts score failureScore: ${failed.error}`,
    );
  }

  /** Of a whole valset that fails, `validate` warns. */
  ofProgram(rollouts: Rollouts, phase: Phase): void {
    const first = rollouts.find((rollout) => rollout?.failedIn === 'program');
    if (first === undefined || this.#hasWarnedOfProgram) return;
    this.#hasWarnedOfProgram = true;
    if (phase === 'seed' && rollouts.every((rollout) => rollout?.error !== undefined)) return;
    this.#warn(
      `The program failed with its own texts, first on example ${first.exampleId}; such rollouts score failureScore: ${sentence(first.error)} Unless better texts can fix that, fix the program or remove the example.`,
    );
  }

  ifFree(
    { budget }: CallEnvironment,
    { value, usage, isReplayed, isUncertain }: CallOutcome<AnyRollout>,
  ): void {
    if (isReplayed || isUncertain || !budget.limitsSpend) return;
    if (usage.modelCalls > 0 || value.error !== undefined) return;
    const [what, advice] = this.#metersCalls
      ? ['made no model call that was noticed', 'Call models through the framework, and await the calls.']
      : ['reported no usage', 'Return `usage` from run().'];
    this.#warn(`A rollout ${what} and counts as free: maxCostUsd and maxTokens do not limit it. ${advice}`);
  }
}
