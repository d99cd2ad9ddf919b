import type { ScorerRunResult } from '@mastra/core/evals';
import { type Metric, type MetricScore, OptionsError, type Usage } from 'gepa-core';
import { addUsage, noUsage } from 'gepa-core/adapter';
import type { MastraExample } from '../data/example.ts';
import { detailsOf } from '../trace/rollout-details.ts';
import { requireGroundTruth } from './ground-truth.ts';
import { runScorer, type Scorer } from './run-scorer.ts';

export interface ScorerOptions {
  readonly scorer: Scorer;
  /** Whether a lower score is better, as with toxicity; the score is then subtracted from `max`. Default `false`. */
  readonly lowerIsBetter?: boolean;
  /** The maximum score of the scorer, by which its scores are divided. Default 1. */
  readonly max?: number;
  /** The weight in the mean of several scorers. Default 1. */
  readonly weight?: number;
  /** Whether every example must have `expected`, the scorer's ground truth. Default `false`. */
  readonly needsGroundTruth?: boolean;
  /** The score, 0 to 1, of a rollout that the scorer reports as not scorable. Default 0. */
  readonly notScorable?: number;
}

/**
 * Makes a metric from Mastra scorers. The feedback is the scorer's reason. With several scorers, the score is their
 * weighted mean, and each scorer is an objective under its name.
 *
 * @throws {OptionsError} when there is no scorer, or `weight` or `max` is out of range.
 */
export function fromScorers(
  scorers: Scorer | ScorerOptions | Readonly<Record<string, Scorer | ScorerOptions>>,
): Metric<MastraExample<unknown>, unknown> {
  const entries = entriesOf(scorers);
  checkScorers(entries);
  const metric: Metric<MastraExample<unknown>, unknown> = async ({ example, output, trace, meter }) => {
    const details = detailsOf(trace);
    const run = {
      ...(details?.scoringData ?? { input: example.input, output }),
      ...(example.expected === undefined ? {} : { groundTruth: example.expected }),
      ...(example.expectedTrajectory === undefined ? {} : { expectedTrajectory: example.expectedTrajectory }),
      ...(details === undefined ? {} : { requestContext: details.requestContext }),
    };
    const results = await Promise.all(
      entries.map(async ([name, options]) => {
        const { result, usage } = await runScorer(options.scorer, run, meter);
        return toScored(name, options, result, usage);
      }),
    );
    return combine(results);
  };
  return entries.some(([, options]) => options.needsGroundTruth) ? requireGroundTruth(metric) : metric;
}

function checkScorers(entries: readonly (readonly [name: string, options: ScorerOptions])[]): void {
  if (entries.length === 0) throw new OptionsError(['fromScorers() needs at least one scorer.']);
  const isValid = (value: number | undefined) =>
    value === undefined || (value >= 0 && Number.isFinite(value));
  const problems = entries.flatMap(([name, { weight, max }]) => [
    ...(isValid(weight)
      ? []
      : [`The \`weight\` of the scorer "${name}" must be 0 or more, but it is ${weight}.`]),
    ...(isValid(max) && max !== 0
      ? []
      : [`The \`max\` of the scorer "${name}" must be more than 0, but it is ${max}.`]),
  ]);
  if (entries.every(([, { weight }]) => weight === 0)) problems.push('The weights of all scorers are 0.');
  if (problems.length > 0) throw new OptionsError(problems);
}

/** The result of one scorer, from 0 to 1. */
interface Scored {
  readonly name: string;
  readonly score: number;
  readonly weight: number;
  readonly reason: string | undefined;
  readonly usage: Usage;
}

function entriesOf(
  scorers: Scorer | ScorerOptions | Readonly<Record<string, Scorer | ScorerOptions>>,
): [name: string, options: ScorerOptions][] {
  if (isScorer(scorers)) return [[scorers.id, { scorer: scorers }]];
  if (isOptions(scorers)) return [[scorers.scorer.id, scorers]];
  return Object.entries(scorers).map(([name, entry]) => [name, isScorer(entry) ? { scorer: entry } : entry]);
}

function isScorer(value: object): value is Scorer {
  return typeof (value as Partial<Scorer>).run === 'function';
}

function isOptions(value: object): value is ScorerOptions {
  const { scorer } = value as Partial<ScorerOptions>;
  // A record of scorers may also have the key `scorer`; in options no other value is an object.
  return typeof scorer === 'object' && isScorer(scorer) && Object.values(value).filter(isObject).length === 1;
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null;

function toScored(name: string, options: ScorerOptions, result: ScorerRunResult, usage: Usage): Scored {
  const { lowerIsBetter = false, max = 1, weight = 1, notScorable = 0 } = options;
  if (result.notScorable !== undefined) {
    const { reason } = result.notScorable;
    const explanation = `There was nothing to judge${reason === undefined ? '' : `: ${reason}`}.`;
    return { name, score: notScorable, weight, reason: explanation, usage };
  }
  const score = Number(result.score) / max;
  const reason: unknown = result.reason;
  return {
    name,
    score: lowerIsBetter ? 1 - score : score,
    weight,
    reason: typeof reason === 'string' && reason !== '' ? reason : undefined,
    usage,
  };
}

function combine(results: readonly Scored[]): MetricScore {
  const weights = results.reduce((sum, { weight }) => sum + weight, 0);
  const score = results.reduce((sum, result) => sum + result.score * result.weight, 0) / weights;
  const usage = results.reduce((sum, result) => addUsage(sum, result.usage), noUsage);
  const [first] = results;
  const feedback =
    results.length === 1
      ? first?.reason
      : results
          .map(({ name, score: own, reason }) => `${name} ${round(own)}${reason ? `: ${reason}` : ''}`)
          .join('\n');
  return {
    score,
    ...(feedback === undefined ? {} : { feedback }),
    ...(results.length === 1
      ? {}
      : { objectives: Object.fromEntries(results.map(({ name, score: own }) => [name, own])) }),
    ...(usage.modelCalls === 0 ? {} : { usage }),
  };
}

function round(score: number): number {
  return Math.round(score * 1000) / 1000;
}
