import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelCallUsage } from '../budget/usage.ts';
import { RolloutError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { useFakeTime } from '../testing/fixtures/fake-time.ts';
import { type TokenRunSetup, tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { terminalProgress } from './terminal-progress.ts';

const usage = modelCallUsage({ inputTokens: 900, outputTokens: 100, costUsd: 0.01 });

/** Makes every rollout fail from an iteration on, with attempts that are billed. */
const outageFrom =
  (iteration: number): NonNullable<TokenRunSetup['before']> =>
  ({ context }) => {
    if (context.iteration < iteration) return;
    throw new RolloutError('busy', { cause: Object.assign(new Error('busy'), { status: 503 }), usage });
  };

/** A run whose rollouts and failed attempts bill usage, with the last progress line before its end. */
async function billedRun(setup: TokenRunSetup) {
  const lines: string[] = [];
  const run = tokenRun({
    maxIterations: 4,
    maxTokens: 1e6,
    maxCostUsd: 10,
    reserve: { rollout: { tokens: 1_000, costUsd: 0.01 } },
    retry: { retries: 5, minDelayMs: 1, maxDelayMs: 1 },
    onEvent: terminalProgress({ stream: { write: (text) => lines.push(text) }, isTTY: false, intervalMs: 0 }),
    ...setup,
  });
  const { adapter } = run.options;
  const result = await optimize({
    ...run.options,
    adapter: { ...adapter, run: async (...args) => ({ ...(await adapter.run(...args)), usage }) },
  });
  const line = lines
    .join('')
    .split('\n')
    .findLast((text) => text.includes('/1M tokens'));
  const [, dollars] = /\$([\d.]+)\/\$10\.00/.exec(line!)!;
  const [, thousands] = /([\d.]+)K\/1M tokens/.exec(line!)!;
  return { result, shown: { costUsd: Number(dollars), tokens: 1_000 * Number(thousands) } };
}

const totalOf = ({ inputTokens, outputTokens, costUsd }: typeof usage) => ({
  costUsd: expect.closeTo(costUsd!, 9),
  tokens: inputTokens + outputTokens,
});

let runDir: string;
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'gepa-progress-'));
});
afterEach(() => rmSync(runDir, { recursive: true, force: true }));
useFakeTime();

describe('the last progress line shows the tokens and the cost of the result', () => {
  it('the last progress line includes the usage of attempts that an outage billed', async () => {
    const { result, shown } = await billedRun({ before: outageFrom(3) });
    expect(result.stopReason).toBe('providerUnavailable');
    expect(result.usage.modelCalls).toBeGreaterThan(result.totalMetricCalls + 5);
    expect(shown).toEqual(totalOf(result.usage));
  });

  it('the last progress line of a resumed run includes the usage of attempts that earlier outages billed', async () => {
    const first = await billedRun({ runDir, before: outageFrom(2) });
    const second = await billedRun({ runDir, before: outageFrom(3) });
    expect([first, second].map(({ result }) => result.stopReason)).toEqual([
      'providerUnavailable',
      'providerUnavailable',
    ]);
    expect(second.shown).toEqual(totalOf(second.result.usage));
    const last = await billedRun({ runDir });
    expect(last.result.stopReason).toBe('maxIterations');
    expect(last.result.usage.modelCalls).toBeGreaterThan(last.result.totalMetricCalls + 10);
    expect(last.shown).toEqual(totalOf(last.result.usage));
  });

  it('the last progress line includes the rollouts of the testset', async () => {
    const { result, shown } = await billedRun({ testset: tokenExamples('tests', 4) });
    expect(result.test?.size).toBe(4);
    expect(shown).toEqual(totalOf(result.usage));
  });
});
