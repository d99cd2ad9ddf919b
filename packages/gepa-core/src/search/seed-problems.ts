import type { AnyRollout } from '../adapter/any.ts';
import { SeedError } from '../errors.ts';
import type { Interruption } from '../interruption.ts';
import { sentence } from '../text/error-message.ts';
import { DECIDING_ROLLOUTS, isHopeless } from './evaluation/hopeless-seed.ts';
import type { SearchContext } from './search-context.ts';
import { isTrial, seedAdvice } from './seed-advice.ts';
import { unreadWarning } from './state/unread-components.ts';
import type { StopReason } from './strategies/stop-reason.ts';

/**
 * Checks the seed's validation: warns about problems that make a search hard.
 *
 * @returns why the search ends here, if it does.
 * @throws {SeedError} when no search can start from it.
 */
export function refuseOrAdvise<Name extends string>(
  search: SearchContext<Name>,
  {
    rollouts,
    interruption,
  }: {
    readonly rollouts: readonly (AnyRollout | undefined)[];
    readonly interruption: Interruption | undefined;
  },
): StopReason | undefined {
  const { settings, state, names, valset, warn } = search;
  const measured = rollouts.filter((rollout) => rollout !== undefined);
  const [first] = measured;
  const isDecided = interruption?.reason === 'unavailable' && measured.length >= DECIDING_ROLLOUTS;
  if (isHopeless(measured) && (interruption === undefined || isDecided)) {
    const asked = interruption === undefined ? '' : ' that it was run on';
    const others = interruption === undefined ? '' : ' If it runs on other examples, leave these out.';
    throw new SeedError(
      `The program failed on every example of the valset${asked}, first on ${first!.exampleId}: ${sentence(new Error(first!.error))} No text can fix that.${others}`,
    );
  }
  const isDown = interruption?.reason === 'providerUnavailable' && measured.length === 0;
  if (interruption?.reason === 'unavailable' || isDown) {
    throw new SeedError(
      `The seed candidate could not be scored on the valset: ${sentence(interruption.error)} This is not a fault of its texts: check the model's key, name, limits and availability, and run again.`,
      { cause: interruption.error },
    );
  }
  if (interruption !== undefined) return interruption.reason;
  if (measured.every(({ failedIn }) => failedIn === 'metric')) {
    throw new SeedError(
      `The metric threw on every example of the valset that was scored, first on ${first!.exampleId}: ${sentence(first!.error)}`,
    );
  }
  if (measured.every(({ error }) => error !== undefined)) {
    warn(
      `The program failed on every example of the valset, first on ${first!.exampleId}: ${sentence(first!.error)} Unless better texts can fix that, stop the run and fix the program.`,
    );
  }
  const warning = unreadWarning(state.unread, names, measured.length < valset.length);
  if (warning !== undefined) warn(warning);
  const advice = seedAdvice({
    ...settings,
    rollouts: measured,
    valsetSize: valset.length,
    minibatchSize: settings.reflectionMinibatchSize,
    isTrial: isTrial(settings),
    isTested: settings.testset.length > 0,
    perfectScore: settings.skipPerfectScore ? settings.perfectScore : undefined,
  });
  for (const sentence of advice) warn(sentence);
  return undefined;
}
