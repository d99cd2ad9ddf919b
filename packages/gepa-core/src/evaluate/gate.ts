import { checkOptions } from '../check-options.ts';
import { OptionsError, RegressionError } from '../errors.ts';
import { aNumber, aText } from '../kinds.ts';
import { isBelow } from '../statistics/compare.ts';
import { formatScore } from '../text/format.ts';
import type { EvaluationReport } from './evaluation-report.ts';

/** The options of `assertNotWorse`. */
export interface GateOptions<Names extends string = string> {
  /** The candidate to compare with. */
  readonly than: Names;
  /** The candidate to check. Default: the only other one in the report. */
  readonly candidate?: Names | undefined;
  /** How much lower the mean score may be. Negative: how much higher it must be. Default 0. */
  readonly margin?: number | undefined;
}

/**
 * Fails a build when a candidate scores lower than another by more than the margin. Works in any test runner. The mean
 * difference decides, proven or not; choose a margin that covers the noise of the metric.
 *
 * @throws {RegressionError} when the candidate is worse; its `comparison` has the details.
 * @throws {OptionsError} on invalid options, when it is not clear which candidates to compare, they share no scored example, or
 * the evaluation ended early.
 */
export function assertNotWorse<Names extends string>(
  report: EvaluationReport<Names>,
  options: GateOptions<Names>,
): void {
  checkOptions(options, {
    than: { ...aText, isRequired: true },
    candidate: aText,
    margin: aNumber,
  } satisfies Record<keyof GateOptions, unknown>);
  const { than, margin = 0 } = options;
  checkName(report, than);
  const { candidate = onlyOther(report, than) } = options;
  checkName(report, candidate);
  if (than === candidate) throw new OptionsError([`"${than}" cannot be compared with itself.`]);
  const comparison = report.compare(than, candidate);
  if (report.stopReason !== undefined) {
    throw new OptionsError([
      `The evaluation ended early (${report.stopReason}), with ${comparison.size} examples to compare on. Raise its limits, or repeat it with the same \`runDir\` to go on.`,
    ]);
  }
  if (comparison.size === 0) {
    throw new OptionsError([`"${candidate}" and "${than}" share no scored example to compare them on.`]);
  }
  if (!isBelow(comparison, margin)) return;
  throw new RegressionError(
    `"${candidate}" scores lower than "${than}" by ${formatScore(-comparison.difference)}, more than the margin of ${formatScore(margin)}.\n${comparison}`,
    comparison,
  );
}

function checkName<Names extends string>(report: EvaluationReport<Names>, name: Names): void {
  if (Object.hasOwn(report.candidates, name)) return;
  throw new OptionsError([
    `The report has no candidate "${name}". It has ${Object.keys(report.candidates).join(', ')}.`,
  ]);
}

function onlyOther<Names extends string>(report: EvaluationReport<Names>, than: Names): Names {
  const others = (Object.keys(report.candidates) as Names[]).filter((name) => name !== than);
  const [other] = others;
  if (other !== undefined && others.length === 1) return other;
  throw new OptionsError([
    `The report has ${others.length} candidates besides "${than}". Give the one to check as \`candidate\`.`,
  ]);
}
