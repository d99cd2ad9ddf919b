import type { CallRequest } from '../adapter/call-meter.ts';
import type { Amount } from './amount.ts';
import type { CallKind, Limit } from './max-of-call.ts';
import type { Usage } from './usage.ts';

/** Says why a limit can never admit a model call, and what to do about it. */
export function explainTooLarge(
  { name, unit, max: limit }: Limit,
  kind: CallKind,
  { model = 'an unnamed model', inputTokens, outputTokens }: CallRequest,
  max: Amount,
): string {
  const declare = `declare the maximum of a ${kind} in \`reserve.${kind}\``;
  if (name === 'maxCostUsd' && Number.isNaN(max.costUsd)) {
    return `maxCostUsd is set, but the cost of a ${kind} by ${model} is unknown. Give its price in \`prices\`, or ${declare}.`;
  }
  const amount = max[unit];
  if (amount < Number.POSITIVE_INFINITY) {
    return `${name} is ${limit}, but a single call of ${model} may take up to ${shown(amount)}. ${Number(inputTokens) > Number(outputTokens) ? shortenInput : limitOutput}; or raise the limit, or ${declare}.`;
  }
  const unknown = `${name} is set, but the maximum of a call of ${model} is unknown`;
  if (inputTokens === Number.POSITIVE_INFINITY) {
    return `${unknown}: the provider adds to the input or runs tools of its own, or one request has several prompts. To limit it, ${declare}.`;
  }
  return inputTokens === undefined
    ? `${unknown}: the size of its input is not reported, or the input is more than text. To limit it, ${declare}.`
    : `${unknown}. ${limitOutput}; or ${declare}.`;
}

const limitOutput = 'Limit its output tokens in the model settings, or set `reserve.outputTokens`';

const shortenInput = 'Shorten its input: prompts, conversations, descriptions of tools';

/** Says why a run ends with much of a limit left. */
export const explainNoRoom = (
  { name, unit, max: limit }: Limit,
  what: string,
  max: Amount,
  { left, kept }: { readonly left: number; readonly kept: Amount },
): string =>
  `${shown(left)} of ${name} (${limit}) are left${kept[unit] > 0 ? `, ${shown(kept[unit])} of them for the testset` : ''}, but ${what} may take ${shown(max[unit])}. ${limitOutput}; or raise the limit.`;

/** Says which price is missing. */
export const explainUnpriced = (kind: CallKind, usage: Usage): string =>
  `maxCostUsd is set, but the cost of a ${kind} by ${namesOf(usage)} is unknown. Give its price in \`prices\`, or report \`costUsd\` in the usage.`;

/** Says that a call was paid for before the budget knew of it. */
export function explainUndeclared(
  { name }: Limit,
  kind: CallKind,
  who: 'program' | 'judge',
  usage: Usage,
): string {
  const source = who === 'judge' ? 'the metric' : kind === 'reflection' ? 'the reflection model' : 'run()';
  return `${name} requires every model call to be declared before it is made, but ${source} reports usage of ${namesOf(usage)} afterwards. Set \`reserve.${kind}\`, or call \`meter.begin()\` before each model call.`;
}

export const explainMissingTokens = (kind: CallKind, usage: Usage): string =>
  `maxTokens is set, but a ${kind} by ${namesOf(usage)} reported no tokens. Report \`inputTokens\` and \`outputTokens\` in the usage.`;

export const crossedWarning = ({ name, unit, max }: Limit, charged: Amount): string =>
  `${name} is ${max}, but the run took ${shown(charged[unit], 6)}: a call exceeded its declared maximum, or the limit was larger in an earlier session.`;

export const unknownCallsWarning = (calls: number, limit: Limit | undefined): string =>
  `${calls} model call${calls === 1 ? '' : 's'} reported missing, partial or invalid token counts. ${limit === undefined ? 'The' : `The maximum stays charged to ${limit.name}, and the`} reported spend does not include them.`;

/** Without a limit: the models none of whose calls reported tokens, such as streams without usage. */
export function silentModelsWarnings({ byModel = {} }: Usage): string[] {
  const silent = Object.entries(byModel).filter(
    ([, { modelCalls, inputTokens, outputTokens }]) => modelCalls > 0 && inputTokens + outputTokens === 0,
  );
  if (silent.length === 0) return [];
  const names = silent.map(([name]) => name).join(', ');
  return [`No call of ${names} reported its tokens, so the reported spend does not include them.`];
}

export const uncertainWarnings = (limits: readonly Limit[], uncertain: Amount): string[] =>
  limits
    .filter(({ unit }) => uncertain[unit] > 0)
    .map(
      ({ name, unit }) =>
        `Abandoned or broken calls may still be billed: ${shown(uncertain[unit], 6)} of ${name} stays reserved for them and is not part of the reported spend.`,
    );

/** Says why few calls run at once. */
export function waitNote({ model = 'a model' }: CallRequest, { costUsd, tokens }: Amount): string {
  const max = costUsd > 0 ? `$${shown(costUsd)}` : `${shown(tokens)} tokens`;
  return `Model calls wait for one another: each call of ${model} reserves up to ${max}, since its output is not limited. Limit its output tokens in the model settings, or set \`reserve.outputTokens\`, to run more at once.`;
}

/** The models of a usage; `an unnamed model` if it names none. */
export function modelsOf({ byModel = {} }: Usage): readonly string[] {
  const names = Object.keys(byModel);
  return names.length === 0 ? ['an unnamed model'] : names;
}

const namesOf = (usage: Usage): string => modelsOf(usage).join(', ');

export const unpricedWarning = (models: readonly string[]): string =>
  `The cost in dollars leaves out the calls of ${models.join(', ')}, whose price is unknown: give it in \`prices\`, or report \`costUsd\` in the usage.`;

export const shown = (amount: number, digits = 3): string => String(Number(amount.toPrecision(digits)));
