import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isDecision } from '../events.ts';
import { optimize } from '../optimize.ts';
import { replay } from '../report/result-of.ts';

let runDir: string;
beforeEach(() => {
  runDir = join(mkdtempSync(join(tmpdir(), 'gepa-program-')), 'run');
});
afterEach(() => rmSync(runDir, { recursive: true, force: true }));

const names = (set: string, count: number) => Array.from({ length: count }, (_, i) => `${set} ${i}`);

/** A session whose model scores the seed `seedScore`, and each longer text 0.1 more. */
async function session(
  model: string,
  seedScore: number,
  setup: { iterations: number; maxMetricCalls?: number },
) {
  const events: unknown[] = [];
  const rollouts: string[] = [];
  const { iterations, maxMetricCalls = 500 } = setup;
  const result = await optimize({
    runDir,
    adapter: {
      components: { text: { text: 'a' } },
      models: [model],
      run: async ({ text }, example: string) => {
        rollouts.push(example);
        return { output: Math.min(1, seedScore + 0.1 * (text!.length - 1)) };
      },
    },
    metric: ({ output }) => output,
    propose: async ({ candidate }) => ({ text: `${candidate.text}b` }),
    trainset: names('train', 6),
    valset: names('valid', 5),
    testset: names('test', 4),
    maxIterations: iterations,
    maxMetricCalls,
    onEvent: (event) => events.push(event),
  });
  return { result, rollouts, events };
}

describe('a program that changed between sessions', () => {
  it('a resumed run whose task model changed warns, scores the seed and the best candidate again, and reports their gain only', async () => {
    const first = await session('small', 0.1, { iterations: 3 });
    expect(first.result.warnings.join()).not.toContain('task model');
    const { result, rollouts, events } = await session('large', 0.5, { iterations: 3 });
    expect(result.warnings.join()).toContain('the task model is large instead of small');
    // All of it is the gain of the texts, none that of the larger model.
    const gain = 0.1 * (result.bestCandidate.text!.length - 1);
    expect(result.seedScore).toBeCloseTo(0.5, 9);
    expect(result.bestScore).toBeCloseTo(0.5 + gain, 9);
    expect(result.test?.seedScore).toBeCloseTo(0.5, 9);
    expect(result.test?.gain).toBeCloseTo(gain, 9);
    expect(rollouts.filter((example) => example.startsWith('valid'))).toHaveLength(10);
    expect(rollouts.filter((example) => example.startsWith('test'))).toHaveLength(8);
    expect(replay(events.filter((event): event is never => isDecision(event as never)))).toEqual(result);
  });

  it('a resumed run whose program changed keeps the new scores when it is resumed once more, and makes no call again', async () => {
    await session('small', 0.1, { iterations: 2 });
    const changed = await session('large', 0.5, { iterations: 2 });
    const again = await session('large', 0.5, { iterations: 2 });
    expect(again.rollouts).toEqual([]);
    expect(again.result.test).toEqual(changed.result.test);
    expect(again.result.bestScore).toBe(changed.result.bestScore);
  });

  it('a resumed run with the same program makes no call again and does not warn', async () => {
    const first = await session('small', 0.1, { iterations: 2 });
    const again = await session('small', 0.1, { iterations: 2 });
    expect(again.rollouts).toEqual([]);
    expect(again.result.warnings).toEqual(first.result.warnings);
  });

  it('a resumed run with a changed program and no metric calls left warns that the scores are not comparable', async () => {
    const first = await session('small', 0.1, { iterations: 2 });
    const maxMetricCalls = first.result.totalMetricCalls;
    const { result } = await session('large', 0.5, { iterations: 2, maxMetricCalls });
    expect(result.warnings.join()).toContain('do not compare them');
  });

  it('a resumed run whose run function changed warns that the source of the program has changed', async () => {
    const options = {
      runDir,
      seedCandidate: { text: 'a' },
      metric: ({ output }: { output: number }) => output,
      propose: async () => ({ text: 'b' }),
      trainset: [1],
      valset: [2],
      maxIterations: 1,
    };
    await optimize({ ...options, run: () => ({ output: 0.1 }) });
    const { warnings } = await optimize({ ...options, run: () => ({ output: 0.2 }) });
    expect(warnings.join()).toContain('the source of the program has changed');
  });
});
