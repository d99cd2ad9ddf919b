import { OptionsError, type ProgramExample } from 'gepa-core';

const needsGroundTruth = Symbol('gepa.needsGroundTruth');

/** Marks a metric of scorers, and whether it needs `expected` in every example. */
export function requireGroundTruth<Metric extends object>(metric: Metric, isRequired: boolean): Metric {
  return Object.assign(metric, { [needsGroundTruth]: isRequired });
}

/**
 * @throws {OptionsError} when the metric needs `expected` and an example has none, or an example has the ground truth of
 *   scorers under the name that it has in `runEvals`.
 */
export function checkGroundTruth(options: {
  readonly metric: unknown;
  /** The examples of an evaluation. */
  readonly examples?: readonly ProgramExample[];
  readonly trainset?: readonly ProgramExample[];
  readonly valset?: readonly ProgramExample[];
  readonly testset?: readonly ProgramExample[];
}): void {
  const { metric } = options as { metric: { [needsGroundTruth]?: boolean } | undefined };
  const isRequired = metric?.[needsGroundTruth];
  if (isRequired === undefined) return;
  const problems = (['examples', 'trainset', 'valset', 'testset'] as const).flatMap((set) => {
    const examples = options[set] ?? [];
    const incomplete = examples.filter((example) => example?.expected === undefined);
    if (incomplete.some((example) => Object.hasOwn(example ?? {}, 'groundTruth'))) {
      return [
        `${set === 'examples' ? 'Some of the examples have' : `The ${set} has examples with`} \`groundTruth\`: name it \`expected\`.`,
      ];
    }
    return incomplete.length === 0 || !isRequired
      ? []
      : [
          `${incomplete.length} of the ${examples.length} examples${set === 'examples' ? '' : ` of the ${set}`} have no \`expected\`, which a scorer needs as ground truth.`,
        ];
  });
  if (problems.length > 0) throw new OptionsError(problems);
}
