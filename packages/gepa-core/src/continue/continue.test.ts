// @module-tag slow
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CandidateMismatchError,
  OptionsError,
  RunDirectoryError,
  RunDirectoryMismatchError,
} from '../errors.ts';
import { estimate } from '../estimate/estimate.ts';
import type { GepaEvent } from '../events.ts';
import { optimize } from '../optimize.ts';
import type { SearchPreset } from '../options/options.ts';
import { savedCandidate } from '../saved/saved-candidate.ts';

interface Sum {
  readonly input: number;
}

const sums = (from: number, to: number): Sum[] =>
  Array.from({ length: to - from }, (_, i) => ({ input: from + i }));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-continue-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const metric = ({ output, example }: { output: number; example: Sum }) => ({
  score: Math.min(1, (output + (example.input % 3)) / 10),
  feedback: `more than ${output}`,
});

/** A program that scores by the length of its text; the reflection model adds a word. */
function program(more: object = {}) {
  const made: string[] = [];
  const events: GepaEvent[] = [];
  const prompts: string[] = [];
  const run = (candidate: { readonly prompt: string }, { input }: Sum) => {
    made.push(`${candidate.prompt} ${input}`);
    return { output: candidate.prompt.length };
  };
  const options = {
    adapter: {
      components: { prompt: { text: 'p' } },
      source: 'v1',
      run: async (candidate: { readonly prompt: string }, example: Sum) => run(candidate, example),
    },
    trainset: sums(0, 6),
    valset: sums(10, 16),
    metric,
    reflectionModel: async ({ prompt }: { readonly prompt: string }) => {
      prompts.push(prompt);
      return `\`\`\`\n${prompts.length % 2 === 0 ? 'x' : 'pq'}\n\`\`\``;
    },
    maxIterations: 4,
    onEvent: (event: GepaEvent) => void events.push(event),
    ...more,
  };
  return { made, events, prompts, options };
}

describe.each<SearchPreset>(['adaptive', 'reference'])('seedCandidates in the %s search', (search) => {
  it('given texts and files join the pool after the seed, scored like it and without parents', async () => {
    const path = join(root, 'saved.gepa.json');
    writeFileSync(
      path,
      JSON.stringify(
        savedCandidate({
          texts: { prompt: 'from file' },
          original: { prompt: 'an older text' },
          scores: { validation: { seed: 0, best: 1 } },
        }),
      ),
    );
    // Equal texts count once.
    const seedCandidates = [{ prompt: 'given' }, path, { prompt: 'p' }, { prompt: 'given' }];
    const { options, events } = program({ search, seedCandidates, maxIterations: 1 });
    const result = await optimize(options);
    const [seed, given, saved] = result.candidates;
    expect(seed).toMatchObject({ index: 0, source: 'seed', texts: { prompt: 'p' } });
    expect(given).toMatchObject({
      index: 1,
      source: 'given',
      parents: [],
      iteration: 0,
      texts: { prompt: 'given' },
    });
    expect(saved).toMatchObject({ index: 2, source: 'given', texts: { prompt: 'from file' } });
    expect(result.candidates.filter(({ source }) => source === 'given')).toHaveLength(2);
    expect(result.bestIndex).toBeGreaterThanOrEqual(2);
    const first = events.findIndex(({ type }) => type === 'iteration_started');
    expect(events.slice(0, first).filter(({ type }) => type === 'candidate_added')).toHaveLength(3);
  });
});

describe('seedCandidates', () => {
  it('texts that do not fit the program are refused before any rollout', async () => {
    const { options, made } = program({ seedCandidates: [{ question: 'x' }] });
    await expect(optimize(options)).rejects.toThrow(CandidateMismatchError);
    await expect(optimize({ ...options, seedCandidates: [7] as never })).rejects.toThrow(OptionsError);
    expect(made).toEqual([]);
  });

  it('given candidates are paid as metric calls, in a run and in its estimate', async () => {
    const seedCandidates = [{ prompt: 'a' }, { prompt: 'b' }];
    const { options } = program({ search: 'reference', seedCandidates, maxMetricCalls: 17 });
    const failure = optimize(options);
    await expect(failure).rejects.toThrow('scoring the seed and 2 seedCandidates takes 18 calls');
    const { metricCalls } = await estimate({ ...options, maxMetricCalls: 18 });
    expect(metricCalls.expected).toBe(18);
  });

  it('a resumed run needs the same given candidates, and does not pay for them again', async () => {
    const runDir = join(root, 'run');
    const given = { runDir, seedCandidates: [{ prompt: 'given' }] };
    const first = await optimize(program(given).options);
    const again = program(given);
    expect(await optimize(again.options)).toMatchObject({ totalMetricCalls: first.totalMetricCalls });
    expect(again.made).toEqual([]);
    const other = optimize(program({ runDir, seedCandidates: [{ prompt: 'other' }] }).options);
    await expect(other).rejects.toThrow(RunDirectoryMismatchError);
    await expect(other).rejects.toThrow('seedCandidates');
  });
});

