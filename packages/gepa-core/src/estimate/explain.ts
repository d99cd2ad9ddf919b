import type { Settings } from '../options/settings.ts';
import { LIKELY_TEXT_TOKENS, TOKENS_PER_SECOND } from './call-sizes.ts';
import type { ExpectedCourse } from './expected-course.ts';
import type { Measurement } from './measure-rollout.ts';
import { reflectionPrice } from './pricing.ts';
import type { Asks } from './worst-course.ts';

interface Estimation<Example, Output, Trace, Name extends string> {
  readonly settings: Settings<Example, Output, Trace, Name>;
  readonly asks: Asks;
  readonly expected: ExpectedCourse | undefined;
  readonly measurement: Measurement<Example, Output, Trace> | undefined;
}

/** What should be seen to before the run. */
export function warningsOf<Example, Output, Trace, Name extends string>({
  settings,
  expected,
  measurement,
}: Estimation<Example, Output, Trace, Name>): string[] {
  const warnings: string[] = [];
  const error = measurement?.rollout.error;
  if (error !== undefined) {
    warnings.push(
      `The measured rollout failed, so that it tells little of others: the ${measurement!.rollout.failedIn} threw: ${error}`,
    );
  }
  if (expected?.searches === false) {
    warnings.push('Nothing is left for an iteration once the seed is scored: give more to search.');
  }
  if (expected?.tested === false && settings.testset.length > 0) {
    warnings.push(
      'The run will be cut off before the testset is scored: give it more. Of all bounds only maxDurationMs sets nothing aside for it.',
    );
  }
  if (measurement !== undefined && measurement.usage === undefined) {
    warnings.push('Program and metric reported no usage: what they take of tokens and dollars is not known.');
  }
  return warnings;
}

const unbounded = 'Nothing bounds the run that can be told beforehand: give maxMetricCalls or maxIterations.';
const unknownPurchase =
  'What the bounds on dollars, tokens and time buy is not known: let a rollout be measured, and give `prices`.';

const isMetered = (bounds: { maxCostUsd?: number; maxTokens?: number; maxDurationMs?: number }) =>
  bounds.maxCostUsd !== undefined || bounds.maxTokens !== undefined || bounds.maxDurationMs !== undefined;

/** What the expected numbers stand on. */
export function assumptionsOf<Example, Output, Trace, Name extends string>({
  settings,
  asks,
  expected,
  measurement,
}: Estimation<Example, Output, Trace, Name>): string[] {
  const { samplingStrategy, componentSelector, valEvaluationPolicy, stopConditions = [] } = settings;
  const isOwn = (strategy: unknown) => typeof strategy === 'function' || hasMethod(strategy);
  const assumptions: (string | false)[] = [
    expected === undefined && (isMetered(settings) ? unknownPurchase : unbounded),
    'A third of the proposals is accepted, and none is passed over because its parent is perfect.',
    settings.useMerge && 'Every merge that is allowed is tried and accepted, where lineages can be crossed.',
    isOwn(samplingStrategy) && 'The sampling strategy plans one task for an iteration.',
    isOwn(componentSelector) && 'The component selector chooses one component.',
    valEvaluationPolicy !== 'full_eval' && 'Every new candidate is scored on the whole valset.',
    (stopConditions.length > 0 || settings.signal !== undefined) &&
      'Neither stop conditions nor the signal end the run.',
    settings.runDir !== undefined &&
      'Counted from the start: what the run directory holds already is not made again.',
    'Calls do not fail: retries come on top, also of what is worst.',
    measurement === undefined
      ? 'No rollout was measured: what one takes of tokens, dollars and time is not known.'
      : 'Every rollout takes what the measured one took.',
    ...(asks === 'once'
      ? ['What a proposer of your own takes of tokens, dollars and time is not counted.']
      : reflectionAssumptions(settings, measurement !== undefined)),
  ];
  return assumptions.filter((assumption) => assumption !== false);
}

function reflectionAssumptions<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  isMeasured: boolean,
): string[] {
  const shown = isMeasured
    ? 'the records of rollouts like the measured one'
    : 'records as long as maxRecordCharacters allows';
  const priced = reflectionPrice(settings);
  return [
    `A reflection reads the text and ${shown}, 4 characters a token. It writes as much as the text, at least ${LIKELY_TEXT_TOKENS} tokens, ${TOKENS_PER_SECOND} a second. What a reasoning model thinks comes on top.`,
    'At worst no child is accepted and every answer is asked for a second time, with the longest records.',
    priced === undefined
      ? 'The price of the reflection model is not known: give it in `prices`.'
      : `Reflections are priced as ${priced.model}.`,
  ];
}

const hasMethod = (strategy: unknown) =>
  typeof strategy === 'object' && strategy !== null && ('sample' in strategy || 'select' in strategy);
