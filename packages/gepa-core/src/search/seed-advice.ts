import type { AnyRollout } from '../adapter/any.ts';
import { MetricError } from '../errors.ts';
import { countOf, formatScore } from '../text/format.ts';
import { shorten } from '../text/shorten.ts';

/*
 * Warnings about a run, from the scores of the seed, before the first reflection. Each check returns one warning or nothing.
 */

/** The seed on a part of the valset. */
export interface SeedScores {
  readonly rollouts: readonly AnyRollout[];
  readonly valsetSize: number;
  readonly minibatchSize: number;
  readonly failureScore: number;
  /** Undefined where no score counts as perfect. */
  readonly perfectScore: number | undefined;
  /** Whether `perfectScore` was given, and is not just the default. */
  readonly isScaleGiven: boolean;
  /** See `isTrial`. */
  readonly isTrial: boolean;
  /** Whether there is a testset. */
  readonly isTested: boolean;
}

/** The warnings for a seed, the most important first. */
export function seedAdvice(seed: SeedScores): string[] {
  // A program or metric that fails everywhere has an error or a warning of its own.
  if (seed.rollouts.length === 0 || seed.rollouts.every(({ error }) => error !== undefined)) return [];
  const checks = [allPerfect, sameFailure, failuresScoreBetter, noisyMetric];
  // A trial run is not made to find a gain.
  const chances = seed.isTrial ? [] : [noVariance, seldomAFailure, fewExamples];
  return [...checks, ...chances].flatMap((check) => check(seed) ?? []);
}

/** A run with fewer metric calls or iterations is a trial run. */
const LEAST = { metricCalls: 100, iterations: 20 };

/** Whether a run is so short that it must be a trial run, which needs no advice about its chances. */
export function isTrial(limits: {
  readonly maxMetricCalls?: number;
  readonly maxIterations?: number;
}): boolean {
  const { maxMetricCalls = LEAST.metricCalls, maxIterations = LEAST.iterations } = limits;
  return maxMetricCalls < LEAST.metricCalls || maxIterations < LEAST.iterations;
}

const METRIC_REPEATS = 3;

/**
 * The number of the seed's outputs that the metric scores twice. 0 with a limit on dollars or tokens, which reserves one
 * call of the metric for each rollout, and in trial runs.
 */
export function metricRepeats(limits: {
  readonly maxMetricCalls?: number;
  readonly maxIterations?: number;
  readonly maxCostUsd?: number;
  readonly maxTokens?: number;
}): number {
  const limitsSpend = limits.maxCostUsd !== undefined || limits.maxTokens !== undefined;
  return limitsSpend || isTrial(limits) ? 0 : METRIC_REPEATS;
}

/** Whether a score is above the perfect score by more than rounding errors. */
const exceeds = (score: number, perfectScore: number) => score > perfectScore + 1e-6 * Math.abs(perfectScore);

/**
 * Refuses a score above `perfectScore`, which is a wrong scale: the search would count such rollouts as perfect, and find
 * nothing to improve.
 *
 * @throws {MetricError}
 */
export function checkScale(score: number, exampleId: string, perfectScore: number | undefined): void {
  if (perfectScore === undefined || !exceeds(score, perfectScore)) return;
  const scale = [5, 10, 100].find((top) => score <= top);
  throw new MetricError(
    `The metric scored ${formatScore(score)} on example ${exampleId}, more than perfectScore (${perfectScore}): the search would take the rollout for perfect and learn nothing from it. Set perfectScore to the best score that the metric can give${scale === undefined ? '' : ` (\`perfectScore: ${scale}\`, if ${scale} is the best)`}, or return scores from 0 to ${perfectScore}. For a metric without a best score, set \`skipPerfectScore: false\`.`,
  );
}