describe('continueFrom', () => {
  const earlier = async (more: object = {}) => {
    const runDir = join(root, 'earlier');
    const run = program({ runDir, search: 'reference', ...more });
    return { runDir, ...run, result: await optimize(run.options) };
  };

  it('a data set that grew is scored on what is new only, for the seed and the best candidates', async () => {
    const first = await earlier();
    const best = first.result.bestCandidate.prompt;
    expect(best).toBe('pq');
    const next = program({
      continueFrom: first.runDir,
      search: 'reference',
      trainset: sums(0, 8),
      valset: sums(10, 18),
      maxIterations: 1,
    });
    const result = await optimize(next.options);
    expect(result.candidates[1]).toMatchObject({ source: 'given', texts: { prompt: best }, coverage: 8 });
    const ofValset = next.made.filter((call) => /^(p|pq) 1\d$/.test(call));
    expect(ofValset.sort()).toEqual(['p 16', 'p 17', 'pq 16', 'pq 17']);
    expect(result.warnings.join()).not.toContain('Continued');
    expect(next.events).toContainEqual({
      type: 'notice',
      message: 'Continued from an earlier run: 1 candidate and 25 rollouts are known.',
    });
    // What is known is no metric call.
    expect(result.totalMetricCalls).toBe(next.made.length);
    expect(result.cacheHits).toBeGreaterThanOrEqual(12);
  });

  it('reflections read rollouts of the earlier run, and what it tried', async () => {
    const first = await earlier();
    const next = program({ continueFrom: first.runDir, search: 'reference', maxIterations: 3 });
    await optimize(next.options);
    const prompts = next.prompts.join('\n');
    expect(prompts).toMatch(/In an earlier run( \(\d times\))?: not kept\./);
    expect(prompts).toContain('more than 2');
  });

  it('a run that continues can be resumed, and continued by a third run that knows the rollouts of both', async () => {
    const first = await earlier();
    const more = { search: 'reference', valset: sums(10, 18) };
    const second = program({ ...more, continueFrom: first.runDir, runDir: join(root, 'second') });
    const result = await optimize(second.options);
    const again = program({ ...more, continueFrom: first.runDir, runDir: join(root, 'second') });
    expect(await optimize(again.options)).toMatchObject({
      totalMetricCalls: result.totalMetricCalls,
      bestCandidate: result.bestCandidate,
    });
    expect(again.made).toEqual([]);
    const third = program({ ...more, continueFrom: join(root, 'second'), maxIterations: 1 });
    await optimize(third.options);
    expect(third.made.filter((call) => call.startsWith('p '))).toEqual([]);
  });

  it.each([
    ['the program has changed', { source: 'v2' }, {}, 'the source of the program has changed'],
    ['the metric has changed', {}, { metric: () => 0.5 }, 'the source of the metric has changed'],
  ])(
    'no rollout of the earlier run counts when %s, but its candidates join',
    async (_, adapter, more, reason) => {
      const first = await earlier();
      const next = program({ continueFrom: first.runDir, search: 'reference', maxIterations: 1, ...more });
      const result = await optimize({ ...next.options, adapter: { ...next.options.adapter, ...adapter } });
      expect(result.warnings.join(' ')).toContain(reason);
      expect(next.made).toContain('p 10');
      expect(result.candidates[1]).toMatchObject({ source: 'given', texts: { prompt: 'pq' } });
    },
  );

  it('a failed rollout of the earlier run is made again', async () => {
    const isDown = vi.fn(() => true);
    const failing = async (candidate: { readonly prompt: string }, { input }: Sum) => {
      if (input === 11 && isDown()) throw new Error('no');
      return { output: candidate.prompt.length };
    };
    const adapter = { components: { prompt: { text: 'p' } }, source: 'v1', run: failing };
    const first = await earlier({ adapter });
    isDown.mockClear();
    isDown.mockReturnValue(false);
    const next = program({ adapter, continueFrom: first.runDir, search: 'reference', maxIterations: 1 });
    const result = await optimize(next.options);
    expect(isDown).toHaveBeenCalled();
    expect(result.candidates[0]!.scores[1]).toBeGreaterThan(0);
  });

  it('test examples that the earlier run learned from cause a warning', async () => {
    const first = await earlier();
    const testset = [...sums(0, 2), ...sums(30, 32)];
    const { warnings } = await optimize(
      program({ continueFrom: first.runDir, trainset: sums(2, 6), testset, maxIterations: 1 }).options,
    );
    expect(warnings.join(' ')).toContain('The earlier run used 2 of the 4 test examples');
  });

  it('the earlier directory is not changed, and a directory without a run is refused', async () => {
    const first = await earlier();
    const before = readFileSync(join(first.runDir, 'journal.jsonl'), 'utf8');
    await optimize(program({ continueFrom: first.runDir, maxIterations: 1 }).options);
    expect(readFileSync(join(first.runDir, 'journal.jsonl'), 'utf8')).toBe(before);
    const wrong = program({ continueFrom: join(root, 'nothing') });
    await expect(optimize(wrong.options)).rejects.toThrow(RunDirectoryError);
    const { runDir } = first;
    await expect(optimize(program({ continueFrom: runDir, runDir }).options)).rejects.toThrow(
      'is the `runDir` itself',
    );
    expect(wrong.made).toEqual([]);
  });

  it('an estimate counts only what is not known yet', async () => {
    const first = await earlier();
    const options = program({ search: 'reference', valset: sums(10, 18), maxIterations: 1 }).options;
    const anew = await estimate(options);
    const continued = await estimate({ ...options, continueFrom: first.runDir });
    expect(continued.metricCalls.expected).toBeLessThan(anew.metricCalls.expected!);
  });
});
