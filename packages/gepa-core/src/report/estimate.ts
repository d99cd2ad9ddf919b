import type { Estimated, RunEstimate } from '../estimate/estimate.ts';
import { formatCompact, formatCount, formatDuration, formatUsd, UNKNOWN } from '../text/format.ts';
import { colorsOf } from './colors.ts';
import { alignColumns } from './columns.ts';
import { listItem, reportWidth, wrapText } from './wrap.ts';

export interface DescribeEstimateOptions {
  /** Default: `false`. For the console: `supportsColor(process.stdout)`. */
  readonly color?: boolean;
  /** The width in columns at which lines are wrapped. Default: that of the terminal, at most 100. */
  readonly width?: number;
}

/** Formats an estimate as a table, with its warnings and assumptions. */
export function describeEstimate(estimate: RunEstimate, options: DescribeEstimateOptions = {}): string {
  const { bold, dim, yellow } = colorsOf(options.color ?? false);
  const { width = reportWidth() } = options;
  const row = (label: string, { expected, worst }: Estimated, format: (value: number) => string) => [
    label,
    expected === undefined ? UNKNOWN : format(expected),
    worst === Number.POSITIVE_INFINITY ? UNKNOWN : format(worst),
  ];
  const [head, ...rows] = alignColumns([
    ['', 'expected', 'at worst'],
    row('Metric calls', estimate.metricCalls, formatCount),
    row('Iterations', estimate.iterations, formatCount),
    row('Reflections', estimate.reflections, formatCount),
    row('Tokens', estimate.tokens, formatCompact),
    row('Cost', estimate.costUsd, formatUsd),
    row('Time', estimate.durationMs, formatDuration),
  ]);

  const blocks = [
    [
      ...wrapText(endLine(estimate), width).map(bold),
      dim(head!),
      ...rows,
      dim(`${UNKNOWN}: not bounded, or not known`),
    ],
    estimate.refusals.length === 0
      ? []
      : [
          bold('The run would be refused'),
          ...estimate.refusals.flatMap((refusal) => listItem(yellow('!'), refusal, width)),
        ],
    estimate.warnings.flatMap((warning) => listItem(yellow('!'), warning, width)),
    [bold('Assumptions'), ...estimate.assumptions.flatMap((assumption) => listItem('-', assumption, width))],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function endLine({ endsBy, measured }: RunEstimate): string {
  const end = endsBy === undefined ? 'No limit is known to end the run' : `Expected to end by ${endsBy}`;
  return measured === undefined
    ? end
    : `${end}; measured on one training example in ${formatDuration(measured.durationMs)}`;
}
