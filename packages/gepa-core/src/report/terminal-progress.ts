import type { GepaEvent, Listener } from '../events.ts';
import {
  countOf,
  formatCount,
  formatDuration,
  formatPercent,
  formatScore,
  formatUsd,
  UNKNOWN,
} from '../text/format.ts';
import { BottomLine } from './bottom-line.ts';
import { type Colors, colorsOf, isTerminal, type OutputStream, supportsColor } from './colors.ts';
import { type Announcement, RunProgress } from './run-progress.ts';
import { formatLimitUse } from './spending.ts';
import { displayWidth, fitted, wrapText } from './wrap.ts';

export interface TerminalProgressOptions {
  /** Default: `process.stderr`, or the console in a runtime without it. */
  readonly stream?: OutputStream;
  /** Whether the stream is a terminal that can redraw a line. Default: detected from the stream. */
  readonly isTTY?: boolean;
  /** The width of the terminal in columns. Default: the current width of the stream, or 80. */
  readonly columns?: number;
  /** Whether to use colors on a terminal. Default: `true` unless `NO_COLOR` is set. Plain lines have no colors. */
  readonly color?: boolean;
  /** The current time in milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
  /**
   * The minimum time between two updates in milliseconds. Default: 100 on a terminal. Elsewhere: the time without
   * output after which a status line is written, 10,000.
   */
  readonly intervalMs?: number;
}

/**
 * An event listener that shows the progress of a run: a live line on a terminal, occasional plain lines elsewhere. A new
 * best candidate, a warning and the end of the run get their own lines. The output of other code appears above the live
 * line.
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
        // Some terminals report 0 columns.
        columns: () => options.columns ?? (stream.columns || 80),
        colors: colorsOf(options.color ?? supportsColor(stream)),
        intervalMs: options.intervalMs ?? 100,
      })
    : plainLines({ stream, intervalMs: options.intervalMs ?? 10_000 });

  let run: RunProgress | undefined;
  let clock: ReturnType<typeof setInterval> | undefined;
  return (event) => {
    // Warnings about the data come before `run_started`.
    if (run === undefined || (event.type === 'run_started' && run.hasStarted)) run = new RunProgress(now());
    const at = now();
    display(run, run.apply(event, at), event.type, at);
    if (event.type === 'run_started') {
      clearInterval(clock);
      clock = setInterval(() => display(run!, [], 'tick', now()), TICK_MS);
      // The progress does not keep the process alive.
      (clock as { unref?: () => void }).unref?.();
    }
    if (run.isFinished) clearInterval(clock);
  };
}

/** The time between redraws without an event, for example during a reflection. */
const TICK_MS = 1_000;

type Display = (
  run: RunProgress,
  announcements: readonly Announcement[],
  cause: GepaEvent['type'] | 'tick',
  now: number,
) => void;

/** Redraws a line at the bottom. Each update is a single write, so that other output cannot come between. */
function liveLine(options: {
  stream: OutputStream;
  columns: () => number;
  colors: Colors;
  intervalMs: number;
}): Display {
  const { stream, columns, colors, intervalMs } = options;
  const style = { plain: (text: string) => text, gain: colors.green, warning: colors.yellow };
  const { stdout, stderr } = globalThis.process ?? {};
  // Both are shown on the same terminal.
  const bottom = new BottomLine(stream, stream === stderr && stdout && isTerminal(stdout) ? [stdout] : []);
  let drawnAt = Number.NEGATIVE_INFINITY;
  return (run, announcements, cause, now) => {
    const isUrgent = announcements.length > 0 || cause === 'candidate_added';
    if (!isUrgent && (run.isFinished || now - drawnAt < intervalMs)) return;
    drawnAt = now;
    const above = announcements
      .flatMap(({ kind, text }) => folded(text, columns()).map((row) => `${style[kind](row)}\n`))
      .join('');
    bottom.show(run.isFinished ? '' : progressLine(run, now, columns(), colors), above);
    if (run.isFinished) bottom.release();
  };
}

/** A text in lines that fit the terminal; those after the first are indented. */
function folded(text: string, columns: number): string[] {
  if (displayWidth(text) < columns && !text.includes('\n')) return [text];
  return wrapText(text, Math.max(20, columns - 3)).map((row, i) => (i === 0 ? row : `  ${row}`));
}

const GAP = '  ';

/** A part of the live line. */
interface Segment {
  readonly text: string;
  readonly paint?: (text: string) => string;
  /** Whether it is shortened instead of left out. */
  readonly isElastic?: boolean;
  readonly gap?: string;
}

/** The minimum width of a shortened segment, in columns. */
const MIN_ELASTIC = 12;

/** As many segments as fit, the most important ones first. The last column stays empty, because some terminals wrap there. */
function progressLine(run: RunProgress, now: number, columns: number, colors: Colors): string {
  const room = Math.max(0, columns - 1);
  let line = '';
  let left = room;
  for (const segment of segmentsOf(run, now, columns, colors)) {
    const { text, paint = String, isElastic = false, gap = line === '' ? '' : GAP } = segment;
    const space = left - gap.length;
    const fits = displayWidth(text) <= space;
    if (!fits && (!isElastic || space < MIN_ELASTIC) && line !== '') break;
    const shortened = fitted(text, space);
    line += gap + paint(shortened);
    left = space - displayWidth(shortened);
  }
  return line;
}