/** Warns when more than half of the rollouts fail in the same way. */
function sameFailure({ rollouts }: SeedScores): string | undefined {
  const counts = new Map<string, number>();
  for (const { error } of rollouts) if (error !== undefined) counts.set(error, (counts.get(error) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  if (most === undefined || most[1] < 2 || most[1] <= rollouts.length / 2) return undefined;
  return `The seed fails in the same way on ${most[1]} of ${countOf(rollouts.length, 'example')}: ${shorten(most[0], 200)}. If no text can fix that, fix the program first: the search would waste its calls on it.`;
}

/** Warns when all scores are perfect, for example the lowest grade of a judge that grades from 1 to 5. */
function allPerfect({ rollouts, perfectScore, isScaleGiven }: SeedScores): string | undefined {
  if (perfectScore === undefined || isScaleGiven) return undefined;
  if (rollouts.some(({ score }) => score !== perfectScore)) return undefined;
  return `The seed scores exactly ${formatScore(perfectScore)} on ${rollouts.length === 1 ? 'the only example' : `all ${rollouts.length} examples`}, which counts as perfect, so there is nothing to improve. If the scale of the metric goes beyond ${perfectScore}, such as grades from 1 to 5, set \`perfectScore\` to its best score. If ${perfectScore} is the best, use examples that the program fails on.`;
}

/** Fewer examples can have equal scores by chance. */
const ENOUGH_EQUAL = 5;

function noVariance({ rollouts, perfectScore }: SeedScores): string | undefined {
  const first = rollouts[0]!.score;
  if (rollouts.length < ENOUGH_EQUAL || rollouts.some(({ score }) => score !== first)) return undefined;
  if (perfectScore !== undefined && first >= perfectScore) return undefined;
  return `The seed scores ${formatScore(first)} on all ${rollouts.length} examples. If the metric gives every output the same score, or accepts only fully right outputs, the search sees no progress: check it on an output that you know to be good, and give partial scores.`;
}

function failuresScoreBetter({ rollouts, failureScore }: SeedScores): string | undefined {
  const lower = rollouts.filter(({ score, error }) => error === undefined && score < failureScore);
  if (lower.length === 0) return undefined;
  const lowest = Math.min(...lower.map(({ score }) => score));
  return `The metric scored ${formatScore(lowest)}, less than a rollout that fails (failureScore is ${failureScore}): the search would prefer texts that make the program fail. Set failureScore to the lowest score of the metric.`;
}

function noisyMetric({ rollouts }: SeedScores): string | undefined {
  const repeated = rollouts.filter(({ repeatScore }) => repeatScore !== undefined);
  const differences = repeated.map(({ score, repeatScore }) => Math.abs(score - repeatScore!));
  const largest = differences.indexOf(Math.max(...differences));
  if (largest === -1 || differences[largest] === 0) return undefined;
  const { exampleId, score, repeatScore } = repeated[largest]!;
  const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
  return `The metric gives the same output different scores: on example ${exampleId} ${formatScore(score)} and then ${formatScore(repeatScore!)}; by ${formatScore(mean)} on average over ${countOf(repeated.length, 'output')}. The search mistakes such differences for progress. Let the judge answer with temperature 0 and few levels, or return the mean of several of its answers.`;
}

/** With fewer such minibatches, most iterations end without a reflection. */
const ENOUGH_MINIBATCHES = 1 / 3;

function seldomAFailure({ rollouts, perfectScore, minibatchSize }: SeedScores): string | undefined {
  if (perfectScore === undefined) return undefined;
  const perfect = rollouts.filter(({ score }) => score >= perfectScore).length;
  const chance = 1 - (perfect / rollouts.length) ** minibatchSize;
  if (perfect === rollouts.length || chance >= ENOUGH_MINIBATCHES) return undefined;
  return `The seed is perfect on ${perfect} of ${countOf(rollouts.length, 'example')}: about ${Math.round(100 * chance)}% of the minibatches of ${minibatchSize} have something to learn. Put more of the examples that it fails on into the trainset, or use a larger reflectionMinibatchSize.`;
}

/** The standard deviation of scores that are right or wrong, as a share of the scale; used while it is not measured. */
const LIKELY_DEVIATION = 0.45;
/** This many different scores suffice to measure the deviation. */
const ENOUGH_DISTINCT = 4;
/** Most gains are smaller than this share of the scale. */
const LIKELY_GAIN = 0.15;

function fewExamples(seed: SeedScores): string | undefined {
  const { rollouts, valsetSize, perfectScore = 1, isTested } = seed;
  const scores = rollouts.map(({ score }) => score);
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const isMeasured = new Set(scores).size >= ENOUGH_DISTINCT;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (scores.length - 1);
  return fewExamplesWarning({
    valsetSize,
    perfectScore,
    isTested,
    seedMean: mean,
    deviation: isMeasured ? Math.sqrt(variance) : undefined,
  });
}

/** Warns when the valset is too small to show a likely gain. */
export function fewExamplesWarning(request: {
  readonly valsetSize: number;
  readonly perfectScore: number;
  readonly isTested: boolean;
  /** Undefined before the seed is scored. */
  readonly seedMean?: number;
  readonly deviation?: number;
}): string | undefined {
  const { valsetSize, perfectScore, seedMean, isTested } = request;
  const scale = Math.abs(perfectScore);
  const deviation = request.deviation ?? LIKELY_DEVIATION * scale;
  const smallest = (1.96 * deviation) / Math.sqrt(valsetSize);
  const left = seedMean === undefined ? Number.POSITIVE_INFINITY : perfectScore - seedMean;
  if (left <= 0 || (smallest <= LIKELY_GAIN * scale && smallest <= left)) return undefined;
  const gain = Math.min(LIKELY_GAIN * scale, left);
  const needed = Math.ceil(((1.96 * deviation) / gain) ** 2 / 10) * 10;
  const rest = smallest > left ? `, and only ${formatScore(left)} is left to gain` : '';
  return `The valset has ${countOf(valsetSize, 'example')}: differences below about ${formatScore(Math.min(smallest, scale))} are chance${rest}. Use about ${needed} examples or more${isTested ? '' : ', and a testset to see whether the gain holds'}.`;
}
