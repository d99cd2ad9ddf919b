import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { optimize } from 'gepa-core';
import { scoreOf } from './scores.ts';

// One measured run, in its own process:
// node engine-run.ts <valset size> <iterations> [--search adaptive] [--run-dir] [--trace-kilobytes n]
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    // Scores half of the children on the whole valset, so that there is much to do.
    search: { type: 'string', default: 'reference' },
    'run-dir': { type: 'boolean' },
    'trace-kilobytes': { type: 'string', default: '0' },
  },
});
const [valsetSize, iterations] = positionals.map(Number) as [number, number];
const valset = Array.from({ length: valsetSize }, (_, i) => i);
const trainset = Array.from({ length: 100 }, (_, i) => 1_000_000 + i);
const traceCharacters = Number(values['trace-kilobytes']) * 1_000;
const root = values['run-dir'] ? mkdtempSync(join(tmpdir(), 'gepa-bench-')) : undefined;
let proposals = 0;

const run = () =>
  optimize({
    seedCandidate: { prompt: '0' },
    run: (candidate, example: number) => ({
      output: scoreOf(Number(candidate.prompt), example),
      ...(traceCharacters === 0 ? {} : { trace: traceOf(candidate.prompt, example) }),
    }),
    metric: ({ output }) => output,
    propose: async () => ({ prompt: String(++proposals) }),
    trainset,
    valset,
    search: values.search as 'adaptive' | 'reference',
    maxIterations: iterations,
    ...(root === undefined ? {} : { runDir: join(root, 'run') }),
  });

/** A different text for every rollout, so that memory cannot be shared. */
function traceOf(prompt: string, example: number): string {
  return `${prompt}:${example} `.padEnd(traceCharacters, `${prompt}.${example},`);
}

const startedAt = performance.now();
const result = await run();
const seconds = (performance.now() - startedAt) / 1000;
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
const resumedAt = performance.now();
if (root !== undefined) await run();
console.log(
  JSON.stringify({
    seconds,
    accepted: result.candidates.length - 1,
    iterations: result.iterations,
    peakMegabytes,
    ...(root === undefined ? {} : { resumeSeconds: (performance.now() - resumedAt) / 1000 }),
    best: result.bestIndex,
  }),
);
if (root !== undefined) rmSync(root, { recursive: true, force: true });
