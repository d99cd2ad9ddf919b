import type { ScorerRunResult } from '@mastra/core/evals';
import { failureKind, GepaError, type Metric, type MetricScore, OptionsError, type Usage } from 'gepa-core';
import { addUsage, noUsage } from 'gepa-core/adapter';
import type { MastraExample } from '../data/example.ts';
import { detailsOf, type RolloutDetails } from '../trace/rollout-details.ts';
import { withScorerScores } from '../trace/scorer-scores.ts';
import { requireGroundTruth } from './ground-truth.ts';
import { runScorer } from './run-scorer.ts';
import { type ScorerEntry, type ScorerOptions, type ScorersInput, scorerEntries } from './scorer-entries.ts';
import { describeStepResults } from './step-results.ts';
import { trajectoryOf } from './trajectory.ts';

/**
 * Makes a metric from Mastra scorers, in the forms that `runEvals` takes. The feedback is the scorer's reason; for a
 * scorer without one, its description and what its steps found. With several scorers, the score is their weighted mean,
 * and each scorer is an objective under its name or id.
 *
 * @throws {OptionsError} when there is no scorer, a value is not a scorer, or `weight` or `max` is out of range.
 */
export function fromScorers(scorers: ScorersInput): Metric<MastraExample<unknown>, unknown> {
  const entries = scorerEntries(scorers);
  checkScorers(entries);
  const metric: Metric<MastraExample<unknown>, unknown> = async ({ example, output, trace, meter }) => {
    const details = detailsOf(trace);
    // All of them end before one that threw ends the metric: calls of judges after the metric would not be counted.
    const settled = await Promise.allSettled(
      entries.map(async (entry) => {
        const run = runOf(entry, example, output, details);
        if (run === undefined) return notScored(entry, `The step ${entry.step} did not run.`);
        const { result, usage } = await runScorer(entry.scorer, run, meter, details?.mastra).catch(
          (error: unknown) => {
            throw entries.length === 1 ? error : named(entry, error);
          },
        );
        return toScored(entry, result, usage);
      }),
    );
    const failures = settled.flatMap((scored) => (scored.status === 'rejected' ? [scored.reason] : []));
    // A scorer that cannot score is no reason to give up where the provider of another one may recover.
    if (failures.length > 0) throw failures.find((error) => failureKind(error) !== 'program') ?? failures[0];
    return combine(settled.flatMap((scored) => (scored.status === 'fulfilled' ? [scored.value] : [])));
  };
  return requireGroundTruth(
    metric,
    entries.some(({ needsGroundTruth }) => needsGroundTruth),
  );
}

/** Says which of several scorers threw. The errors of providers keep their class, which decides whether to retry. */
function named({ name }: ScorerEntry, error: unknown): unknown {
  if (failureKind(error) !== 'program' || !(error instanceof Error)) return error;
  return new GepaError(`The scorer "${name}" threw: ${error.message}`, { cause: error });
}

/** The arguments of a scorer, as in `runEvals`. Undefined when the scorer belongs to a step that did not run. */
function runOf(
  { step, isOfTrajectory }: ScorerEntry,
  example: MastraExample<unknown>,
  output: unknown,
  details: RolloutDetails | undefined,
): object | undefined {
  const { scoringData = { input: example.input, output } } = details ?? {};
  const stepResult = step === undefined ? undefined : scoringData.stepResults?.[step];
  if (step !== undefined && stepResult?.status !== 'success') return undefined;
  return {
    input: stepResult?.payload ?? scoringData.input,
    output: isOfTrajectory
      ? trajectoryOf(details)
      : stepResult === undefined
        ? scoringData.output
        : stepResult.output,
    groundTruth: example.expected,
    expectedTrajectory: example.expectedTrajectory,
    requestContext: details?.requestContext,
    scoreSource: 'experiment',
    targetScope: isOfTrajectory ? 'trajectory' : 'span',
    // The scores are added to the rollout's trace by their metric.
    _internal: { emitObservabilityScore: false },
  };
}

