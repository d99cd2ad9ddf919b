// @module-tag slow
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunDirectoryError } from '../errors.ts';
import { writeVersion3 } from '../journal/fixtures/version-3.ts';
import { optimize } from '../optimize.ts';
import { type TokenRunSetup, tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import { RunReader, readRun } from './read-run.ts';
import type { ReflectionDetail, RolloutDetail, RunData } from './run-data.ts';

let root: string;
let runDir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-read-'));
  runDir = join(root, 'run');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const path = (name: string) => join(runDir, name);

/** A run whose reflection model adds a token with each answer. */
function modelRun(setup: TokenRunSetup = {}) {
  const vocabulary = ['red', 'green', 'blue', 'round', 'square', 'soft', 'hard', 'old'];
  let answers = 0;
  const { propose: _, ...options } = tokenRun({
    maxMetricCalls: 150,
    testset: tokenExamples('tests', 3),
    runDir,
    ...setup,
  }).options;
  return {
    ...options,
    reflectionModel: async () => `\`\`\`\nbase ${vocabulary.slice(0, (answers++ % 8) + 1).join(' ')}\n\`\`\``,
  };
}

describe('a first line that cannot be read', () => {
  it.each([
    ['garbage', 'it is not a "gepa-run" header'],
    ['{"type":"session","at":1}', 'it is not a "gepa-run" header'],
    [
      '{"type":"run","format":"gepa-run","version":9,"runId":"a"}',
      'it has version 9, and this package reads version 3 and 4',
    ],
  ])('readRun refuses %s, and a reader goes on following', (line, message) => {
    mkdirSync(runDir);
    writeFileSync(path('journal.jsonl'), `${line}\n{"type":"iteration","at":1,"iteration":1}\n`);
    expect(() => readRun(runDir)).toThrow(RunDirectoryError);
    expect(() => readRun(runDir)).toThrow(message);
    expect(() => new RunReader(runDir).update()).not.toThrow();
  });
});

it('a reader that follows a directory reads the run that is started there anew', async () => {
  const reader = new RunReader(runDir);
  await optimize(modelRun());
  reader.update();
  const first = reader.data;
  rmSync(runDir, { recursive: true });
  expect(reader.update()).toBe(false);
  expect(reader.data.runId).toBe(first.runId);
  await optimize(modelRun({ seed: 3, maxMetricCalls: 60 }));
  expect(reader.update()).toBe(true);
  expect(reader.data).toEqual(readRun(runDir));
  expect(reader.data.runId).not.toBe(first.runId);
});

describe('a finished run', () => {
  it('readRun gives the candidates, scores, spend and test of the result', async () => {
    const result = await optimize(modelRun());
    const run = readRun(runDir);
    expect(run).toMatchObject({
      runId: result.runId,
      state: 'ended',
      stopReason: result.stopReason,
      bestIndex: result.bestIndex,
      score: { best: result.bestScore, seed: result.seedScore, bestOn: result.scoredOn },
      test: result.test,
      frontier: result.frontier,
      metricCalls: result.totalMetricCalls,
      usage: result.usage,
      spend: result.spend,
      retries: 0,
      iterations: result.iterations,
      warnings: result.warnings,
    });
    expect(result.candidates.length).toBeGreaterThan(2);
    expect(run.candidates.map(({ texts, scores, parents }) => ({ texts, scores, parents }))).toEqual(
      result.candidates.map(({ texts, scores, parents }) => ({ texts, scores, parents })),
    );
    expect(run.about).toMatchObject({
      components: [{ name: 'extract' }, { name: 'route' }],
      limits: { maxMetricCalls: 150 },
      strategies: { search: 'reference' },
      versions: { 'gepa-core': expect.any(String), node: process.versions.node },
    });
    expect(run.durationMs).toBeGreaterThanOrEqual(0);
    expect(run.updatedAt).toBeGreaterThanOrEqual(run.startedAt);
  });

  it('each rollout leads to its example and its candidate or proposal, and to its output and feedback', async () => {
    await optimize(modelRun());
    const reader = new RunReader(runDir);
    reader.update();
    const { rollouts, candidates, proposals, examples, valset } = reader.data;
    expect(rollouts).toHaveLength(reader.data.metricCalls);
    for (const { candidate, proposal, phase } of rollouts) {
      expect(candidate !== undefined || proposals[proposal! - 1]!.status === 'rejected').toBe(true);
      if (phase === 'proposal' && candidate !== undefined)
        expect(candidates[candidate]!.proposal).toBe(proposal);
    }
    for (const { index, scores } of candidates) {
      const own = new Map(
        rollouts.filter(({ candidate }) => candidate === index).map(({ example, score }) => [example, score]),
      );
      expect(valset.map((example) => own.get(example) ?? null)).toEqual(scores);
    }
    const [first] = rollouts;
    const detail = reader.detail<RolloutDetail>(first!.detail);
    expect(detail).toMatchObject({ exampleId: examples[first!.example]!.id, score: first!.score });
    expect(detail.output).toBeDefined();
  });

  it('each candidate leads to its proposal, and that to the prompt and the answer it came from', async () => {
    await optimize(modelRun());
    const reader = new RunReader(runDir);
    reader.update();
    const { candidates, proposals, reflections } = reader.data;
    expect(proposals.map(({ number }) => number)).toEqual(proposals.map((_, i) => i + 1));
    for (const { proposal, index, texts } of candidates.slice(1)) {
      const origin = proposals[proposal! - 1]!;
      expect(origin).toMatchObject({ status: 'accepted', candidate: index, kind: 'mutation' });
      expect(origin.after.length).toBe(origin.minibatch.length);
      const asked = reflections[origin.reflections[0]!]!;
      const { prompt, answer } = reader.detail<ReflectionDetail>(asked.detail);
      expect(answer).toContain(texts[asked.components[0]!]);
      expect(prompt).toContain('base');
    }
    expect(proposals.some(({ status }) => status === 'rejected')).toBe(true);
  });

  it('the calls, tokens and time of reflections are read like those of rollouts', async () => {
    const { spend } = await optimize(modelRun());
    const run = readRun(runDir);
    expect(spend.reflection.usage.modelCalls).toBeGreaterThan(0);
    expect(run.spend.reflection).toEqual(spend.reflection);
    for (const { usage, durationMs } of run.reflections) {
      expect(usage?.modelCalls).toBe(1);
      expect(durationMs).toBeGreaterThanOrEqual(0);
    }
  });

  it('a merge is a proposal with two parents', async () => {
    await optimize(
      tokenRun({
        runDir,
        components: ['extract', 'route', 'answer'],
        useMerge: true,
        mergeValOverlapFloor: 1,
        maxMetricCalls: 400,
      }).options,
    );
    const { proposals, candidates, valset } = readRun(runDir);
    const merge = proposals.find(({ kind, status }) => kind === 'merge' && status === 'accepted')!;
    expect(merge.parents).toHaveLength(2);
    expect(valset).toEqual(expect.arrayContaining([...merge.minibatch]));
    expect(candidates[merge.candidate!]).toMatchObject({ source: 'merge', proposal: merge.number });
  });

  it('a refused proposal has its reason', async () => {
    await optimize(tokenRun({ runDir, maxIterations: 2, propose: async () => ({}) }).options);
    expect(readRun(runDir).proposals[0]).toMatchObject({
      status: 'refused',
      reason: 'unchanged',
      message: expect.stringContaining('No new text'),
    });
  });
});

describe('a growing run', () => {
  it('a reader that follows a run, interrupted and resumed, ends with what readRun gives', async () => {
    const reader = new RunReader(runDir);
    expect(reader.update()).toBe(false);
    expect(() => reader.data).toThrow(RunDirectoryError);
    const follow = {
      onEvent: ({ type }: { type: string }) => {
        if (type !== 'iteration_started') return;
        reader.update();
        if (reader.data.candidates.length > 0) expect(reader.data.state).toBe('running');
      },
    };
    await optimize(modelRun({ ...follow, maxIterations: 2 }));
    expect(reader.update()).toBe(true);
    expect(reader.data.state).toBe('ended');
    await optimize(modelRun({ ...follow, maxIterations: 5 }));
    reader.update();
    expect(reader.data).toEqual(readRun(runDir));
    expect(reader.update()).toBe(false);
  });

  it('a last line that is cut off is read once it is whole, and without an end the run is interrupted', async () => {
    await optimize(modelRun());
    const whole = readFileSync(path('journal.jsonl'));
    truncateSync(path('journal.jsonl'), whole.length - 10);
    const reader = new RunReader(runDir);
    reader.update();
    expect(reader.data.state).toBe('interrupted');
    appendFileSync(path('journal.jsonl'), whole.subarray(whole.length - 10));
    expect(reader.update()).toBe(true);
    expect(reader.data.state).toBe('ended');
  });

  it('damaged lines are left out, with a warning', async () => {
    await optimize(modelRun());
    const { rollouts } = readRun(runDir);
    const lines = readFileSync(path('journal.jsonl'), 'utf8').split('\n');
    const broken = lines.findIndex((line) => line.startsWith('{"type":"rollout"'));
    lines[broken] = lines[broken]!.slice(0, 20);
    writeFileSync(path('journal.jsonl'), lines.join('\n'));
    const run = readRun(runDir);
    expect(run.rollouts).toHaveLength(rollouts.length - 1);
    expect(run.warnings.at(-1)).toContain('1 damaged line');
  });
});

it('a directory of version 3 has the same candidates, proposals and rollouts, and the ids of the examples', async () => {
  await optimize(modelRun());
  const now = readRun(runDir);
  writeVersion3(runDir);
  const old: RunData = readRun(runDir);
  expect(old.candidates).toEqual(now.candidates);
  expect(old.proposals).toEqual(now.proposals.map((proposal) => ({ ...proposal, minibatch: [] })));
  const plain = ({ rollouts }: RunData) => rollouts.map(({ detail: _, proposal, ...rollout }) => rollout);
  expect(plain(old)).toEqual(plain(now));
  const rejected = ({ rollouts }: RunData) =>
    rollouts.flatMap(({ candidate, proposal }) => (candidate === undefined ? [proposal] : []));
  expect(rejected(old)).toEqual(rejected(now));
  expect(old.examples.map(({ id }) => id)).toContain('valid-0');
  expect(old.valset).toEqual([]);
});
