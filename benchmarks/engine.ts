import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

/**
 * Measures the engine's own time and memory: rollouts and proposals take no time, and about half of the proposals are
 * accepted. Each figure is the best of several runs, each in its own process. If `python3` (or --python) can import the
 * reference, it runs the same task; it iterates over unordered sets, so that its search differs after a while.
 */
const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    runs: { type: 'string', default: '3' },
    'reference-seconds': { type: 'string', default: '60' },
  },
});

interface Figure {
  readonly seconds: number;
  readonly accepted: number;
  readonly best: number;
  readonly peakMegabytes: number;
  /** With a run directory: the time of the same call after the run has ended. */
  readonly resumeSeconds?: number;
}

const here = import.meta.dirname;
const sizes = [200, 1_000, 10_000];
const iterationCounts = [400, 1_000];

function measure(command: string, args: readonly string[], timeoutMs?: number): Figure | undefined {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: timeoutMs });
  if (status === null) return undefined;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

function ours(size: number, iterations: number, ...options: readonly string[]): Figure {
  const args = [
    '--conditions=gepa-source',
    `${here}/engine-run.ts`,
    String(size),
    String(iterations),
    ...options,
  ];
  const figures = Array.from({ length: Number(values.runs) }, () => measure(process.execPath, args)!);
  return figures.reduce((best, figure) => (figure.seconds < best.seconds ? figure : best));
}

function reference(size: number, iterations: number): Figure | undefined {
  const args = [`${here}/reference_run.py`, String(size), String(iterations)];
  return measure(values.python, args, Number(values['reference-seconds']) * 1_000);
}

const hasReference = spawnSync(values.python, ['-c', 'import gepa']).status === 0;
console.log(
  hasReference
    ? `The Python reference runs too, for at most ${values['reference-seconds']} s each.\n`
    : `${values.python} cannot import the package gepa, so the reference is not measured.\n`,
);

const cells = (row: readonly (string | number)[]) => row.map((cell) => String(cell).padStart(13)).join('');
console.log(
  cells([
    'valset',
    'iterations',
    'accepted',
    'seconds',
    'ms/iteration',
    'peak MB',
    'reference s',
    'accepted',
    'ratio',
  ]),
);
for (const size of sizes) {
  for (const iterations of iterationCounts) {
    const figure = ours(size, iterations);
    const other = hasReference ? reference(size, iterations) : undefined;
    console.log(
      cells([
        size,
        iterations,
        figure.accepted,
        figure.seconds.toFixed(2),
        ((figure.seconds * 1_000) / iterations).toFixed(2),
        figure.peakMegabytes.toFixed(0),
        other === undefined ? (hasReference ? 'out of time' : '–') : other.seconds.toFixed(1),
        other === undefined ? '–' : other.accepted,
        other === undefined ? '–' : `${(other.seconds / figure.seconds).toFixed(0)}×`,
      ]),
    );
  }
}

/** The cost of a run directory, and of large traces, which must not stay in memory. */
console.log(
  `\n${cells(['valset', 'iterations', 'trace kB', 'run dir', 'accepted', 'seconds', 'resume s', 'peak MB'])}`,
);
for (const [size, iterations, kilobytes, runDir] of [
  [1_000, 400, 0, true],
  [10_000, 400, 0, true],
  [10_000, 60, 5, false],
  [10_000, 60, 5, true],
] as const) {
  const options = [...(runDir ? ['--run-dir'] : []), '--trace-kilobytes', String(kilobytes)];
  const figure = ours(size, iterations, ...options);
  console.log(
    cells([
      size,
      iterations,
      kilobytes,
      runDir ? 'yes' : 'no',
      figure.accepted,
      figure.seconds.toFixed(2),
      figure.resumeSeconds?.toFixed(2) ?? '–',
      figure.peakMegabytes.toFixed(0),
    ]),
  );
}
