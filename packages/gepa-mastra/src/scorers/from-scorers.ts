import type { ScorerRunResult } from '@mastra/core/evals';
import { type Metric, type MetricScore, OptionsError, type Usage } from 'gepa-core';
import { addUsage, noUsage } from 'gepa-core/adapter';
import type { MastraExample } from '../data/example.ts';
import { detailsOf } from '../trace/rollout-details.ts';
import { runScorer, type Scorer } from './run-scorer.ts';

export interface ScorerOptions {
  readonly scorer: Scorer;
  /** Whether less is better, as with toxicity or hallucination: the score is then taken from `max`. */
  readonly lowerIsBetter?: boolean;
  /** The greatest score it gives. Default 1. Scores are divided by it. */
  readonly max?: number;
  /** Its part in the score of several. Default 1. */
  readonly weight?: number;
  /** Whether it compares with `expected`: every example must then have one. Default `false`. */
  readonly needsGroundTruth?: boolean;
  /** The score of a rollout in which there is nothing to judge for it, from 0 to 1. Default 0. */
  readonly notScorable?: number;
}

const needsGroundTruth = Symbol('gepa.needsGroundTruth');

/**
 * Makes a metric of Mastra scorers, as they are. A scorer's reason is the feedback. Of several, the score is their
 * weighted mean, and each is an objective by its name.
 *
 * @throws {OptionsError} when there is no scorer, or a weight or a greatest score makes no sense.
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
      ...(details === undefined ? {} : { requestContext: details.requestContext }),
    };
    const judged = await Promise.all(
      entries.map(async ([name, options]) => {
        const { result, usage } = await runScorer(options.scorer, run, meter);
        return judge(name, options, result, usage);
      }),
    );
    return together(judged);
  };
  return Object.assign(metric, {
    [needsGroundTruth]: entries.some(([, options]) => options.needsGroundTruth),
  });
}

/** Whether a metric of scorers cannot do without an expected value. */
export function wantsGroundTruth(metric: unknown): boolean {
  return (metric as { [needsGroundTruth]?: boolean } | undefined)?.[needsGroundTruth] ?? false;
}

function checkScorers(entries: readonly (readonly [name: string, options: ScorerOptions])[]): void {
  if (entries.length === 0) throw new OptionsError(['fromScorers() was given no scorer.']);
  const isAmount = (value: number | undefined) =>
    value === undefined || (value >= 0 && Number.isFinite(value));
  const problems = entries.flatMap(([name, { weight, max }]) => [
    ...(isAmount(weight)
      ? []
      : [`The \`weight\` of the scorer "${name}" must be 0 or more, but it is ${weight}.`]),
    ...(isAmount(max) && max !== 0
      ? []
      : [`The \`max\` of the scorer "${name}" must be more than 0, but it is ${max}.`]),
  ]);
  if (entries.every(([, { weight }]) => weight === 0)) problems.push('The weights of all scorers are 0.');
  if (problems.length > 0) throw new OptionsError(problems);
}

interface Judgement {
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
  // A record may hold a scorer by the name "scorer", with nothing beside it that is an option.
  return typeof scorer === 'object' && isScorer(scorer) && Object.values(value).filter(isObject).length === 1;
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null;

function judge(name: string, options: ScorerOptions, result: ScorerRunResult, usage: Usage): Judgement {
  const { lowerIsBetter = false, max = 1, weight = 1, notScorable = 0 } = options;
  if (result.notScorable !== undefined) {
    const { reason } = result.notScorable;
    const told = `There was nothing to judge${reason === undefined ? '' : `: ${reason}`}.`;
    return { name, score: notScorable, weight, reason: told, usage };
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

function together(judged: readonly Judgement[]): MetricScore {
  const weights = judged.reduce((sum, { weight }) => sum + weight, 0);
  const score = judged.reduce((sum, one) => sum + one.score * one.weight, 0) / weights;
  const usage = judged.reduce((sum, one) => addUsage(sum, one.usage), noUsage);
  const [first] = judged;
  const feedback =
    judged.length === 1
      ? first?.reason
      : judged
          .map(({ name, score: own, reason }) => `${name} ${round(own)}${reason ? `: ${reason}` : ''}`)
          .join('\n');
  return {
    score,
    ...(feedback === undefined ? {} : { feedback }),
    ...(judged.length === 1
      ? {}
      : { objectives: Object.fromEntries(judged.map(({ name, score: own }) => [name, own])) }),
    ...(usage.modelCalls === 0 ? {} : { usage }),
  };
}

function round(score: number): number {
  return Math.round(score * 1000) / 1000;
}
