import type { Spend, SpendByPhase, TimeSpent } from '../budget/spend.ts';
import { noUsage, type Usage } from '../budget/usage.ts';
import type { OptimizationResult } from '../result.ts';
import type { Colors } from './colors.ts';
import { columns } from './columns.ts';
import { formatCount, formatDuration, formatUsd, UNKNOWN } from './format.ts';

/** What a part of a run took. A judge works within the rollouts, and so has no time of its own. */
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

/** What a run took, phase by phase, without the rows and columns that hold nothing; then what is not known of it. */
export function spendLines(result: OptimizationResult, { bold, dim }: Colors): string[] {
  const { spend, time, usage, totalMetricCalls, durationMs } = result;
  const phases = Object.keys(labels) as (keyof typeof labels)[];
  const rows = phases
    .map((phase): Row => {
      const spent = phase === 'other' ? { metricCalls: 0, usage: noUsage } : spend[phase];
      return { label: labels[phase], ...spent, timeMs: phase === 'judge' ? 0 : time[phase] };
    })
    .filter(({ metricCalls, usage, timeMs }) => metricCalls + usage.modelCalls > 0 || isShown(timeMs));
  const total: Row = { label: 'Total', metricCalls: totalMetricCalls, usage, timeMs: durationMs };
  const shown = columnsOf.filter(({ isEmpty }) => !isEmpty(usage));
  const [head, ...lines] = columns([
    ['Spent', ...shown.map(({ name }) => name)],
    ...[...rows, total].map((row) => [row.label, ...shown.map(({ cell }) => cell(row))]),
  ]);
  const sum = lines.pop()!;
  return [dim(head!), ...lines, bold(sum), ...unknowns(rows, usage)];
}

interface Column {
  readonly name: string;
  readonly cell: (row: Row) => string;
  /** Whether the whole run has nothing to show there. */
  readonly isEmpty: (total: Usage) => boolean;
}

const columnsOf: readonly Column[] = [
  { name: 'metric calls', cell: ({ metricCalls }) => countOrNothing(metricCalls), isEmpty: () => false },
  {
    name: 'model calls',
    cell: ({ usage }) => countOrNothing(usage.modelCalls),
    isEmpty: ({ modelCalls }) => modelCalls === 0,
  },
  {
    name: 'input tokens',
    cell: ({ usage }) => known(usage, hasTokens(usage) ? formatCount(usage.inputTokens) : undefined),
    isEmpty: (total) => !hasTokens(total),
  },
  {
    name: 'output tokens',
    cell: ({ usage }) => known(usage, hasTokens(usage) ? formatCount(usage.outputTokens) : undefined),
    isEmpty: (total) => !hasTokens(total),
  },
  {
    name: 'cost',
    cell: ({ usage }) => known(usage, usage.costUsd === undefined ? undefined : formatUsd(usage.costUsd)),
    isEmpty: ({ costUsd }) => costUsd === undefined,
  },
  {
    name: 'time',
    cell: ({ timeMs }) => (isShown(timeMs) ? formatDuration(timeMs) : ''),
    isEmpty: () => false,
  },
];

/** Less is written as nothing. */
const isShown = (ms: number): boolean => formatDuration(ms) !== formatDuration(0);

const hasTokens = ({ inputTokens, outputTokens }: Usage): boolean => inputTokens + outputTokens > 0;

const countOrNothing = (count: number): string => (count === 0 ? '' : formatCount(count));

const known = ({ modelCalls }: Usage, text: string | undefined): string =>
  modelCalls === 0 ? '' : (text ?? UNKNOWN);

function unknowns(rows: readonly Row[], total: Usage): string[] {
  if (total.modelCalls === 0) return ['No model calls were reported'];
  const called = rows.filter(({ usage }) => usage.modelCalls > 0);
  const isPartial =
    (hasTokens(total) && called.some(({ usage }) => !hasTokens(usage))) ||
    (total.costUsd !== undefined && called.some(({ usage }) => usage.costUsd === undefined));
  return [
    ...(hasTokens(total) ? [] : ['Tokens were not reported']),
    // Without tokens no price would help.
    ...(total.costUsd === undefined && hasTokens(total)
      ? ['The cost is unknown, since no model has a known price: give them in `prices`']
      : []),
    ...(isPartial ? [`${UNKNOWN}: not known, and missing in the total`] : []),
  ];
}