function segmentsOf(run: RunProgress, now: number, columns: number, colors: Colors): Segment[] {
  const { bestScore, seedScore, retries, spending, proposals } = run;
  const [nearest, ...others] = spending.limits(now);
  const isWide = columns >= 100;
  const barWidth = 16;
  const best = `best ${scoreOrUnknown(bestScore)}`;
  const seed = `(seed ${scoreOrUnknown(seedScore)})`;
  const texts = [
    timing(run, now),
    ...(proposals === undefined ? [] : [proposals]),
    ...others.filter(({ unit }) => unit !== 'durationMs').map(formatLimitUse),
    ...spendWithoutLimit(run, now),
    ...(retries === 0 ? [] : [retries === 1 ? '1 retry' : `${formatCount(retries)} retries`]),
  ];
  return [
    { text: nearest === undefined ? countOf(spending.metricCalls, 'metric call') : formatLimitUse(nearest) },
    ...(nearest === undefined || !isWide
      ? []
      : [
          {
            text: '━'.repeat(barWidth),
            gap: ' ',
            paint: () => bar(nearest.fraction, barWidth, colors),
          },
        ]),
    {
      text: `${best} ${seed}`,
      paint: (text) =>
        text.startsWith(best)
          ? `best ${colors.bold(best.slice(5))}${colors.dim(text.slice(best.length))}`
          : text,
    },
    { text: run.stage(now), isElastic: true },
    ...texts.map((text) => ({ text })),
  ];
}

/** Times, the use of all limits but the nearest, other spend, and the state of the search. */
function details(run: RunProgress, now: number): string[] {
  const { proposals, spending } = run;
  const [, ...others] = spending.limits(now);
  return [
    timing(run, now),
    ...others.filter(({ unit }) => unit !== 'durationMs').map(formatLimitUse),
    ...spendWithoutLimit(run, now),
    ...(proposals === undefined ? [] : [proposals]),
    run.stage(now),
  ];
}

const scoreOrUnknown = (score: number | undefined): string =>
  score === undefined ? UNKNOWN : formatScore(score);

function bar(fraction: number, width: number, { cyan, dim }: Colors): string {
  const full = Math.min(width, Math.floor(fraction * width));
  return `${cyan('━'.repeat(full))}${dim('─'.repeat(width - full))}`;
}

function timing({ spending }: RunProgress, now: number): string {
  const limits = spending.limits(now);
  const isNearest = limits[0]?.unit === 'durationMs';
  const elapsed = formatDuration(spending.elapsedMs(now));
  if (limits.length === 0) return elapsed;
  const remaining = spending.remainingMs(now);
  const left = `${remaining === undefined ? UNKNOWN : `~${formatDuration(remaining)}`} left`;
  // The elapsed time is already shown as the use of the nearest limit.
  return isNearest ? left : `${elapsed}, ${left}`;
}

/** Metric calls and cost if they have no limit and are not shown otherwise. */
function spendWithoutLimit({ spending }: RunProgress, now: number): string[] {
  const units = spending.limits(now).map(({ unit }) => unit);
  return [
    ...(units.length === 0 || units.includes('metricCalls') ? [] : [countOf(spending.metricCalls, 'call')]),
    ...(spending.costUsd === 0 || units.includes('costUsd') ? [] : [formatUsd(spending.costUsd)]),
  ];
}

/** Writes a status line for logs at every tenth of the nearest limit, and after `intervalMs` without output. */
function plainLines({ stream, intervalMs }: { stream: OutputStream; intervalMs: number }): Display {
  let writtenAt = Number.NEGATIVE_INFINITY;
  let tenths = 0;
  return (run, announcements, cause, now) => {
    if (cause === 'run_started') tenths = 0;
    const lines = announcements.map(({ text }) => text);
    const reached = Math.floor(10 * (run.spending.limits(now)[0]?.fraction ?? 0));
    const isDue = reached > tenths || now - writtenAt >= intervalMs;
    if (!run.isFinished && lines.length === 0 && isDue) lines.push(statusLine(run, now));
    if (lines.length === 0) return;
    tenths = reached;
    writtenAt = now;
    stream.write(`${lines.join('\n')}\n`);
  };
}

function statusLine(run: RunProgress, now: number): string {
  const { bestScore, spending } = run;
  const [nearest] = spending.limits(now);
  return [
    nearest === undefined
      ? countOf(spending.metricCalls, 'metric call')
      : `${formatLimitUse(nearest)} (${formatPercent(nearest.fraction)})`,
    `best ${scoreOrUnknown(bestScore)}`,
    ...details(run, now),
  ].join(' · ');
}

function standardError(): OutputStream {
  return globalThis.process?.stderr ?? { write: (text: string) => console.error(text.trimEnd()) };
}
