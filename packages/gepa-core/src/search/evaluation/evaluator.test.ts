import { describe, expect, it } from 'vitest';
import type { RunContext } from '../../adapter/adapter.ts';
import { optimize } from '../../optimize.ts';
import { tokenExamples, tokenRun } from '../../testing/fixtures/token-run.ts';

describe('rollouts', () => {
  it.each([1, 3, 16])('rollouts use a concurrency of %i and never exceed it', async (concurrency) => {
    let open = 0;
    let maxOpen = 0;
    const run = tokenRun({
      concurrency,
      valset: tokenExamples('valid', 40),
      maxMetricCalls: 300,
      samplingStrategy: { parents: 1, mutations: 4 },
      async before() {
        maxOpen = Math.max(maxOpen, ++open);
        await new Promise(setImmediate);
        open--;
      },
    });
    await optimize(run.options);
    expect(maxOpen).toBe(concurrency);
  });

  it('rollouts that fail or wait for a retry do not block other rollouts', async () => {
    const run = tokenRun({
      concurrency: 1,
      maxIterations: 3,
      retry: { retries: 1, minDelayMs: 0 },
      before({ previousRuns, example }) {
        if (example.id.endsWith('1') && previousRuns === 0)
          throw Object.assign(new Error('busy'), { status: 429 });
        if (example.id.endsWith('2')) throw new Error('broken');
      },
    });
    expect((await optimize(run.options)).iterations).toBe(3);
  });

  it('rollouts receive their phase, iteration, candidate and example in the context', async () => {
    const contexts: (RunContext & { phase: string })[] = [];
    const run = tokenRun({
      components: ['extract', 'route', 'answer'],
      testset: tokenExamples('tests', 2),
      useMerge: true,
      mergeValOverlapFloor: 1,
      maxMetricCalls: 400,
      cacheEvaluation: false,
      before: ({ context }) => {
        contexts.push(context);
      },
    });
    const result = await optimize(run.options);
    expect(new Set(contexts.map(({ phase }) => phase))).toEqual(
      new Set(['seed', 'minibatch', 'proposal', 'valset', 'merge', 'testset']),
    );
    for (const { phase, iteration, candidateIndex, runId, exampleId } of contexts) {
      expect(runId).toBe(result.runId);
      expect(exampleId).toMatch(
        { seed: /^valid/, valset: /^valid/, merge: /^valid/, testset: /^tests/ }[phase as 'seed'] ?? /^train/,
      );
      if (phase === 'proposal' || phase === 'merge') expect(candidateIndex).toBeUndefined();
      else expect(candidateIndex).toBeTypeOf('number');
      expect(phase === 'seed').toBe(iteration === 0);
    }
  });
});
