import type { Usage } from '../budget/usage.ts';
import { inspectable } from '../report/inspect.ts';
import type { StopReason } from '../search/strategies/stop-reason.ts';
import { type Comparison, compareEvaluations } from '../statistics/compare.ts';
import { describeComparison, describeEvaluation } from './describe.ts';
import type { CandidateEvaluation, EvaluationData } from './evaluation.ts';

/** The result of `evaluate`. */
export class EvaluationReport<Names extends string = string, Name extends string = string, Output = unknown>
  implements EvaluationData<Names, Name, Output>
{
  readonly candidates: Readonly<Record<Names, CandidateEvaluation<Name, Output>>>;
  readonly runId: string;
  readonly metricCalls: number;
  readonly usage: Usage;
  readonly durationMs: number;
  readonly stopReason: StopReason | undefined;
  readonly warnings: readonly string[];

  constructor(data: EvaluationData<Names, Name, Output>) {
    this.candidates = data.candidates;
    this.runId = data.runId;
    this.metricCalls = data.metricCalls;
    this.usage = data.usage;
    this.durationMs = data.durationMs;
    this.stopReason = data.stopReason;
    this.warnings = data.warnings;
    inspectable(this, () => `EvaluationReport {\n${describeEvaluation(this)}\n}`);
  }

  /**
   * Compares two candidates on the examples that both were scored on: is `after` better than `before`?
   *
   * @throws {RangeError} when the report has no candidate of that name.
   */
  compare(before: Names, after: Names): Comparison & { toString(): string } {
    const comparison = compareEvaluations(this.#candidate(before), this.#candidate(after));
    return Object.defineProperty(comparison, 'toString', {
      value: () => describeComparison(comparison),
    });
  }

  toJSON(): EvaluationData<Names, Name, Output> {
    return { ...this };
  }

  /** A table of the candidates, and the warnings. */
  toString(): string {
    return describeEvaluation(this);
  }

  #candidate(name: Names): CandidateEvaluation<Name, Output> {
    if (Object.hasOwn(this.candidates, name)) return this.candidates[name];
    throw new RangeError(
      `The report has no candidate "${name}". It has ${Object.keys(this.candidates).join(', ')}.`,
    );
  }
}
