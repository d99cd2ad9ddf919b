import type { Adapter } from '../adapter/adapter.ts';
import { type Candidate, recordOf } from '../component.ts';
import { GepaError } from '../errors.ts';
import { dataFingerprint } from '../journal/fingerprint.ts';
import type { LanguageModel } from '../language-model.ts';
import type { OptimizationResult } from '../result.ts';
import { originalText } from '../saved/originals.ts';
import type { Provenance, SavedCandidate } from '../saved/saved-candidate.ts';
import { savedFrom } from '../saved/saved-from.ts';
import { bootstrapInterval } from '../statistics/bootstrap.ts';
import { VERSION } from '../version.ts';

/** The inputs of a run that a saved candidate records. */
export interface RunInputs {
  readonly adapter: Pick<Adapter<never, unknown, unknown>, 'models' | 'versions'>;
  readonly reflectionModel?: LanguageModel;
  readonly trainset: readonly unknown[];
  readonly valset?: readonly unknown[];
  readonly testset?: readonly unknown[];
}

/** A candidate of a run in the form of a saved file, with the texts in code and its provenance. */
export function savedResult<Name extends string>(
  seed: Candidate<Name>,
  result: OptimizationResult<Name>,
  inputs: RunInputs,
  { date, index }: { readonly date: string; readonly index: number },
): SavedCandidate {
  const { seedScore, bestScore, seedScoredOn } = result;
  const score = seedScoredOn.examples === 0 ? undefined : { seed: seedScore, best: bestScore };
  const original = recordOf(Object.keys(seed) as Name[], (name) => originalText(name, seed[name]));
  const isLoaded = Object.keys(seed).some((name) => original[name as Name] !== seed[name as Name]);
  return {
    ...savedFrom({ ...result, seed: original, score }, index),
    ...(isLoaded ? { seed: { ...seed } } : {}),
    provenance: provenanceOf(result, inputs, { date, index }),
  };
}

function provenanceOf(
  { runId, bestIndex, candidates, scoredOn, seedScoredOn, totalMetricCalls }: OptimizationResult,
  { adapter, reflectionModel, trainset, valset = trainset, testset = [] }: RunInputs,
  { date, index }: { readonly date: string; readonly index: number },
): Provenance {
  const saved = candidates[index];
  const { examples, positions } = index === bestIndex ? scoredOn : seedScoredOn;
  const scores = positions.flatMap((position) => saved?.scores[position] ?? []);
  const [low, high] = bootstrapInterval(scores);
  const sets = { trainset, valset, testset };
  return {
    date,
    runId,
    packages: { 'gepa-core': VERSION, ...adapter.versions },
    models: {
      task: [...(adapter.models ?? [])],
      ...(reflectionModel?.modelName === undefined ? {} : { reflection: reflectionModel.modelName }),
    },
    data: recordOf(Object.keys(sets) as (keyof typeof sets)[], (set) => digestOf(sets[set])),
    candidate: index,
    parents: [...(saved?.parents ?? [])],
    ...(scores.length === 0 ? {} : { validation: { examples, interval: [low, high] } }),
    metricCalls: totalMetricCalls,
  };
}

function digestOf(examples: readonly unknown[]): Provenance['data'][string] {
  try {
    const { size, digest } = dataFingerprint(examples);
    return { size, digest };
  } catch (error) {
    // A runtime without `node:crypto`.
    if (GepaError.isInstance(error)) return { size: examples.length };
    throw error;
  }
}
