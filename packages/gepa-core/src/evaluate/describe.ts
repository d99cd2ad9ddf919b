import { alignColumns } from '../report/columns.ts';
import { describeStopReason } from '../report/stop-reason.ts';
import { listItem } from '../report/wrap.ts';
import type { Comparison } from '../statistics/compare.ts';
import {
  countOf,
  formatCount,
  formatDuration,
  formatGain,
  formatScore,
  formatUsd,
  UNKNOWN,
} from '../text/format.ts';
import { visible } from '../text/visible.ts';
import type { CandidateEvaluation, EvaluationData } from './evaluation.ts';

/** The maximum number of changed examples in the list. */
const MAX_LISTED = 10;

/** The fields of a candidate that the table shows. */
type Row = Pick<
  CandidateEvaluation,
  'name' | 'mean' | 'interval' | 'scored' | 'failed' | 'usage' | 'meanDurationMs' | 'characters'
>;

/** A table of the candidates, why the evaluation ended early, and the warnings. */
export function describeEvaluation({
  candidates,
  stopReason,
  warnings,
}: Pick<EvaluationData, 'stopReason' | 'warnings'> & {
  readonly candidates: Readonly<Record<string, Row>>;
}): string {
  const rows = Object.values(candidates).map((candidate) => [
    visible(candidate.name),
    candidate.scored === 0 ? UNKNOWN : formatScore(candidate.mean),
    candidate.scored === 0 ? UNKNOWN : candidate.interval.map(formatScore).join(' to '),
    formatCount(candidate.scored),
    formatCount(candidate.failed),
    candidate.usage.costUsd === undefined ? UNKNOWN : formatUsd(candidate.usage.costUsd),
    formatDuration(candidate.meanDurationMs),
    formatCount(candidate.characters),
  ]);
  const header = [
    'Candidate',
    'Score',
    '95% interval',
    'Examples',
    'Failed',
    'Cost',
    'Per run',
    'Characters',
  ];
  return [
    ...alignColumns([header, ...rows]),
    ...(stopReason === undefined
      ? []
      : ['', `Not every example was scored: ${describeStopReason(stopReason)}`]),
    ...(warnings.length === 0 ? [] : ['', ...warnings.flatMap((warning) => listItem('!', warning))]),
  ].join('\n');
}

/** The verdict in words, the difference, and the examples that changed. */
export function describeComparison(comparison: Comparison): string {
  const { size, difference, interval, wins, losses, ties, changes, costUsd, characters } = comparison;
  const [low, high] = interval;
  const listed = changes
    .slice(0, MAX_LISTED)
    .map(
      ({ exampleId, before, after }) =>
        `  ${visible(exampleId)}: ${formatScore(before)} → ${formatScore(after)}`,
    );
  const more = changes.length - listed.length;
  const usd = (value: number | undefined) => (value === undefined ? UNKNOWN : formatUsd(value));
  if (size === 0) return verdictLine(comparison);
  return [
    verdictLine(comparison),
    `Difference: ${formatGain(difference)} on ${countOf(size, 'example')}, 95% interval ${formatGain(low)} to ${formatGain(high)}`,
    `${countOf(wins, 'example')} better, ${formatCount(losses)} worse, ${formatCount(ties)} the same`,
    `Cost: ${usd(costUsd.before)} → ${usd(costUsd.after)}; length: ${formatCount(characters.before)} → ${countOf(characters.after, 'character')}`,
    ...listed,
    ...(more > 0 ? [`  … and ${formatCount(more)} more`] : []),
  ].join('\n');
}

/** The verdict in words. */
export function verdictLine({
  before,
  after,
  verdict,
  examplesNeeded,
  difference,
  size,
}: Comparison): string {
  const [a, b] = [`"${visible(before)}"`, `"${visible(after)}"`];
  if (size === 0) return `${a} and ${b} share no scored example.`;
  if (verdict !== 'not proven') return `${b} is ${verdict} than ${a}.`;
  const needed =
    examplesNeeded === undefined
      ? difference === 0
        ? 'They score the same.'
        : 'More examples are needed.'
      : `About ${countOf(examplesNeeded, 'example')} would prove a difference of this size.`;
  return `No difference between ${a} and ${b} is proven. ${needed}`;
}
