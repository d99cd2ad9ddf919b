import type { Settings } from '../options/settings.ts';
import { LIKELY_TEXT_TOKENS, reflectionPrice, TOKENS_PER_SECOND } from './call-size.ts';
import type { DryRun } from './dry-run.ts';
import type { Measurement } from './measure-rollout.ts';

/** What to fix before the run. */
export function warningsOf<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  expected: DryRun | undefined,
  measurement: Measurement<Example, Output, Trace> | undefined,
): string[] {
  const { error, failedIn } = measurement?.rollout ?? {};
  return [
    ...(error === undefined
      ? []
      : [
          `The measured rollout failed, so it is a poor guide to the others: the ${failedIn} threw: ${error}`,
        ]),
    ...(expected?.counts.reflections === 0
      ? ['Nothing is left for an iteration once the seed is scored: raise the limits to search.']
      : []),
    ...(expected?.isTested === false && settings.testset.length > 0
      ? [
          'The run will end before the testset is scored: raise the limits. maxDurationMs is the only limit that keeps nothing for the testset.',
        ]
      : []),
    ...(measurement !== undefined && measurement.usage === undefined
      ? ['Program and metric reported no usage: the tokens and dollars of a rollout are unknown.']
      : []),
  ];
}

/** The assumptions behind the expected numbers. */
export function assumptionsOf<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  expected: DryRun | undefined,
  isMeasured: boolean,
): string[] {
  const { samplingStrategy, componentSelector, valEvaluationPolicy, stopConditions = [] } = settings;
  const { maxCostUsd, maxTokens, maxDurationMs } = settings;
  const limitsSpend = [maxCostUsd, maxTokens, maxDurationMs].some((limit) => limit !== undefined);
  const unlimited = limitsSpend
    ? 'What the limits on dollars, tokens and time buy is unknown: let a rollout be measured (`measure: true`), and set `prices`.'
    : 'No limit of the run is known beforehand: set maxMetricCalls or maxIterations.';
  const assumptions: (string | false)[] = [
    expected === undefined && unlimited,
    'A third of the proposals is accepted, and no minibatch is skipped because its parent is perfect.',
    settings.useMerge && 'Merges are tried where lineages can be crossed; about half of them are accepted.',
    isOwn(samplingStrategy) && 'The sampling strategy plans one task per iteration.',
    isOwn(componentSelector) && 'The component selector chooses one component.',
    valEvaluationPolicy !== 'full_eval' && 'Every new candidate is scored on the whole valset.',
    (stopConditions.length > 0 || settings.signal !== undefined) &&
      'Neither stop conditions nor the signal end the run.',
    settings.runDir !== undefined &&
      'Counted from the start: calls that the run directory contains are not made again.',
    'No call fails: retries add to this, also to the worst case.',
    isMeasured
      ? 'Every rollout takes as much as the measured one.'
      : 'No rollout was measured: its tokens, dollars and time are unknown.',
    ...(settings.reflectionModel === undefined
      ? ['The tokens, dollars and time of your own proposer are not counted.']
      : reflectionAssumptions(settings, isMeasured)),
  ];
  return assumptions.filter((assumption) => assumption !== false);
}

function reflectionAssumptions<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  isMeasured: boolean,
): string[] {
  const records = isMeasured
    ? 'the records of rollouts like the measured one'
    : 'records as long as maxRecordCharacters allows';
  const priced = reflectionPrice(settings);
  return [
    `A reflection reads the text and ${records}, at 4 characters per token. It writes as much as the text, at least ${LIKELY_TEXT_TOKENS} tokens, at ${TOKENS_PER_SECOND} per second. Reasoning tokens add to this.`,
    'In the worst case no child is accepted and every answer is asked for twice, with the longest records.',
    priced === undefined
      ? 'The price of the reflection model is unknown: set it in `prices`.'
      : `Reflections are priced as ${priced.model}.`,
  ];
}

const isOwn = (strategy: unknown) =>
  typeof strategy === 'function' ||
  (typeof strategy === 'object' && strategy !== null && ('sample' in strategy || 'select' in strategy));
