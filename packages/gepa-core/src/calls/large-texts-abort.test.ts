// @module-tag slow
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RolloutError } from '../errors.ts';
import { optimize } from '../optimize.ts';

const size = 200_000;
const hostile = [
  '```\nx\n```\n\n'.repeat(size / 12),
  `Bearer${' '.repeat(size)}`,
  'Sure!\n'.repeat(size / 6),
  '{q}'.repeat(size / 3),
  `${'.'.repeat(size)}x`,
];

/** A run whose outputs, errors, feedback and answers are large texts, until `limits` end it. */
async function endlessRun(limits: { readonly maxDurationMs?: number; readonly signal?: AbortSignal }) {
  let calls = 0;
  const next = () => hostile[calls++ % hostile.length]!;
  return optimize({
    adapter: {
      components: { prompt: { text: 'base {q}', variables: ['q'] } },
      async run(_candidate, example: { readonly id: string; readonly fails: boolean }) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        const text = next();
        if (example.fails) {
          const trace = [{ kind: 'model' as const, name: 'model', error: text }];
          throw new RolloutError(`Failed to parse. Text: "${text}"`, { cause: undefined, trace });
        }
        return { output: text };
      },
    },
    trainset: [
      { id: 'a', fails: false },
      { id: 'b', fails: true },
    ],
    metric: ({ output }) => ({ score: 0.5, feedback: output }),
    reflectionModel: async () => next(),
    cacheEvaluation: false,
    stopConditions: [() => undefined],
    maxIterations: 10_000,
    ...limits,
  });
}

/** One step of such a run takes tens of milliseconds; quadratic work on one of the texts takes seconds. */
const MAX_STEP_MS = 1_000;

/** The longest step of the process, in its own time, so that a busy machine does not count. */
function watchSteps() {
  let longestMs = 0;
  let before = process.cpuUsage();
  const look = () => {
    const { user, system } = process.cpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1_000);
    before = process.cpuUsage();
  };
  const timer = setInterval(look);
  return () => {
    clearInterval(timer);
    look();
    return longestMs;
  };
}

it('maxDurationMs ends a run of large texts, none of whose steps is long', async () => {
  const longestStep = watchSteps();
  const { stopReason } = await endlessRun({ maxDurationMs: 500 });
  expect(stopReason).toBe('maxDurationMs');
  expect(longestStep()).toBeLessThan(MAX_STEP_MS);
});

it('an abort ends a run of large texts within a few steps', async () => {
  const controller = new AbortController();
  let abortedAt: NodeJS.CpuUsage | undefined;
  setTimeout(() => {
    abortedAt = process.cpuUsage();
    controller.abort();
  }, 300);
  const { stopReason } = await endlessRun({ signal: controller.signal });
  const { user, system } = process.cpuUsage(abortedAt);
  expect(stopReason).toBe('aborted');
  expect((user + system) / 1_000).toBeLessThan(MAX_STEP_MS);
});

const longText = 'some "words" here.\n'.repeat(200_000 / 19);
const examples = (set: string) =>
  Array.from({ length: 20 }, (_, id) => ({ input: `${set} ${id}: ${longText}` }));

for (const turns of [2, 12, 20]) {
  it(`an abort ends a run that is reading its examples, ${turns} turns after its start`, async () => {
    const runDir = mkdtempSync(join(tmpdir(), 'gepa-run-'));
    const controller = new AbortController();
    let turn = 0;
    let hasEnded = false;
    let turnsAfter = 0;
    const timer = setInterval(() => {
      if (++turn === turns) controller.abort();
      if (turn > turns && !hasEnded) turnsAfter++;
    });
    const running = optimize({
      runDir,
      seedCandidate: { prompt: 'Answer.' },
      run: async () => ({ output: 'yes' }),
      metric: () => 1,
      propose: async () => ({}),
      trainset: examples('train'),
      valset: examples('val'),
      testset: examples('test'),
      maxIterations: 1,
      signal: controller.signal,
    }).finally(() => {
      hasEnded = true;
    });
    await expect(running).rejects.toThrow('The run ended before its first call (aborted)');
    clearInterval(timer);
    expect(turnsAfter).toBeLessThan(5);
    expect(readdirSync(runDir)).not.toContain('examples.jsonl.draft');
    rmSync(runDir, { recursive: true });
  });
}

it('timers and signals act while the examples of a run are read and written', async () => {
  const runDir = mkdtempSync(join(tmpdir(), 'gepa-run-'));
  let turns = 0;
  const timer = setInterval(() => turns++);
  let turnsBefore: number | undefined;
  await optimize({
    runDir,
    seedCandidate: { prompt: 'Answer.' },
    run: async () => {
      turnsBefore ??= turns;
      return { output: 'yes' };
    },
    metric: () => 1,
    propose: async () => ({}),
    trainset: examples('train'),
    valset: examples('val'),
    testset: examples('test'),
    maxIterations: 1,
  });
  clearInterval(timer);
  rmSync(runDir, { recursive: true });
  // Without pauses there are a few turns.
  expect(turnsBefore).toBeGreaterThan(15);
});