function checkScorers(entries: readonly ScorerEntry[]): void {
  if (entries.length === 0) throw new OptionsError(['fromScorers() needs at least one scorer.']);
  const isValid = (value: number | undefined) =>
    value === undefined || (value >= 0 && Number.isFinite(value));
  const problems = entries.flatMap(({ name, weight, max }) => [
    ...(isValid(weight)
      ? []
      : [`The \`weight\` of the scorer "${name}" must be 0 or more, but it is ${weight}.`]),
    ...(isValid(max) && max !== 0
      ? []
      : [`The \`max\` of the scorer "${name}" must be more than 0, but it is ${max}.`]),
  ]);
  if (entries.every(({ weight }) => weight === 0)) problems.push('The weights of all scorers are 0.');
  if (problems.length > 0) throw new OptionsError(problems);
}

/** The result of one scorer. */
interface Scored {
  readonly name: string;
  readonly scorerId: string;
  /** From 0 to 1; higher is better. */
  readonly score: number;
  /** The score on the scorer's own scale. */
  readonly own: number;
  readonly weight: number;
  readonly reason: string | undefined;
  readonly usage: Usage;
}

function notScored({ name, scorer, weight = 1, notScorable = 0 }: ScorerEntry, reason: string): Scored {
  return {
    name,
    scorerId: scorer.id,
    score: notScorable,
    own: notScorable,
    weight,
    reason,
    usage: noUsage,
  };
}

function toScored(entry: ScorerEntry, result: ScorerRunResult, usage: Usage): Scored {
  if (result.notScorable !== undefined) {
    const { reason } = result.notScorable;
    const explanation = `There was nothing to judge${reason === undefined ? '' : `: ${reason}`}.`;
    return { ...notScored(entry, explanation), usage };
  }
  const { name, scorer, max = 1, weight = 1 } = entry;
  const own = Number(result.score);
  return {
    name,
    scorerId: scorer.id,
    score: scoreOf(entry, own / max),
    own,
    weight,
    reason: reasonOf(entry, result),
    usage,
  };
}

/** Converts a score of the scorer to one from 0 to 1, where higher is better. */
function scoreOf({ threshold, lowerIsBetter = isMaximum(threshold) }: ScorerOptions, score: number): number {
  const { min, max } = typeof threshold === 'object' ? threshold : {};
  if (min !== undefined && max !== undefined) return 1 - Math.max(min - score, score - max, 0);
  return lowerIsBetter ? 1 - score : score;
}

function isMaximum(threshold: ScorerOptions['threshold']): boolean {
  return typeof threshold === 'object' && threshold.min === undefined && threshold.max !== undefined;
}

function reasonOf({ name, scorer, threshold }: ScorerEntry, result: ScorerRunResult): string | undefined {
  const reason: unknown = result.reason;
  const { description } = scorer as { readonly description?: unknown };
  const found = describeStepResults(result);
  const about =
    typeof description === 'string' && description !== name && description !== scorer.id
      ? description
      : undefined;
  const own =
    typeof reason === 'string' && reason !== ''
      ? [reason]
      : [...(about === undefined ? [] : [about]), ...(found === undefined ? [] : [`(${found})`])];
  const wanted = threshold === undefined ? [] : [`Wanted: ${wantedText(threshold)}.`];
  const text = [...own, ...wanted].join(' ');
  return text === '' ? undefined : text;
}

function wantedText(threshold: NonNullable<ScorerOptions['threshold']>): string {
  const { min, max } = typeof threshold === 'number' ? { min: threshold } : threshold;
  return [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
  ].join(', ');
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
  const combined = {
    score,
    feedback,
    objectives:
      results.length === 1
        ? undefined
        : Object.fromEntries(results.map(({ name, score: own }) => [name, own])),
    usage: usage.modelCalls === 0 ? undefined : usage,
  };
  return withScorerScores(
    combined,
    results.map(({ scorerId, own, reason }) => ({ scorerId, score: own, reason })),
  );
}

function round(score: number): number {
  return Math.round(score * 1000) / 1000;
}
