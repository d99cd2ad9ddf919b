// @module-tag slow
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { optimize } from '../optimize.ts';

import { type TokenRunSetup, tokenExamples, tokenRun, withoutTimes } from '../testing/fixtures/token-run.ts';
import { frequentFailures, noFailures, UnreliableServer } from '../testing/fixtures/unreliable-server.ts';
import { tokenRecords } from '../testing/token-task.ts';

let root: string;
let server: UnreliableServer;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'gepa-unreliable-'));
  server = new UnreliableServer();
  await server.listen();
});
afterEach(() => {
  server.close();
  rmSync(root, { recursive: true, force: true });
});

/** A run that sends its rollouts and reflections to the server. */
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
    // A real timeout, short because hanging requests wait for it in full; enough retries that every call succeeds.
    ...(server.failureRates === frequentFailures ? { rolloutTimeoutMs: 100 } : {}),
    retry: { retries: 60, minDelayMs: 1, maxDelayMs: 4, ...setup.retry },
  });
  return { result, decisions: run.decisions(), answered: server.answered };
}

/** The keys of the rollouts and reflections in the journal, as the server records them. */
function keysInJournal(runDir: string): string[] {
  const lines = readFileSync(join(runDir, 'journal.jsonl'), 'utf8').split('\n').slice(0, -1);
  const entries = lines.map((line) => JSON.parse(line));
  const texts = new Map(
    entries.filter(({ type }) => type === 'texts').map(({ textsId, texts }) => [textsId, texts]),
  );
  return entries.flatMap(({ type, prompt, textsId, exampleId }) => {
    if (type === 'reflection') return [prompt as string];
    return type === 'rollout' ? [JSON.stringify([texts.get(textsId), exampleId])] : [];
  });
}

/** The decisions and the result without the fields that failures change. */
const comparable = (run: Awaited<ReturnType<typeof runOf>>) => ({
  decisions: withoutTimes(run.decisions).map((event) => ({ ...(event as object), retries: 0 })),
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
  'independent tasks and no cache': {
    cacheEvaluation: false,
    skipDuplicates: false,
    samplingStrategy: { parents: 3, mutations: 1 },
    maxMetricCalls: 140,
  },
};

describe.each(Object.entries(setups))('with an unreliable provider: %s', (name, setup) => {
  it.each([
    ['in memory', false],
    ['in a run directory', true],
  ])(
    `a run with ${name} makes the same decisions with an unreliable provider as with a reliable one (%s)`,
    async (_, hasRunDir) => {
      const runDir = (name: string) => (hasRunDir ? { runDir: join(root, name) } : {});
      const reliable = await runOf({ ...setup, ...runDir('reliable') });
      server.failureRates = frequentFailures;
      const unreliable = await runOf({ ...setup, ...runDir('unreliable') });

      expect(comparable(unreliable)).toEqual(comparable(reliable));
      expect(reliable.result).toMatchObject({ stopReason: 'maxMetricCalls', retries: 0 });
      expect(reliable.result.candidates.length).toBeGreaterThan(3);
      const failed = Object.values(server.failures).reduce((sum, times) => sum + times, 0);
      expect(Object.keys(server.failures)).toHaveLength(4);
      // On a slow machine an answer may also miss the timeout.
      expect(unreliable.result.retries).toBeGreaterThanOrEqual(failed);
      expect(unreliable.result.usage.modelCalls).toBe(reliable.answered.length);
    },
  );

  it(`a run with ${name} that resumes after an outage repeats no finished call`, async () => {
    const reliable = await runOf({ ...setup, runDir: join(root, 'reliable') });
    server.failureRates = frequentFailures;
    let answersLeft = Math.floor(reliable.answered.length / 2);
    server.onAnswer = () => {
      if (--answersLeft === 0) server.isDown = true;
    };
    const runDir = join(root, 'unreliable');
    const down = await runOf({ ...setup, runDir });
    expect(down.result.stopReason).toBe('providerUnavailable');
    expect(down.result.warnings.at(-1)).toContain('Repeat the same call to resume');
    // Calls that were never answered have no score.
    expect(down.result.totalMetricCalls).toBeLessThanOrEqual(down.answered.length);
    const before = comparable(reliable).decisions;
    const lastStarted = down.decisions.findLastIndex((event) => event.type === 'iteration_started');
    expect(comparable(down).decisions.slice(1, lastStarted)).toEqual(before.slice(1, lastStarted));

    const journaled = keysInJournal(runDir);
    server.failureRates = noFailures;
    server.isDown = false;
    const resumed = await runOf({ ...setup, runDir });
    expect(comparable(resumed).decisions.slice(1)).toEqual(before.slice(1));
    expect(comparable(resumed).result).toEqual(comparable(reliable).result);
    expect([...journaled, ...resumed.answered].toSorted()).toEqual(reliable.answered.toSorted());
  });
});
