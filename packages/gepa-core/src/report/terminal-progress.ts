import type { GepaEvent, Listener } from '../events.ts';
import { type Colors, colorsOf, isTerminal, type OutputStream, supportsColor } from './colors.ts';
import {
  countOf,
  formatCount,
  formatDuration,
  formatPercent,
  formatScore,
  formatUsd,
  UNKNOWN,
} from './format.ts';
import { type Announcement, RunProgress } from './run-progress.ts';
import { formatBounded } from './spending.ts';

export interface TerminalProgressOptions {
  /** Default: `process.stderr`, or the console where there is none. */
  readonly stream?: OutputStream;
  /** Whether the stream is a terminal that can redraw a line. Default: what the stream says. */
  readonly isTTY?: boolean;
  /** Width of the terminal. Default: what the stream says at the time, or 80. */
  readonly columns?: number;
  /** Default: on a terminal, unless `NO_COLOR` is set. Plain lines have no colors. */
  readonly color?: boolean;
  /** The time in milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
  /** The line is redrawn at most this often, in milliseconds. Default: 100; 10,000 for the lines of a log. */
  readonly intervalMs?: number;
}

/**
 * Shows how a run is getting on: on a terminal a live line at the bottom, elsewhere a plain line now and then. A new
 * best, a warning and the end get lines of their own.
 *
 * @example
 * await optimize({ …, onEvent: terminalProgress() });
 */
export function terminalProgress(options: TerminalProgressOptions = {}): Listener {
  const { stream = standardError(), now = () => performance.now() } = options;
  const isTTY = options.isTTY ?? isTerminal(stream);
  const display = isTTY
    ? liveLine({
        stream,
        // A terminal that does not know its width says 0.
        columns: () => options.columns ?? (stream.columns || 80),
        colors: colorsOf(options.color ?? supportsColor(stream)),
        intervalMs: options.intervalMs ?? 100,
      })
    : plainLines({ stream, intervalMs: options.intervalMs ?? 10_000 });

  let run: RunProgress | undefined;
  return (event) => {
    // The first warnings come before the run has started.
    if (run === undefined || (event.type === 'run_started' && run.hasStarted)) run = new RunProgress(now());
    display(run, run.apply(event), event, now());
  };
}

type Display = (
  run: RunProgress,
  announcements: readonly Announcement[],
  event: GepaEvent,
  now: number,
) => void;

const CLEAR_LINE = '\r\u001b[K';

/** Everything that changes the screen at once is one write, so that nothing comes in between. */
function liveLine(options: {
  stream: OutputStream;
  columns: () => number;
  colors: Colors;
  intervalMs: number;
}): Display {
  const { stream, columns, colors, intervalMs } = options;
  const style = { plain: (text: string) => text, gain: colors.green, warning: colors.yellow };
  let drawnAt = Number.NEGATIVE_INFINITY;
  return (run, announcements, event, now) => {
    const matters = announcements.length > 0 || event.type === 'candidate_added';
    if (!matters && (run.isFinished || now - drawnAt < intervalMs)) return;
    drawnAt = now;
    const above = announcements.map(({ kind, text }) => `${style[kind](text)}\n`).join('');
    stream.write(`${CLEAR_LINE}${above}${run.isFinished ? '' : progressLine(run, now, columns(), colors)}`);
  };
}

const GAP = '  ';

/** The most important comes first; what does not fit is left out. The last column stays free: some terminals wrap there. */
function progressLine(run: RunProgress, now: number, columns: number, colors: Colors): string {
  const room = Math.max(0, columns - 1);
  const barWidth = columns < 100 ? 8 : 16;
  const plain = segmentsOf(run, now, barWidth, colorsOf(false));
  let count = 0;
  let width = 0;
  for (const { length } of plain) {
    width += length + (count === 0 ? 0 : GAP.length);
    if (width > room) break;
    count++;
  }
  if (count === 0) return plain[0]!.slice(0, room);
  return segmentsOf(run, now, barWidth, colors).slice(0, count).join(GAP);
}

