import type { Spend, SpendByPhase, TimeSpent } from '../budget/spend.ts';
import { noUsage, type Usage } from '../budget/usage.ts';
import type { OptimizationResult } from '../result.ts';
import { formatCount, formatDuration, formatUsd, UNKNOWN } from '../text/format.ts';
import type { Colors } from './colors.ts';
import { alignColumns } from './columns.ts';

/** The spend of one phase. The judge has no time of its own, because it runs within rollouts. */
interface Row extends Spend {
  readonly label: string;
  readonly timeMs: number;
}

const labels = {
  seed: 'Seed',
  minibatch: 'Minibatches',
  valset: 'Valset',
  merge: 'Merges',
  testset: 'Held-out test',
  judge: 'Judge',
  reflection: 'Reflection',
  other: 'Other',
} satisfies Record<keyof SpendByPhase | keyof TimeSpent, string>;

/** The spend by phase as a table without empty rows and columns, followed by notes on unknown values. */
export function spendLines(
  result: OptimizationResult,
  { bold, dim }: Colors,
  width = Number.POSITIVE_INFINITY,
): string[] {
  const { spend, time, usage, totalMetricCalls, durationMs } = result;
  const phases = Object.keys(labels) as (keyof typeof labels)[];
  const rows = phases
    .map((phase): Row => {
      const spent = phase === 'other' ? { metricCalls: 0, usage: noUsage } : spend[phase];
      return { label: labels[phase], ...spent, timeMs: phase === 'judge' ? 0 : time[phase] };
    })
    .filter((row) => columns.some(({ cell }) => cell(row) !== ''));
  const total: Row = { label: 'Total', metricCalls: totalMetricCalls, usage, timeMs: durationMs };
  let shown = columns.filter(({ cell }) => cell(total) !== '' && cell(total) !== UNKNOWN);
  const tableOf = (shown: readonly Column[]) =>
    alignColumns([
      ['Spent', ...shown.map(({ name }) => name)],
      ...[...rows, total].map((row) => [row.label, ...shown.map(({ cell }) => cell(row))]),
    ]);
  let table = tableOf(shown);
  for (const { name } of leastImportant) {
    if (table.every((line) => line.length <= width)) break;
    shown = shown.filter((column) => column.name !== name);
    table = tableOf(shown);
  }
  const [head, ...lines] = table;
  const sum = lines.pop()!;
  return [dim(head!), ...lines, bold(sum), ...notesOn(rows, usage)];
}

interface Column {
  readonly name: string;
  /** `''` if there is nothing to count. */
  readonly cell: (row: Row) => string;
}

const columns: readonly Column[] = [
  { name: 'metric calls', cell: ({ metricCalls }) => countOrBlank(metricCalls) },
  { name: 'model calls', cell: ({ usage }) => countOrBlank(usage.modelCalls) },
  { name: 'input tokens', cell: ({ usage }) => tokensOrUnknown(usage, usage.inputTokens) },
  { name: 'output tokens', cell: ({ usage }) => tokensOrUnknown(usage, usage.outputTokens) },
  {
    name: 'cost',
    cell: ({ usage: { modelCalls, costUsd } }) =>
      modelCalls === 0 ? '' : costUsd === undefined ? UNKNOWN : formatUsd(costUsd),
  },
  { name: 'time', cell: ({ timeMs }) => (isShown(timeMs) ? formatDuration(timeMs) : '') },
];

/** The columns that are left out first when the table is too wide. */
const leastImportant = ['model calls', 'output tokens', 'input tokens', 'time'].map((name) => ({ name }));

const countOrBlank = (count: number): string => (count === 0 ? '' : formatCount(count));

const tokensOrUnknown = (usage: Usage, count: number): string =>
  usage.modelCalls === 0 ? '' : hasTokens(usage) ? formatCount(count) : UNKNOWN;

/** Whether a time is not rounded to zero. */
const isShown = (ms: number): boolean => formatDuration(ms) !== formatDuration(0);

const hasTokens = ({ inputTokens, outputTokens }: Usage): boolean => inputTokens + outputTokens > 0;

/** Notes on unknown values. */
function notesOn(rows: readonly Row[], total: Usage): string[] {
  if (total.modelCalls === 0) return ['No model calls were reported'];
  const called = rows.filter(({ usage }) => usage.modelCalls > 0);
  const isPartial =
    (hasTokens(total) && called.some(({ usage }) => !hasTokens(usage))) ||
    (total.costUsd !== undefined && called.some(({ usage }) => usage.costUsd === undefined));
  return [
    ...(hasTokens(total) ? [] : ['Tokens were not reported']),
    // Without tokens, a price does not determine the cost.
    ...(total.costUsd === undefined && hasTokens(total)
      ? ['The cost is unknown because no model has a known price: set the option `prices`']
      : []),
    ...(isPartial ? [`${UNKNOWN}: unknown and not included in the total`] : []),
  ];
}
