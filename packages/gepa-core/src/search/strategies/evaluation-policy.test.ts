import { describe, expect, it } from 'vitest';
import { optimize } from '../../optimize.ts';
import { searchViewOf } from '../../testing/fixtures/search-view.ts';
import { tokenExamples, tokenRun } from '../../testing/fixtures/token-run.ts';
import { scoredCandidate } from '../state/scored-candidate.ts';
import { bestByMean, type EvaluationPolicy, stagedEvaluation } from './evaluation-policy.ts';

const valset = tokenExamples('valid', 20);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const scored = (index: number, scores: readonly (number | null)[]) =>
  scoredCandidate({
    index,
    texts: { prompt: `${index}` },
    parents: [],
    source: 'reflection',
    iteration: index,
    scores,
    metricCalls: 0,
  });

describe('stagedEvaluation', () => {
  const staged = () =>
    tokenRun({
      valset,
      valEvaluationPolicy: stagedEvaluation({ firstPart: 0.25, margin: 0 }),
      acceptanceCriterion: () => true,
      maxIterations: 25,
      maxMetricCalls: 2_000,
    });

  it('stagedEvaluation scores a part of the valset first and the rest only for competitive candidates', async () => {
    const run = staged();
    const result = await optimize(run.options);
    const coverages = new Set(result.candidates.map(({ coverage }) => coverage));
    expect(coverages).toEqual(new Set([5, 20]));
    expect(result.candidates[0]!.coverage).toBe(20);
    for (const { coverage, scores } of result.candidates) {
      const scored = [...scores.keys()].filter((position) => scores[position] !== null);
      if (coverage === 5) expect(scored).toEqual([0, 4, 8, 12, 16]);
    }
  });

  it('metricCallsSaved counts the metric calls that a full evaluation would have made', async () => {
    const run = staged();
    const result = await optimize(run.options);
    const unmeasured = result.candidates.reduce((sum, { coverage }) => sum + 20 - coverage, 0);
    expect(unmeasured).toBeGreaterThan(0);
    expect(result.metricCallsSaved).toBe(unmeasured);
    expect(result.totalMetricCalls).toBe(run.begun.size);
    expect((await optimize(tokenRun({ maxIterations: 5 }).options)).metricCallsSaved).toBe(0);
  });

  it('metricCallsSaved does not count valset examples that were scored in a minibatch', async () => {
    const run = tokenRun({
      trainset: valset,
      valset,
      valEvaluationPolicy: stagedEvaluation({ firstPart: 0.1, margin: -1 }),
      acceptanceCriterion: () => true,
      maxIterations: 1,
    });
    const result = await optimize(run.options);
    const [, child] = result.candidates;
    expect(child!.coverage).toBe(2);
    const pairs = [...run.begun.keys()].filter((pair) => pair.includes(JSON.stringify(child!.texts)));
    expect(result.metricCallsSaved).toBe(20 - pairs.length);
    expect(pairs.length).toBeGreaterThan(2);
  });

  it('stagedEvaluation gives correct means, best candidate and frontier', async () => {
    const result = await optimize(staged().options);
    for (const { mean: ours, scores } of result.candidates) {
      expect(ours).toBeCloseTo(mean(scores.filter((score) => score !== null)), 12);
    }
    const complete = result.candidates.filter(({ coverage }) => coverage === 20);
    expect(result.bestScore).toBe(Math.max(...complete.map((candidate) => candidate.mean)));
    expect(result.candidates[result.bestIndex]!.coverage).toBe(20);
    result.frontier.keys.forEach(({ score, candidates, example }) => {
      const here = result.candidates.map(({ scores, coverage }) =>
        coverage === 20 ? scores[example!]! : Number.NEGATIVE_INFINITY,
      );
      expect(score).toBe(Math.max(...here));
      expect(candidates).toEqual([...here.keys()].filter((index) => here[index] === score));
    });
  });
});

it("stagedEvaluation compares with the best candidate's mean on the same part, not on the whole valset", () => {
  const pool = [scored(0, [0, 1, 0, 1])];
  const search = searchViewOf(pool);
  const { next } = stagedEvaluation({ firstPart: 0.5, margin: 0.05 });
  expect(next({ scores: [null, null, null, null], search })).toEqual([0, 2]);
  expect(next({ scores: [0, null, 0, null], search })).toEqual([1, 3]);
  expect(next({ scores: [0, null, -0.2, null], search })).toEqual([]);
});

it('bestByMean prefers the highest mean, then the most scored examples, then the lowest index', () => {
  const pool = [
    scored(0, [0.5, 0.5, 0.5, 0.5]),
    scored(1, [null, null, 0.75, null]),
    scored(2, [0.5, 1, null, null]),
    scored(3, [null, null, 1, 0.5]),
  ];
  expect(bestByMean(pool)).toBe(2);
});

it('a custom evaluation policy is called after each part until it returns no positions', async () => {
  const parts: (number | null)[][] = [];
  const policy: EvaluationPolicy = {
    next({ scores, search }) {
      parts.push([...scores]);
      expect(search.candidates).toHaveLength(1);
      const known = scores.filter((score) => score !== null).length;
      return known < 4 ? [known, known + 1, known] : [0, 1];
    },
  };
  const run = tokenRun({ valEvaluationPolicy: policy, acceptanceCriterion: () => true, maxIterations: 1 });
  const result = await optimize(run.options);
  expect(parts.map((scores) => scores.filter((score) => score !== null).length)).toEqual([0, 2, 4]);
  expect(result.candidates[1]).toMatchObject({ coverage: 4 });
  expect(result.candidates[1]!.scores.slice(4)).toEqual([null, null, null, null]);
});

it('a custom evaluation policy selects the best candidate', async () => {
  const run = tokenRun({
    maxIterations: 6,
    valEvaluationPolicy: {
      next: ({ scores }) => (scores[0] === null ? [...scores.keys()] : []),
      best: (pool) => pool.length - 1,
    },
  });
  const result = await optimize(run.options);
  expect(result.candidates.length).toBeGreaterThan(1);
  expect(result.bestIndex).toBe(result.candidates.length - 1);
});

it('a candidate without valset scores is not added, and a run that only finds such candidates ends', async () => {
  const run = tokenRun({
    valEvaluationPolicy: { next: () => [] },
    acceptanceCriterion: () => true,
    maxMetricCalls: 5_000,
  });
  const result = await optimize(run.options);
  expect(result.candidates).toHaveLength(1);
  expect(result.stopReason).toBe('noNewProposals');
});
