import { checkArgument } from '../check-options.ts';
import { aCountFrom, oneOf } from '../kinds.ts';

/** The size of a run. */
export type AutoBudget = 'light' | 'medium' | 'heavy';

const trials: Readonly<Record<AutoBudget, number>> = { light: 6, medium: 12, heavy: 18 };

/**
 * The metric calls of a preset, by the formula of `dspy.GEPA`: a number of proposals on minibatches of 35, and one
 * validation for every fifth proposal.
 *
 * @throws {OptionsError} when `auto` is not the name of a preset, or a size is not a whole number.
 */
export function autoBudget(auto: AutoBudget, size: { components: number; valset: number }): number {
  checkArgument('The size', auto, oneOf(...Object.keys(trials)));
  checkArgument('The number of components', size.components, aCountFrom(0));
  checkArgument('The size of the valset', size.valset, aCountFrom(0));
  const n = trials[auto];
  const proposals = Math.floor(Math.max(4 * size.components * Math.log2(n), 1.5 * n));
  const passes = Math.floor((proposals + 1) / 5) + 1 + (proposals < 5 ? 1 : 0);
  return size.valset + 5 * n + 35 * proposals + passes * size.valset;
}
