import { OptionsError, type ProgramExample } from 'gepa-core';

const needsGroundTruth = Symbol('gepa.needsGroundTruth');

/** Marks a metric that needs `expected` in every example. */
export function requireGroundTruth<Metric extends object>(metric: Metric): Metric {
  return Object.assign(metric, { [needsGroundTruth]: true });
}

/** @throws {OptionsError} when the metric needs `expected` and an example has none. */
export function checkGroundTruth(options: {
  readonly metric: unknown;
  /** Those of an evaluation. */
  readonly examples?: readonly ProgramExample[];
  readonly trainset?: readonly ProgramExample[];
  readonly valset?: readonly ProgramExample[];
  readonly testset?: readonly ProgramExample[];
}): void {
  const { metric } = options as { metric: { [needsGroundTruth]?: boolean } | undefined };
  if (!metric?.[needsGroundTruth]) return;
  const problems = (['examples', 'trainset', 'valset', 'testset'] as const).flatMap((set) => {
    const examples = options[set] ?? [];
    const incomplete = examples.filter((example) => example?.expected === undefined).length;
    return incomplete === 0
      ? []
      : [
          `${incomplete} of the ${examples.length} examples${set === 'examples' ? '' : ` of the ${set}`} have no \`expected\`, which a scorer needs as ground truth.`,
        ];
  });
  if (problems.length > 0) throw new OptionsError(problems);
}
