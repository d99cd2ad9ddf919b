import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, it, vi } from 'vitest';
import { CandidateMismatchError, MetricError, OptionsError, RegressionError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { savedCandidate } from '../saved/saved-candidate.ts';
import { evaluate } from './evaluate.ts';
import { assertNotWorse } from './gate.ts';

interface Question {
  readonly input: string;
  readonly expected: string;
}

const examples: readonly Question[] = [
  { input: 'a', expected: 'A' },
  { input: 'b', expected: 'B' },
  { input: 'c', expected: 'C' },
  { input: 'd', expected: 'D' },
];

/** Enough examples to prove a difference. */
const many = [...'abcdefgh'].map((input) => ({ input, expected: input.toUpperCase() }));

/** A program that answers in capitals if its text asks for it, and throws on `d` unless its text mentions it. */
function program() {
  const run = vi.fn((candidate: { readonly prompt: string }, { input }: Question) => {
    if (input === 'd' && !candidate.prompt.includes('d')) throw new Error('no rule for d');
    return { output: candidate.prompt.includes('capitals') ? input.toUpperCase() : input };
  });
  return {
    seedCandidate: { prompt: 'Answer.' },
    run,
    examples,
    metric: ({ output, example }: { output: string; example: Question }) => ({
      score: output === example.expected,
      feedback: `wanted ${example.expected}`,
    }),
  };
}

const better = { prompt: 'Answer in capitals, d too.' };

it('a metric of any scale can be evaluated', async () => {
  const { metric: _, ...options } = program();
  const report = await evaluate({ ...options, metric: ({ output }) => (output === 'a' ? 5 : 1) });
  expect(report.candidates.seed.examples.map(({ score }) => score)).toEqual([5, 1, 1, 0]);
});

it('evaluate scores the program as it is when no candidates are named', async () => {
  const { run, ...options } = program();
  const report = await evaluate({ ...options, run });
  const { seed } = report.candidates;
  expect(seed.mean).toBe(0);
  expect(seed.scored).toBe(4);
  expect(seed.failed).toBe(1);
  expect(seed.examples[0]).toMatchObject({
    score: 0,
    rollouts: [{ score: 0, output: 'a', feedback: 'wanted A' }],
  });
  expect(seed.examples[3]!.rollouts[0]).toMatchObject({ error: 'no rule for d', failedIn: 'program' });
  expect(report.metricCalls).toBe(4);
  expect(report.stopReason).toBeUndefined();
  expect(report.warnings).toEqual([]);
});

it('evaluate accepts texts, saved candidates and their files as candidates', async () => {
  const saved = savedCandidate({
    texts: better,
    original: { prompt: 'Answer.' },
    scores: { validation: { seed: 0, best: 1 } },
  });
  const file = join(mkdtempSync(join(tmpdir(), 'gepa-evaluate-')), 'best.gepa.json');
  writeFileSync(file, JSON.stringify(saved));
  const report = await evaluate({ ...program(), candidates: { now: 'seed', texts: better, saved, file } });
  const means = Object.values(report.candidates).map(({ name, mean }) => [name, mean]);
  expect(means).toEqual([
    ['now', 0],
    ['texts', 1],
    ['saved', 1],
    ['file', 1],
  ]);
  // Equal texts on equal examples run once.
  expect(report.metricCalls).toBe(8);
});

it('a comparison has the paired difference, the changed examples and a verdict in words', async () => {
  const candidates = { old: 'seed', new: better };
  const report = await evaluate({ ...program(), examples: many, candidates });
  const comparison = report.compare('old', 'new');
  expect(comparison).toMatchObject({
    size: 8,
    difference: 1,
    interval: [1, 1],
    wins: 8,
    losses: 0,
    ties: 0,
    verdict: 'better',
    examplesNeeded: undefined,
    characters: { before: 7, after: better.prompt.length },
  });
  expect(String(comparison)).toContain('"new" is better than "old".');
  expect(report.compare('new', 'old').changes[0]).toEqual({ exampleId: 'example:0', before: 1, after: 0 });
});

it('a difference that the examples do not prove comes with the number of examples that would', async () => {
  const oneRight = { prompt: 'Answer.' };
  const report = await evaluate({
    ...program(),
    metric: ({ output }: { output: string }) => (output === 'a' ? 1 : 0),
    candidates: { some: oneRight, none: better },
  });
  const comparison = report.compare('none', 'some');
  expect(comparison.verdict).toBe('not proven');
  expect(comparison.difference).toBe(0.25);
  expect(comparison.examplesNeeded).toBeGreaterThan(4);
  expect(String(comparison)).toContain('would prove a difference of this size');
});

it('repeats run every candidate again, and an example scores the mean', async () => {
  let runs = 0;
  const report = await evaluate({
    ...program(),
    examples: examples.slice(0, 1),
    metric: () => runs++ % 2,
    repeats: 4,
  });
  const [example] = report.candidates.seed.examples;
  expect(example!.rollouts.map(({ score }) => score)).toEqual([0, 1, 0, 1]);
  expect(example!.score).toBe(0.5);
});

it('assertNotWorse throws when the mean is lower by more than the margin, with the comparison', async () => {
  const report = await evaluate({ ...program(), candidates: { production: better, new: 'seed' } });
  expect(() => assertNotWorse(report, { than: 'production' })).toThrow(RegressionError);
  expect(() => assertNotWorse(report, { than: 'production' })).toThrow(
    '"new" scores lower than "production" by 1.000',
  );
  expect(() => assertNotWorse(report, { than: 'production', margin: 1 })).not.toThrow();
  expect(() => assertNotWorse(report, { than: 'new' })).not.toThrow();
});

it('assertNotWorse asks for the candidate when there are several', async () => {
  const report = await evaluate({ ...program(), candidates: { a: 'seed', b: 'seed', c: 'seed' } });
  expect(() => assertNotWorse(report, { than: 'a' })).toThrow(OptionsError);
  expect(() => assertNotWorse(report, { than: 'a', candidate: 'c' })).not.toThrow();
});

it('evaluate refuses invalid options before it runs the program', async () => {
  const options = program();
  await expect(evaluate({ ...options, examples: [] })).rejects.toThrow('The option "examples" must');
  await expect(evaluate({ ...options, repeats: 0 })).rejects.toThrow('The option "repeats" must be');
  await expect(evaluate({ ...options, candidates: {} })).rejects.toThrow('The option "candidates" must be');
  await expect(evaluate({ ...options, trainset: examples } as never)).rejects.toThrow(
    'There is no option "trainset"',
  );
  await expect(evaluate({ ...options, candidates: { x: { other: 'text' } } } as never)).rejects.toThrow(
    CandidateMismatchError,
  );
  await expect(evaluate({ ...options, maxCostUsd: 1 })).rejects.toThrow('maxCostUsd requires the maximum');
  expect(options.run).not.toHaveBeenCalled();
});

it('an evaluation with a run directory goes on where it was interrupted, and takes new candidates', async () => {
  const runDir = mkdtempSync(join(tmpdir(), 'gepa-evaluate-'));
  const controller = new AbortController();
  const first = program();
  first.run.mockImplementationOnce(() => {
    controller.abort();
    return { output: 'A' };
  });
  const partial = await evaluate({ ...first, runDir, concurrency: 1, signal: controller.signal });
  expect(partial.stopReason).toBe('aborted');
  expect(partial.candidates.seed.scored).toBeLessThan(4);

  const second = program();
  const whole = await evaluate({ ...second, runDir, candidates: { seed: 'seed' } });
  expect(whole.candidates.seed.scored).toBe(4);

  const third = program();
  const both = await evaluate({ ...third, runDir, candidates: { seed: 'seed', better } });
  expect(third.run).toHaveBeenCalledTimes(4);
  expect(both.candidates.better.mean).toBe(1);
  expect(both.candidates.seed).toEqual(whole.candidates.seed);
  expect(readFileSync(join(runDir, 'journal.jsonl'), 'utf8')).toContain('wanted A');
});

it('an evaluation of a program that has changed since an earlier session causes a warning', async () => {
  const runDir = mkdtempSync(join(tmpdir(), 'gepa-evaluate-'));
  const { run, seedCandidate, metric } = program();
  const evaluateWith = (source: string) =>
    evaluate({
      adapter: {
        components: { prompt: { text: seedCandidate.prompt } },
        run: async (candidate, example) => run(candidate, example),
        source,
      },
      examples: examples.slice(0, 3),
      metric,
      runDir,
    });
  expect((await evaluateWith('one')).warnings).toEqual([]);
  const { warnings } = await evaluateWith('two');
  expect(warnings.join()).toContain('the source of the program has changed. Earlier scores are kept');
});

it('an evaluation stops at a limit and reports what was scored', async () => {
  const usage = { modelCalls: 1, inputTokens: 50, outputTokens: 50 };
  const report = await evaluate({
    ...program(),
    run: () => ({ output: 'A', usage }),
    maxTokens: 250,
    reserve: { rollout: { tokens: 100 } },
    concurrency: 1,
  });
  expect(report.candidates.seed.scored).toBe(2);
  expect(report.candidates.seed.usage.inputTokens).toBe(100);
  expect(report.stopReason).toBe('maxTokens');
  expect(String(report)).toContain('Not every example was scored');
});

it('an invalid score ends the evaluation with a MetricError', async () => {
  await expect(evaluate({ ...program(), metric: () => Number.NaN })).rejects.toThrow(MetricError);
});

it('console.log of a report shows its table, and no control characters of outputs', async () => {
  const report = await evaluate({ ...program(), candidates: { 'old\u202e': 'seed', new: better } });
  const shown = inspect(report);
  expect(shown).toContain('95% interval');
  expect(shown).toContain('old\\u202e');
  expect(shown.split('\n').length).toBeLessThan(10);
});

it('a report converts to plain JSON and back to the same data', async () => {
  const report = await evaluate({ ...program(), candidates: { old: 'seed', new: better } });
  const json = JSON.parse(JSON.stringify(report));
  expect(json.candidates.new.mean).toBe(1);
  expect(Object.keys(json)).toEqual([
    'candidates',
    'runId',
    'metricCalls',
    'usage',
    'durationMs',
    'warnings',
  ]);
});

it('a difference on fewer than six examples is not proven, whatever its interval', async () => {
  const report = await evaluate({ ...program(), candidates: { old: 'seed', new: better } });
  expect(report.compare('old', 'new')).toMatchObject({
    difference: 1,
    verdict: 'not proven',
    examplesNeeded: 6,
  });
});

it('candidates share the concurrency, so that a limit leaves examples on which all were scored', async () => {
  const usage = { modelCalls: 1, inputTokens: 50, outputTokens: 50 };
  const report = await evaluate({
    ...program(),
    examples: many,
    run: () => ({ output: 'A', usage }),
    candidates: { old: 'seed', new: better },
    maxTokens: 800,
    reserve: { rollout: { tokens: 100 } },
  });
  expect(report.compare('old', 'new').size).toBeGreaterThanOrEqual(3);
  expect(() => assertNotWorse(report, { than: 'old' })).toThrow('The evaluation ended early (maxTokens)');
});

it('assertNotWorse refuses a candidate that the report lacks, and a comparison with itself', async () => {
  const report = await evaluate({ ...program(), candidates: { old: 'seed', new: better } });
  expect(() => assertNotWorse(report, { than: 'prod' as never })).toThrow('no candidate "prod"');
  expect(() => assertNotWorse(report, { than: 'new', candidate: 'new' })).toThrow('with itself');
});

it.each<[unknown, string]>([
  [{ than: 'old', candidate: 'nwe' }, 'The report has no candidate "nwe". It has old, new.'],
  [{ than: 'old', tolerance: 0.1 }, 'There is no option "tolerance".'],
  [{ than: 'old', margin: '0.1' }, 'The option "margin" must be a number (got "0.1").'],
  [{ than: 'old', margin: Number.NaN }, '(got NaN)'],
  [{ than: 'old', margin: Number.POSITIVE_INFINITY }, '(got Infinity)'],
  [{}, 'The option "than" must be a text that is not empty (it is missing).'],
  [undefined, 'The options must be an object (got undefined).'],
])('assertNotWorse refuses the options %j, whatever the scores', async (options, words) => {
  const report = await evaluate({ ...program(), candidates: { old: 'seed', new: better } });
  expect(() => assertNotWorse(report, options as never)).toThrow(OptionsError);
  expect(() => assertNotWorse(report, options as never)).toThrow(words);
});

it.each([5, null, undefined, ['text'], true])('evaluate refuses %j as a candidate', async (candidate) => {
  const options = program();
  const evaluation = () => evaluate({ ...options, candidates: { new: candidate } } as never);
  await expect(evaluation()).rejects.toThrow(OptionsError);
  await expect(evaluation()).rejects.toThrow('A candidate must be its texts by component');
  expect(options.run).not.toHaveBeenCalled();
});

it('a run directory of an evaluation on other examples is refused, and the error does not speak of a trainset', async () => {
  const runDir = mkdtempSync(join(tmpdir(), 'gepa-evaluate-'));
  try {
    const program = {
      seedCandidate: { system: 'A' },
      run: async () => ({ output: 'A' }),
      metric: () => 1,
      runDir,
    };
    await evaluate({ ...program, examples: [{ input: 'x' }] });
    const error = await evaluate({ ...program, examples: [{ input: 'y' }] }).catch((thrown) => thrown);
    expect(error.message).toContain('the evaluation contains other examples');
    expect(error.message).not.toMatch(/trainset|valset/);
  } finally {
    rmSync(runDir, { recursive: true, force: true });
  }
});

it('means of the same scores in another order are equal', async () => {
  const scores = { old: [0.1, 0.2, 0.3], new: [0.3, 0.2, 0.1] };
  const made = { old: 0, new: 0 };
  const report = await evaluate({
    ...program(),
    examples: many,
    candidates: { old: { prompt: 'old' }, new: { prompt: 'new' } },
    repeats: 3,
    concurrency: 1,
    run: ({ prompt }, { input }) => ({ output: `${prompt} ${input}` }),
    metric: ({ output }) => {
      const name = output.startsWith('old') ? 'old' : 'new';
      return scores[name][Math.floor(made[name]++ / many.length) % 3]!;
    },
  });
  const comparison = report.compare('old', 'new');
  expect(comparison).toMatchObject({ difference: 0, losses: 0, ties: many.length, verdict: 'not proven' });
  expect(() => assertNotWorse(report, { than: 'old' })).not.toThrow();
});

it('a difference of exactly the margin is within the margin', async () => {
  const report = await evaluate({
    ...program(),
    candidates: { old: { prompt: 'old' }, new: { prompt: 'new' } },
    run: ({ prompt }) => ({ output: prompt }),
    metric: ({ output }) => (output === 'old' ? 0.4 : 0.3),
  });
  expect(() => assertNotWorse(report, { than: 'old', margin: 0.1 })).not.toThrow();
  expect(() => assertNotWorse(report, { than: 'old', margin: 0.09 })).toThrow(RegressionError);
});

it('failed rollouts score failureScore on every objective', async () => {
  const { candidates } = await evaluate({
    ...program(),
    failureScore: -1,
    metric: () => ({ score: 1, objectives: { tone: 1 } }),
  });
  // One of four examples fails.
  expect(candidates.seed.objectives).toEqual({ tone: 0.5 });
});

it('the run directory of an evaluation is refused for a search, and the error says so', async () => {
  const runDir = join(mkdtempSync(join(tmpdir(), 'gepa-evaluate-')), 'run');
  const { examples: trainset, ...options } = program();
  await evaluate({ ...options, examples: trainset, runDir });
  const search = optimize({ ...options, trainset, runDir, propose: async () => ({}), maxMetricCalls: 20 });
  await expect(search).rejects.toThrow(
    'it is the directory of an evaluation, and this call is an optimization',
  );
});
