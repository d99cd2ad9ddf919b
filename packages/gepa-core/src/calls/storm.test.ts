// @module-tag slow
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { optimize } from '../optimize.ts';
import { quiet, StormyServer, storm } from '../testing/fixtures/stormy-server.ts';
import { type TokenRunSetup, timeless, tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { tokenRecords } from '../testing/token-task.ts';

let root: string;
let server: StormyServer;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'gepa-storm-'));
  server = new StormyServer();
  await server.listen();
});
afterEach(() => {
  server.close();
  rmSync(root, { recursive: true, force: true });
});

/** A run that asks the server for everything. */
async function runOf(setup: TokenRunSetup) {
  const run = tokenRun({ testset: tokenExamples('tests', 4), concurrency: 8, ...setup });
  const { propose, ...options } = run.options;
  server.answered = [];
  const result = await optimize({
    ...options,
    adapter: {
      components: options.adapter.components,
      run: server.run,
      reflectiveRecords: (request) => tokenRecords(request).map((findings) => ({ ...findings })),
    },
    reflectionModel: server.reflectionModel,
    reflectionPromptTemplate: 'The text is [<curr_param>]. <side_info>',
    acceptanceCriterion: 'improvement_or_equal',
    skipPerfectScore: false,
    // What hangs is given up soon, and nothing is given up for good.
    ...(server.weather === storm ? { rolloutTimeoutMs: 100 } : {}),
    retry: { retries: 60, minDelayMs: 1, maxDelayMs: 4, ...setup.retry },
  });
  return { result, decisions: run.decisions(), answered: server.answered };
}

/** What the journal holds, by the words of the server's questions. */
function written(runDir: string): string[] {
  const lines = readFileSync(join(runDir, 'journal.jsonl'), 'utf8').split('\n').slice(0, -1);
  const entries = lines.map((line) => JSON.parse(line));
  const texts = new Map(
    entries.filter(({ type }) => type === 'candidate').map(({ candidate, texts }) => [candidate, texts]),
  );
  return entries.flatMap(({ type, prompt, candidate, exampleId }) => {
    if (type === 'reflection') return [prompt as string];
    return type === 'rollout' ? [JSON.stringify([texts.get(candidate), exampleId])] : [];
  });
}

/** Without what a storm may well change. */
const comparable = (run: Awaited<ReturnType<typeof runOf>>) => ({
  decisions: timeless(run.decisions).map((event) => ({ ...(event as object), retries: 0 })),
  result: { ...run.result, runId: '', durationMs: 0, time: 0, retries: 0 },
});

const setups: Record<string, TokenRunSetup> = {
  'one task per iteration': { maxMetricCalls: 100 },
  'P×N with merges': {
    samplingStrategy: { parents: 2, mutations: 2 },
    useMerge: true,
    mergeValOverlapFloor: 1,
    maxMetricCalls: 140,
  },
  'independent tasks without a cache': {
    cacheEvaluation: false,
    skipDuplicates: false,
    samplingStrategy: { independent: 3 },
    maxMetricCalls: 140,
  },
};

describe.each(Object.entries(setups))('a run of %s', (_, setup) => {
  it.each([
    ['in memory', false],
    ['in a run directory', true],
  ])('decides in a storm what it decides in quiet (%s)', async (_, isKept) => {
    const runDir = (name: string) => (isKept ? { runDir: join(root, name) } : {});
    const calm = await runOf({ ...setup, ...runDir('calm') });
    server.weather = storm;
    const stormy = await runOf({ ...setup, ...runDir('stormy') });

    expect(comparable(stormy)).toEqual(comparable(calm));
    expect(calm.result).toMatchObject({ stopReason: 'maxMetricCalls', retries: 0 });
    expect(calm.result.candidates.length).toBeGreaterThan(3);
    const failed = Object.values(server.failures).reduce((sum, times) => sum + times, 0);
    expect(Object.keys(server.failures)).toHaveLength(4);
    // A slow machine may give up on an answer that was on its way.
    expect(stormy.result.retries).toBeGreaterThanOrEqual(failed);
    expect(stormy.result.usage.modelCalls).toBe(calm.answered.length);
  });

  it('goes on after an outage that outlasts its retries, and asks for nothing again that it had', async () => {
    const calm = await runOf({ ...setup, runDir: join(root, 'calm') });
    server.weather = storm;
    let left = Math.floor(calm.answered.length / 2);
    server.onAnswer = () => {
      if (--left === 0) server.isDown = true;
    };
    const runDir = join(root, 'stormy');
    const down = await runOf({ ...setup, runDir });
    expect(down.result.stopReason).toBe('providerUnavailable');
    expect(down.result.warnings.at(-1)).toContain('the same call goes on from here');
    // No score stands for what did not run.
    expect(down.result.totalMetricCalls).toBeLessThanOrEqual(down.answered.length);
    const before = comparable(calm).decisions;
    const finished = down.decisions.findLastIndex((event) => event.type === 'iteration_started');
    expect(comparable(down).decisions.slice(1, finished)).toEqual(before.slice(1, finished));

    const kept = written(runDir);
    server.weather = quiet;
    server.isDown = false;
    const rest = await runOf({ ...setup, runDir });
    expect(comparable(rest).decisions.slice(1)).toEqual(before.slice(1));
    expect(comparable(rest).result).toEqual(comparable(calm).result);
    expect([...kept, ...rest.answered].toSorted()).toEqual(calm.answered.toSorted());
  });
});