function segmentsOf(run: RunProgress, now: number, barWidth: number, colors: Colors): string[] {
  const { bestScore, seedScore, candidates, retries, stage, spending } = run;
  const score = (value: number | undefined) => (value === undefined ? UNKNOWN : formatScore(value));
  const [nearest, ...others] = spending.bounded(now);
  return [
    nearest === undefined
      ? countOf(spending.metricCalls, 'metric call')
      : `${formatBounded(nearest)} ${bar(nearest.fraction, barWidth, colors)}`,
    `best ${colors.bold(score(bestScore))} ${colors.dim(`(seed ${score(seedScore)})`)}`,
    timing(run, now),
    ...others.filter(({ unit }) => unit !== 'durationMs').map(formatBounded),
    ...unbounded(run, now),
    countOf(candidates, 'candidate'),
    stage,
    ...(retries === 0 ? [] : [retries === 1 ? '1 retry' : `${formatCount(retries)} retries`]),
  ];
}

function bar(fraction: number, width: number, { cyan, dim }: Colors): string {
  const full = Math.min(width, Math.floor(fraction * width));
  return `${cyan('━'.repeat(full))}${dim('─'.repeat(width - full))}`;
}

function timing({ spending }: RunProgress, now: number): string {
  const bounded = spending.bounded(now);
  const isNearest = bounded[0]?.unit === 'durationMs';
  const elapsed = formatDuration(spending.elapsedMs(now));
  if (bounded.length === 0) return elapsed;
  const remaining = spending.remainingMs(now);
  const left = `${remaining === undefined ? UNKNOWN : `~${formatDuration(remaining)}`} left`;
  // The time that was spent stands before the bar already.
  return isNearest ? left : `${elapsed}, ${left}`;
}

/** What else was spent. */
function unbounded({ spending }: RunProgress, now: number): string[] {
  const units = spending.bounded(now).map(({ unit }) => unit);
  return [
    ...(units.length === 0 || units.includes('metricCalls') ? [] : [countOf(spending.metricCalls, 'call')]),
    ...(spending.costUsd === 0 || units.includes('costUsd') ? [] : [formatUsd(spending.costUsd)]),
  ];
}

/** For logs: a line at every tenth of the nearest bound, and when it has been quiet for long. */
function plainLines({ stream, intervalMs }: { stream: OutputStream; intervalMs: number }): Display {
  let writtenAt = Number.NEGATIVE_INFINITY;
  let tenths = 0;
  return (run, announcements, event, now) => {
    if (event.type === 'run_started') tenths = 0;
    const lines = announcements.map(({ text }) => text);
    const reached = Math.floor(10 * (run.spending.bounded(now)[0]?.fraction ?? 0));
    const isDue = reached > tenths || now - writtenAt >= intervalMs;
    if (!run.isFinished && lines.length === 0 && isDue) lines.push(statusLine(run, now));
    if (lines.length === 0) return;
    tenths = reached;
    writtenAt = now;
    stream.write(`${lines.join('\n')}\n`);
  };
}

function statusLine(run: RunProgress, now: number): string {
  const { bestScore, candidates, stage, spending } = run;
  const [nearest, ...others] = spending.bounded(now);
  return [
    nearest === undefined
      ? countOf(spending.metricCalls, 'metric call')
      : `${formatBounded(nearest)} (${formatPercent(nearest.fraction)})`,
    `best ${bestScore === undefined ? UNKNOWN : formatScore(bestScore)}`,
    timing(run, now),
    ...others.filter(({ unit }) => unit !== 'durationMs').map(formatBounded),
    ...unbounded(run, now),
    countOf(candidates, 'candidate'),
    stage,
  ].join(' · ');
}

function standardError(): OutputStream {
  return globalThis.process?.stderr ?? { write: (text: string) => console.error(text.trimEnd()) };
}
