import { type SpendByPhase, spendPhases } from '../budget/spend.ts';
import { noUsage } from '../budget/usage.ts';
import { recordOf } from '../component.ts';
import type { CandidateEvaluation, EvaluatedRollout, EvaluationData } from '../evaluate/evaluation.ts';
import type { CandidateData, RolloutData, RolloutDetail, RunData } from '../run-data/run-data.ts';
import type { ReportSource } from './details.ts';

/** Converts the result of `evaluate`. Inputs and traces are missing: only the run directory has them. */
export function sourceOfEvaluation(report: EvaluationData): ReportSource {
  const candidates = Object.values<CandidateEvaluation>(report.candidates);
  const details: RolloutDetail[] = [];
  const rollouts = candidates.flatMap((candidate, index) =>
    candidate.examples.flatMap((example, position) =>
      example.rollouts.map((rollout): RolloutData => {
        details.push(detailOf(example.exampleId, rollout));
        return rolloutOf(rollout, { candidate: index, example: position, number: details.length - 1 });
      }),
    ),
  );
  return {
    data: { ...runOf(report, candidates), rollouts },
    isPartial: true,
    rollout: ({ offset }) => details[offset]!,
    reflection: () => {
      throw new Error('An evaluation has no reflections.');
    },
  };
}

function detailOf(exampleId: string, rollout: EvaluatedRollout): RolloutDetail {
  const { durationMs: _, failedIn: __, ...detail } = rollout;
  return { exampleId, ...detail };
}

/** A rollout whose details are found by its number. */
function rolloutOf(
  { score, error, failedIn, durationMs }: EvaluatedRollout,
  { candidate, example, number }: Readonly<Record<'candidate' | 'example' | 'number', number>>,
): RolloutData {
  return {
    example,
    candidate,
    phase: 'testset',
    iteration: 0,
    score,
    error,
    failedIn,
    at: 0,
    durationMs,
    detail: { offset: number, length: 0 },
  };
}

function runOf(
  { runId, durationMs, metricCalls, usage, stopReason = 'evaluated', warnings }: EvaluationData,
  candidates: readonly CandidateEvaluation[],
): Omit<RunData, 'rollouts'> {
  const now = Date.now();
  const examples = (candidates[0]?.examples ?? []).map(({ exampleId: id }, example) => ({ example, id }));
  const positions = examples.map(({ example }) => example);
  const nothing = { metricCalls: 0, usage: noUsage };
  const spent = { metricCalls, usage };
  return {
    kind: 'evaluation',
    runId,
    startedAt: now - durationMs,
    updatedAt: now,
    state: 'ended',
    stopReason,
    about: {
      components: Object.keys(candidates[0]?.texts ?? {}).map((name) => ({ name })),
      models: { task: [] },
      strategies: {},
      limits: {},
      versions: {},
      seed: 0,
    },
    examples,
    trainset: [],
    valset: positions,
    testset: [],
    candidates: candidates.map(candidateOf),
    proposals: [],
    reflections: [],
    bestIndex: 0,
    part: positions,
    pool: candidates.map((_, index) => index),
    frontier: { type: 'instance', keys: [], candidates: [] },
    iterations: 0,
    metricCalls,
    usage,
    spend: {
      ...recordOf(spendPhases, (phase) => (phase === 'testset' ? spent : nothing)),
      judge: nothing,
    } satisfies SpendByPhase,
    time: { ...recordOf(spendPhases, (phase) => (phase === 'testset' ? durationMs : 0)), other: 0 },
    durationMs,
    retries: 0,
    warnings,
  };
}

function candidateOf(candidate: CandidateEvaluation, index: number): CandidateData {
  const { name, texts, examples, failed, mean, scored, interval, usage, meanDurationMs } = candidate;
  const errors = examples.flatMap(({ rollouts }) => rollouts.flatMap(({ error }) => error ?? []));
  return {
    index,
    texts,
    parents: [],
    source: 'given',
    iteration: 0,
    at: 0,
    metricCalls: 0,
    scores: examples.map(({ score }) => score),
    failed: failed || undefined,
    error: errors[0],
    mean,
    coverage: scored,
    partMean: mean,
    evaluated: { name, interval, usage, meanDurationMs },
  };
}
