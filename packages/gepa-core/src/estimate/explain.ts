import type { Settings } from '../options/settings.ts';
import { fewExamplesWarning, isTrial } from '../search/seed-advice.ts';
import { ENOUGH_PROPOSALS } from '../search/warn-of-few-proposals.ts';
import { countOf } from '../text/format.ts';
import { LIKELY_TEXT_TOKENS, reflectionPrice, TOKENS_PER_SECOND } from './call-size.ts';
import { type DryRun, insteadOfCustom } from './dry-run.ts';
import type { Measurement } from './measure-rollout.ts';

/** Problems to fix before the run: the warnings of its start, and problems of its limits. */
export function warningsOf(settings: Settings, run: DryRun, measurement: Measurement | undefined): string[] {
  const { testset, valset, perfectScore } = settings;
  const { failedIn, error } = measurement?.rollout ?? {};
  const isTested = testset.length > 0;
  const warnings = [
    error !== undefined &&
      `The measured rollout failed, so the others may differ from it: the ${failedIn} threw: ${error}`,
    fewIterationsWarning(run),
    run.isTested === false &&
      isTested &&
      'The run will end before the testset is scored: raise the limits. maxDurationMs is the only limit that reserves nothing for the testset.',
    measurement !== undefined &&
      measurement.usage === undefined &&
      'Program and metric reported no usage: the tokens and dollars of a rollout are unknown.',
    ...run.warnings,
    !isTrial(settings) && fewExamplesWarning({ valsetSize: valset.length, perfectScore, isTested }),
  ];
  return warnings.filter((warning) => typeof warning === 'string');
}

function fewIterationsWarning({ totals, endsBy = '' }: DryRun): string | undefined {
  const iterations = totals?.iterations ?? 0;
  if (totals?.reflections === 0) {
    return 'Nothing is left for an iteration once the seed is scored: raise the limits to search.';
  }
  // The start warns of few metric calls.
  const isCutOff = ['maxCostUsd', 'maxTokens', 'maxDurationMs'].includes(endsBy);
  return isCutOff && iterations < ENOUGH_PROPOSALS
    ? `${endsBy} allows only about ${countOf(Math.round(iterations), 'iteration')}: with fewer than ${ENOUGH_PROPOSALS} proposals, a gain is a matter of luck.`
    : undefined;
}

/** The assumptions behind the expected numbers. */
export function assumptionsOf(
  settings: Settings,
  run: DryRun,
  measurement: Measurement | undefined,
): string[] {
  const { stopConditions = [], signal, runDir, reflectionModel } = settings;
  const assumptions: (string | false)[] = [
    run.endsBy === undefined && unknownEnd(settings),
    'A third of the proposals is accepted, and no minibatch is skipped because its parent is perfect.',
    settings.useMerge &&
      'Merges are tried when two lineages can be combined; about half of them are accepted.',
    Object.keys(insteadOfCustom(settings)).length > 0 && 'Custom strategies behave like the defaults.',
    settings.valEvaluationPolicy === 'growing_part' &&
      'The part of the valset on which candidates are compared grows as it does when scores rise slowly.',
    (stopConditions.length > 0 || signal !== undefined) &&
      'Neither stop conditions nor the signal end the run.',
    runDir !== undefined &&
      'The numbers are those of a whole run: a resumed run does not repeat the calls in its run directory.',
    'No call fails. Retries add to these numbers, also to the worst case.',
    measurement === undefined
      ? 'No rollout was measured: its tokens, dollars and time are unknown.'
      : 'Every rollout takes as much as the measured one.',
    ...(reflectionModel === undefined
      ? ['The tokens, dollars and time of a custom proposer are not counted.']
      : reflectionAssumptions(settings, measurement)),
  ];
  return assumptions.filter((assumption) => assumption !== false);
}

function unknownEnd({ maxCostUsd, maxTokens, maxDurationMs }: Settings): string {
  return maxCostUsd === undefined && maxTokens === undefined && maxDurationMs === undefined
    ? 'No limit of the run is known beforehand: set maxMetricCalls or maxIterations.'
    : 'It is unknown when the limits on dollars, tokens and time end the run: measure a rollout (`measure: true`), and set `prices`.';
}

function reflectionAssumptions(settings: Settings, measurement: Measurement | undefined): string[] {
  const records =
    measurement === undefined
      ? 'records of the maximum length (maxRecordCharacters)'
      : 'the records of rollouts like the measured one';
  return [
    `A reflection reads the text and ${records}, at 4 characters per token. It writes as much as the text, at least ${LIKELY_TEXT_TOKENS} tokens, at ${TOKENS_PER_SECOND} per second. Reasoning tokens add to this.`,
    'In the worst case no child is accepted and every answer is asked for twice, with the longest records.',
    reflectionPrice(settings) === undefined
      ? 'The price of the reflection model is unknown: set it in `prices`.'
      : `Reflections are priced as ${settings.reflectionModel?.modelName}.`,
  ];
}
