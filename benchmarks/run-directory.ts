// Writes the directory of a simulated run and reads it: time and memory of `readRun`.
// node --conditions=gepa-source benchmarks/run-directory.ts [candidates] [examples] [bytes of a trace] [directory to keep]

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRun } from 'gepa-core/node';
import { writeSimulatedRun } from './simulated-run.ts';

const [candidates = 200, examples = 1_000, traceBytes = 2_000] = process.argv.slice(2, 5).map(Number);
const kept = process.argv[5];
const runDir = kept ?? mkdtempSync(join(tmpdir(), 'gepa-simulated-'));
try {
  writeSimulatedRun(runDir, { candidates, examples, traceBytes });
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const size = statSync(join(runDir, 'journal.jsonl')).size;
  const before = process.memoryUsage().rss;
  const startedAt = performance.now();
  const { rollouts } = readRun(runDir);
  const seconds = (performance.now() - startedAt) / 1_000;
  console.log(
    `${rollouts.length} rollouts, journal of ${megabytes(size)}: read in ${seconds.toFixed(1)} s, ${megabytes(process.memoryUsage().rss - before)}`,
  );
} finally {
  if (kept === undefined) rmSync(runDir, { recursive: true });
}
