import type { CallRequest } from '../adapter/call-meter.ts';
import type { Amount, Call, TooDear } from './spending-bounds.ts';

export const shown = (amount: number) => String(Number(amount.toPrecision(3)));

/** What to say of a model call that a bound can never admit, and what can be done. */
export function whyTooDear(
  { bound, of, limit }: TooDear,
  call: Call,
  { model = 'a model that was not named', inputTokens }: CallRequest,
  most: Amount,
): string {
  const reserve = `say in \`reserve.${call}\` what a ${call} can cost at most`;
  if (bound === 'maxCostUsd' && Number.isNaN(most.costUsd)) {
    return `maxCostUsd is set, but the cost of a ${call} by ${model} is unknown. Give its price in \`prices\`, or ${reserve}.`;
  }
  const amount = most[of];
  const limited =
    "Limit in the model's own settings how many tokens it may write, or say that in `reserve.outputTokens`";
  if (amount < Number.POSITIVE_INFINITY) {
    return `${bound} is ${limit}, but a single call of ${model} may take up to ${shown(amount)}. ${limited}; or raise the bound, or ${reserve}.`;
  }
  const untold = `${bound} is set, but nobody can tell what a call of ${model} may take at most`;
  if (inputTokens === Number.POSITIVE_INFINITY) {
    return `${untold}: the provider adds to what it is sent, or runs tools of its own. To bound it, ${reserve}.`;
  }
  return inputTokens === undefined
    ? `${untold}: it is not told how much it is sent, or that is more than text. To bound it, ${reserve}.`
    : `${untold}. ${limited}; or ${reserve}.`;
}
