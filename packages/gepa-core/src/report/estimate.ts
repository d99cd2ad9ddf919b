import type { Estimated, RunEstimate } from '../estimate/estimate.ts';
import { colorsOf } from './colors.ts';
import { columns } from './columns.ts';
import { formatCompact, formatCount, formatDuration, formatUsd, UNKNOWN } from './format.ts';
import { visible } from './visible.ts';
import { wrapText } from './wrap.ts';

export interface DescribeEstimateOptions {
  /** Default: `false`. For the console: `supportsColor(process.stdout)`. */
  readonly color?: boolean;
}

const WIDTH = 100;

/** Tells people what a run will take, and what that stands on. */
export function describeEstimate(estimate: RunEstimate, options: DescribeEstimateOptions = {}): string {
  const { bold, dim, yellow } = colorsOf(options.color ?? false);
  const row = (label: string, { expected, worst }: Estimated, format: (value: number) => string) => [
    label,
    expected === undefined ? UNKNOWN : format(expected),
    worst === Number.POSITIVE_INFINITY ? UNKNOWN : format(worst),
  ];
  const [head, ...rows] = columns([
    ['', 'expected', 'at worst'],
    row('Metric calls', estimate.metricCalls, formatCount),
    row('Iterations', estimate.iterations, formatCount),
    row('Reflections', estimate.reflections, formatCount),
    row('Tokens', estimate.tokens, formatCompact),
    row('Cost', estimate.costUsd, formatUsd),
    row('Time', estimate.durationMs, formatDuration),
  ]);
  const listed = (mark: string, texts: readonly string[]) =>
    texts.flatMap((text) =>
      wrapText(visible(text), WIDTH - 2).map((line, i) => `${i === 0 ? mark : ' '} ${line}`.trimEnd()),
    );
  const blocks = [
    [bold(endLine(estimate)), dim(head!), ...rows, dim(`${UNKNOWN}: not bounded, or not known`)],
    listed(yellow('!'), estimate.warnings),
    [bold('Assumptions'), ...listed('-', estimate.assumptions)],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function endLine({ endsBy, measured }: RunEstimate): string {
  const end = endsBy === undefined ? 'Nothing is known that ends the run' : `Expected to end by ${endsBy}`;
  return measured === undefined
    ? end
    : `${end}; measured on one training example in ${formatDuration(measured.durationMs)}`;
}
