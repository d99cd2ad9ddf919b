import type { Adapter } from '../adapter/adapter.ts';
import { type Candidate, recordOf } from '../component.ts';
import { GepaError } from '../errors.ts';
import { dataFingerprint } from '../journal/fingerprint.ts';
import type { LanguageModel } from '../language-model.ts';
import type { OptimizationResult } from '../result.ts';
import { bootstrapInterval } from '../search/bootstrap.ts';
import { VERSION } from '../version.ts';
import { originalText } from './originals.ts';
import { type Provenance, type SavedCandidate, savedCandidate } from './saved-candidate.ts';

/** What a run was given, as far as a saved candidate tells of it. */
export interface RunInputs {
  readonly adapter: Pick<Adapter<never, unknown, unknown>, 'models'>;
  readonly reflectionModel?: LanguageModel;
  readonly trainset: readonly unknown[];
  readonly valset?: readonly unknown[];
  readonly testset?: readonly unknown[];
}

/** The best candidate of a run as it is saved, with what it stands for in code and where it comes from. */
export function savedResult<Name extends string>(
  seed: Candidate<Name>,
  result: OptimizationResult<Name>,
  inputs: RunInputs,
  date: string,
): SavedCandidate {
  const { seedScore, bestScore, recommendedIndex, recommendedCandidate, test } = result;
  const isSeed = recommendedIndex === 0;
  const original = recordOf(Object.keys(seed) as Name[], (name) => originalText(name, seed[name]));
  const isLoaded = Object.keys(seed).some((name) => original[name as Name] !== seed[name as Name]);
  return savedCandidate({
    texts: { ...recommendedCandidate },
    original,
    ...(isLoaded ? { seed: { ...seed } } : {}),
    scores: {
      validation: { seed: seedScore, best: isSeed ? seedScore : bestScore },
      ...(test === undefined
        ? {}
        : {
            test: {
              size: test.size,
              seed: test.seedScore,
              best: isSeed ? test.seedScore : test.bestScore,
              interval: isSeed ? [0, 0] : [test.interval[0], test.interval[1]],
            },
          }),
    },
    provenance: provenanceOf(result, inputs, date),
  });
}

function provenanceOf(
  { runId, recommendedIndex, candidates, scoredOn, seedScoredOn, totalMetricCalls }: OptimizationResult,
  { adapter, reflectionModel, trainset, valset = trainset, testset = [] }: RunInputs,
  date: string,
): Provenance {
  const saved = candidates.find(({ index }) => index === recommendedIndex);
  const { examples, positions } = recommendedIndex === 0 ? seedScoredOn : scoredOn;
  const [low, high] = bootstrapInterval(positions.flatMap((position) => saved?.scores[position] ?? []));
  const sets = { trainset, valset, testset };
  return {
    date,
    runId,
    package: `gepa-core ${VERSION}`,
    models: {
      task: [...(adapter.models ?? [])],
      ...(reflectionModel?.modelName === undefined ? {} : { reflection: reflectionModel.modelName }),
    },
    data: recordOf(Object.keys(sets) as (keyof typeof sets)[], (set) => digestOf(sets[set])),
    candidate: recommendedIndex,
    parents: [...(saved?.parents ?? [])],
    validation: { examples, interval: [low, high] },
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
