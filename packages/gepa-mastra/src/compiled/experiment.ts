import type { Dataset } from '@mastra/core/datasets';
import type { Mastra } from '@mastra/core/mastra';
import { type Candidate, GepaError, type OptimizationResult, OptionsError } from 'gepa-core';
import type { DatasetExample } from '../data/dataset.ts';
import { isAgent, type Program } from '../program/program.ts';
import { type ExperimentTarget, newExperiment } from './new-experiment.ts';
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
    readonly program: Program;
    /** The Mastra instance of the program. */
    readonly mastra: Mastra | undefined;
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
  const finalScores = isTest
    ? index === 0
      ? result.test!.seedScores
      : result.test!.bestScores
    : scored.scores;
  const foundCandidate = run.foundCandidate(scored.texts);
  const target: ExperimentTarget = {
    type: isAgent(run.program) ? 'agent' : 'workflow',
    id: run.program.id,
  };
  const experiment = await newExperiment(dataset, run.mastra, target, {
    name: name ?? `gepa ${result.runId}`,
    metadata: {
      gepa_run: result.runId,
      gepa_candidate: index,
      gepa_target: target,
      texts: scored.texts,
    },
  });
  for (const [position, example] of examples.entries()) {
    const score = finalScores[position];
    if (score === undefined || score === null) continue;
    const { output, error, traceId, scores = [] } = log.get(foundCandidate, example.itemId!) ?? {};
    // The score of the result is final; a rollout may have been scored again.
    const others = scores.filter(({ scorerId }) => scorerId !== 'gepa');
    const reason = scores.find(({ scorerId }) => scorerId === 'gepa')?.reason;
    await experiment.add({
      itemId: example.itemId!,
      input: example.input,
      groundTruth: example.expected,
      output,
      error: error === undefined ? undefined : { message: error },
      traceId,
      scores: [{ scorerId: 'gepa', score, reason }, ...others],
    });
  }
  await dataset.finalizeExperiment({ experimentId: experiment.experimentId });
  return { experimentId: experiment.experimentId };
}
