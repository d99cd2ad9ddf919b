import { MetricError } from '../../errors.ts';
import type { Mask } from '../../masking/mask.ts';
import { type NormalizedScore, normalizeMetricResult } from '../../metric.ts';
import type { FrontierType } from '../state/search-view.ts';

/** Checks the results of a metric: a finite score, and the same objectives for every example. */
export class ScoreCheck {
  readonly #frontierType: FrontierType;
  readonly #mask: Mask;
  #objectives: readonly string[] | undefined;

  constructor(frontierType: FrontierType, mask: Mask) {
    this.#frontierType = frontierType;
    this.#mask = mask;
  }

  /** Remembers the objectives of a rollout of an earlier session. */
  learn(objectives: Readonly<Record<string, number>> | undefined): void {
    this.#objectives ??= Object.keys(objectives ?? {});
  }

  /** @throws {MetricError} when the result breaks the contract. */
  check(result: unknown, exampleId: string): NormalizedScore {
    const score = normalizeMetricResult(result);
    if ('problem' in score) {
      throw new MetricError(
        `The metric returned no usable score for example ${exampleId}: ${score.problem}. Return a finite number, a boolean, or { score, feedback?, objectives? }.`,
      );
    }
    const names = Object.keys(score.objectives ?? {});
    if (names.length === 0 && this.#frontierType !== 'instance') {
      throw new MetricError(
        `The metric returned no objectives for example ${exampleId}, but frontierType is '${this.#frontierType}'. Return { score, objectives }, or use the frontierType 'instance'.`,
      );
    }
    this.#objectives ??= names;
    const known = this.#objectives;
    if (names.length !== known.length || names.some((name) => !known.includes(name))) {
      const list = (all: readonly string[]) => (all.length === 0 ? 'none' : all.join(', '));
      throw new MetricError(
        `The metric returned the objectives ${list(names)} for example ${exampleId}, but ${list(known)} for others. Return the same objectives for every example.`,
      );
    }
    if (score.objectives === undefined) return score;
    const objectives = Object.entries(score.objectives).map(([name, value]) => [
      this.#mask.name(name),
      value,
    ]);
    return { ...score, objectives: Object.fromEntries(objectives) };
  }
}
