import type { Dataset } from '@mastra/core/datasets';
import type { Mastra } from '@mastra/core/mastra';

/** The program that an experiment evaluates. */
export interface ExperimentTarget {
  readonly type: 'agent' | 'workflow';
  readonly id: string;
}

type Result = Omit<Parameters<Dataset['submitExperimentResult']>[0], 'experimentId'>;

/** An experiment that is being recorded. */
export interface NewExperiment {
  readonly experimentId: string;
  add(result: Result): Promise<unknown>;
}

/**
 * Creates an experiment with a target, as Mastra does for its own. `Dataset` accepts results only for experiments without a
 * target, so that the results are written to the storage directly. The experiment has no target if the dataset's
 * instance does not know the program, or uses another storage.
 */
export async function newExperiment(
  dataset: Dataset,
  mastra: Mastra | undefined,
  target: ExperimentTarget,
  options: { readonly name: string; readonly metadata: Record<string, unknown> },
): Promise<NewExperiment> {
  return (
    (await experimentWithTarget(dataset, mastra, target, options)) ??
    withoutTarget(dataset, (await dataset.createExperiment(options)).experimentId)
  );
}

function withoutTarget(dataset: Dataset, experimentId: string): NewExperiment {
  return { experimentId, add: (result) => dataset.submitExperimentResult({ ...result, experimentId }) };
}

async function experimentWithTarget(
  dataset: Dataset,
  mastra: Mastra | undefined,
  target: ExperimentTarget,
  options: { readonly name: string; readonly metadata: Record<string, unknown> },
): Promise<NewExperiment | undefined> {
  const storage = mastra?.getStorage();
  const experiments = await storage?.getStore('experiments');
  const scoresStore = await storage?.getStore('scores');
  if (experiments?.upsertExperimentResult === undefined || scoresStore === undefined) return undefined;
  const created = await dataset
    .createExperiment({ ...options, targetType: target.type, targetId: target.id })
    .catch((error: { readonly id?: unknown }) => {
      // The program is not registered in the dataset's instance.
      if (error.id === 'EXPERIMENT_TARGET_NOT_FOUND') return undefined;
      throw error;
    });
  if (created === undefined) return undefined;
  const { experimentId } = created;
  const experiment = await experiments.getExperimentById({ id: experimentId });
  if (experiment === null) {
    await dataset.deleteExperiment({ experimentId });
    return undefined;
  }
  const { datasetVersion, organizationId = null, projectId = null } = experiment;
  return {
    experimentId,
    async add({ itemId, scores = [], ...result }) {
      const now = new Date();
      const { input, output = null, traceId } = result;
      await experiments.upsertExperimentResult({
        experimentId,
        itemId,
        attempt: 0,
        itemDatasetVersion: datasetVersion,
        input,
        output,
        groundTruth: result.groundTruth ?? null,
        error: result.error ?? null,
        startedAt: now,
        completedAt: now,
        retryCount: 0,
        traceId: traceId ?? null,
        organizationId,
        projectId,
      });
      for (const { scorerId, score, reason } of scores) {
        await scoresStore.saveScore({
          id: `expscore:${experimentId}:${itemId}:0:${scorerId}`,
          scorerId,
          score,
          reason,
          input,
          output,
          entityType: target.type === 'agent' ? 'AGENT' : 'WORKFLOW',
          entityId: itemId,
          source: 'TEST',
          runId: experimentId,
          traceId,
          scorer: { id: scorerId, name: scorerId, description: '', hasJudge: false },
          entity: { id: target.id, name: target.id },
        });
      }
    },
  };
}
