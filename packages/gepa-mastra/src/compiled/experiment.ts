import type { Dataset } from '@mastra/core/datasets';
import { type Candidate, GepaError, type OptimizationResult, OptionsError } from 'gepa-core';
import type { DatasetExample } from '../data/dataset.ts';
import type { RolloutLog } from './rollout-log.ts';

export interface ExperimentOptions {
  /** Default: `gepa` and the id of the run. */
  readonly name?: string;
  /** Which candidate's scores to record. Default `'best'`. */
  readonly candidate?: 'best' | 'seed';
}

/**
 * Records the scores of a run as an experiment on the dataset of its examples: the testset, or the valset without one.
 *
 * @throws {OptionsError} when the examples are not from a dataset.
 * @throws {GepaError} when this version of Mastra cannot record experiments.
 */
export async function recordExperiment(
  dataset: Dataset,
  run: {
    readonly result: OptimizationResult;
    readonly testset: readonly object[] | undefined;
    readonly valset: readonly object[];
    readonly log: RolloutLog;
    /** A candidate of `result` under the component names that `log` uses. */
    readonly foundCandidate: (candidate: Candidate) => Candidate;
  },
  { name, candidate = 'best' }: ExperimentOptions = {},
): Promise<{ readonly experimentId: string }> {
  const { result, log } = run;
  if (typeof dataset.createExperiment !== 'function') {
    throw new GepaError(
      'This version of @mastra/core cannot record experiments; upgrade it to 1.64 or newer.',
    );
  }
  const isTest = result.test !== undefined && run.testset !== undefined;
  const examples = (isTest ? run.testset : run.valset) as readonly Partial<DatasetExample>[];
  if (examples.some(({ itemId }) => itemId === undefined)) {
    throw new OptionsError([
      `The ${isTest ? 'testset' : 'valset'} contains examples that are not from a dataset; read it with fromDataset().`,
    ]);
  }
  const index = candidate === 'best' ? result.bestIndex : 0;
  const scored = result.candidates[index]!;
  const scores = isTest
    ? candidate === 'best'
      ? result.test!.bestScores
      : result.test!.seedScores
    : scored.scores;
  const foundCandidate = run.foundCandidate(scored.texts);
  const { experimentId } = await dataset.createExperiment({
    name: name ?? `gepa ${result.runId}`,
    metadata: { gepa_run: result.runId, gepa_candidate: index, texts: scored.texts },
  });
  for (const [position, example] of examples.entries()) {
    const score = scores[position];
    if (score === undefined || score === null) continue;
    const { output, error, traceId } = log.get(foundCandidate, example.itemId!) ?? {};
    await dataset.submitExperimentResult({
      experimentId,
      itemId: example.itemId!,
      input: example.input,
      groundTruth: example.expected,
      ...(output === undefined ? {} : { output }),
      ...(error === undefined ? {} : { error: { message: error } }),
      ...(traceId === undefined ? {} : { traceId }),
      scores: [{ scorerId: 'gepa', score }],
    });
  }
  await dataset.finalizeExperiment({ experimentId });
  return { experimentId };
}
