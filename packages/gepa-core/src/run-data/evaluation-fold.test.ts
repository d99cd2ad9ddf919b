import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate/evaluate.ts';
import type { CandidateEvaluation } from '../evaluate/evaluation.ts';
import { comparedOf } from '../report-file/compared.ts';
import { compareEvaluations } from '../statistics/compare.ts';
import { readRun } from './read-run.ts';
import type { RunData } from './run-data.ts';

let root: string;
let runDir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-evaluated-'));
  runDir = join(root, 'run');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Word {
  readonly id?: string;
  readonly input: string;
  readonly expected: string;
}

const words: readonly Word[] = [...'abcdefghi'].map((input) => ({
  input,
  expected: input.toUpperCase(),
}));

/** A program that writes capitals if its text asks for it; `d` fails; the answers to `e` change from run to run. */
function options(changes: object = {}) {
  let answers = 0;
  return {
    seedCandidate: { prompt: 'Answer.' },
    run: (candidate: { readonly prompt: string }, { input }: Word) => {
      if (input === 'd') throw new Error('no rule for d');
      const isRight = candidate.prompt.includes('capitals') && (input !== 'e' || answers++ % 2 === 0);
      return {
        output: isRight ? input.toUpperCase() : input,
        usage: { modelCalls: 1, inputTokens: 10, outputTokens: candidate.prompt.length, costUsd: 0.25 },
      };
    },
    examples: words,
    metric: ({ output, example }: { output: string; example: Word }) => ({
      score: output === example.expected,
    }),
    concurrency: 1,
    runDir,
    ...changes,
  };
}

const capitals = { prompt: 'Answer in capitals.' };

/** A candidate from the directory, in the form of the report. */
const ofDirectory = (run: RunData, index: number) =>
  comparedOf(run, run.candidates[index]!, run.candidates[index]!.scores);

function expectSame(run: RunData, index: number, candidate: CandidateEvaluation): void {
  const { texts: _, examples, objectives: __, ...known } = candidate;
  expect(ofDirectory(run, index)).toEqual({
    ...known,
    examples: examples.map(({ exampleId, score }) => ({ exampleId, score })),
  });
}

describe('the directory of an evaluation', () => {
  it('the directory of an evaluation has the same names, texts, scores, intervals, failures, usage and time as the report', async () => {
    const report = await evaluate(
      options({ candidates: { production: 'seed', new: capitals }, repeats: 3 }) as never,
    );
    const run = readRun(runDir);
    expect(run).toMatchObject({ kind: 'evaluation', runId: report.runId, stopReason: 'evaluated' });
    const evaluations: readonly CandidateEvaluation[] = Object.values(report.candidates);
    expect(evaluations.map(({ name }) => name)).toEqual(['production', 'new']);
    for (const [index, candidate] of evaluations.entries()) {
      expectSame(run, index, candidate);
      expect(run.candidates[index]!.texts).toEqual(candidate.texts);
    }
    expect(run.rollouts.filter(({ candidate }) => candidate === 1)).toHaveLength(27);
    const [before, after] = evaluations;
    expect(compareEvaluations(ofDirectory(run, 0), ofDirectory(run, 1))).toEqual(
      compareEvaluations(before!, after!),
    );
  });

  it('the directory of an evaluation has the candidates of the last call, also if that call names known texts in another order', async () => {
    await evaluate(options({ candidates: { old: { prompt: 'Old.' }, production: 'seed' } }) as never);
    const report = await evaluate(
      options({ candidates: { new: capitals, production: 'seed', same: 'seed' } }) as never,
    );
    const run = readRun(runDir);
    expect(run.candidates.map(({ evaluated }) => evaluated!.name)).toEqual(['new', 'production', 'same']);
    const evaluations: readonly CandidateEvaluation[] = Object.values(report.candidates);
    for (const [index, candidate] of evaluations.entries()) expectSame(run, index, candidate);
    expect([...new Set(run.rollouts.map(({ candidate }) => candidate))]).toEqual([0, 1, 2]);
  });

  it('the directory of an evaluation that ended early has gaps for examples without a score', async () => {
    const report = await evaluate(
      options({
        candidates: { production: 'seed', new: capitals },
        maxCostUsd: 1.5,
        reserve: { rollout: { costUsd: 0.25 } },
      }) as never,
    );
    const run = readRun(runDir);
    expect(report.stopReason).toBe('maxCostUsd');
    expect(run.stopReason).toBe('maxCostUsd');
    const evaluations: readonly CandidateEvaluation[] = Object.values(report.candidates);
    for (const [index, candidate] of evaluations.entries()) expectSame(run, index, candidate);
    expect(run.candidates[1]!.scores).toContain(null);
  });

  it('the directory of an evaluation has a score for each position of an example that occurs twice', async () => {
    const twice = [...words, words[0]];
    const { candidates } = await evaluate(
      options({ candidates: { new: capitals }, examples: twice }) as never,
    );
    const [known]: readonly CandidateEvaluation[] = Object.values(candidates);
    expect(readRun(runDir).candidates[0]!.scores).toEqual(known!.examples.map(({ score }) => score));
  });

  it('the directory of a search is not that of an evaluation', async () => {
    const { optimize } = await import('../optimize.ts');
    const { tokenRun } = await import('../testing/fixtures/token-run.ts');
    await optimize(tokenRun({ maxMetricCalls: 60, runDir }).options);
    expect(readRun(runDir).kind).toBe('search');
  });
});
