import type { Dataset } from '@mastra/core/datasets';
import {
  type Candidate,
  GepaError,
  type OptimizationResult,
  OptionsError,
  RolloutError,
  type Step,
} from 'gepa-core';
import type { DatasetExample } from '../data/dataset.ts';
import { detailsOf } from '../trace/rollout-details.ts';

/** What came of a rollout. */
interface Outcome {
  readonly output?: unknown;
  readonly error?: string;
  readonly traceId?: string;
}

/** Keeps what came of every rollout, by candidate and example. */
export class RolloutLog {
  readonly #outcomes = new Map<string, Map<unknown, Outcome>>();

  finished(
    candidate: Candidate,
    example: unknown,
    output: unknown,
    trace: readonly Step[] | undefined,
  ): void {
    this.#add(candidate, example, { output, ...traceIdOf(trace) });
  }

  failed(candidate: Candidate, example: unknown, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const trace = RolloutError.isInstance(error) ? (error.trace as readonly Step[] | undefined) : undefined;
    this.#add(candidate, example, { error: message, ...traceIdOf(trace) });
  }

  of(candidate: Candidate, example: unknown): Outcome | undefined {
    return this.#outcomes.get(keyOf(candidate))?.get(example);
  }

  #add(candidate: Candidate, example: unknown, outcome: Outcome): void {
    const key = keyOf(candidate);
    const known = this.#outcomes.get(key) ?? new Map<unknown, Outcome>();
    this.#outcomes.set(key, known.set(example, outcome));
  }
}

export interface ExperimentOptions {
  /** Default: `gepa` with the run's id. */
  readonly name?: string;
  /** Which of the two to record. Default `'best'`. */
  readonly candidate?: 'best' | 'seed';
}

/**
 * Writes the scores of a run as an experiment on the dataset its examples came from: those of the testset, or of the
 * valset where there was none.
 *
 * @throws {OptionsError} when the examples did not come from a dataset.
 * @throws {GepaError} when this version of Mastra has no experiments to record in.
 */
export async function recordExperiment(
  dataset: Dataset,
  run: {
    readonly result: OptimizationResult;
    readonly testset: readonly object[] | undefined;
    readonly valset: readonly object[];
    readonly log: RolloutLog;
    /** A candidate under the names the log knows. */
    readonly foundTexts: (candidate: Candidate) => Candidate;
  },
  { name, candidate = 'best' }: ExperimentOptions = {},
): Promise<{ readonly experimentId: string }> {
  const { result, log } = run;
  if (typeof dataset.createExperiment !== 'function') {
    throw new GepaError(
      'This version of @mastra/core cannot record experiments of others; upgrade it to 1.64 or newer.',
    );
  }
  const isTest = result.test !== undefined && run.testset !== undefined;
  const examples = (isTest ? run.testset : run.valset) as readonly Partial<DatasetExample>[];
  if (examples.some(({ itemId }) => itemId === undefined)) {
    throw new OptionsError([
      `The ${isTest ? 'testset' : 'valset'} holds examples that are no items of a dataset: make it with fromDataset().`,
    ]);
  }
  const index = candidate === 'best' ? result.bestIndex : 0;
  const scored = result.candidates[index]!;
  const scores = isTest
    ? candidate === 'best'
      ? result.test!.bestScores
      : result.test!.seedScores
    : scored.scores;
  const texts = run.foundTexts(scored.texts);
  const { experimentId } = await dataset.createExperiment({
    name: name ?? `gepa ${result.runId}`,
    metadata: { gepa_run: result.runId, gepa_candidate: index, texts: scored.texts },
  });
  for (const [position, example] of examples.entries()) {
    const score = scores[position];
    if (score === undefined || score === null) continue;
    const { output, error, traceId } = log.of(texts, example) ?? {};
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

function keyOf(candidate: Candidate): string {
  return JSON.stringify(Object.entries(candidate).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function traceIdOf(trace: readonly Step[] | undefined): { traceId?: string } {
  const traceId = detailsOf(trace)?.span?.externalTraceId;
  return traceId === undefined ? {} : { traceId };
}
