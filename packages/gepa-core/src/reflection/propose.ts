import { Semaphore } from '../calls/semaphore.ts';
import { Interrupted } from '../interruption.ts';
import { messageOf } from '../text/error-message.ts';
import { CutOffStreak } from './answer/cut-off-streak.ts';
import { askModel } from './ask-model.ts';
import { askProposer } from './ask-proposer.ts';
import type { ProposeOptions, Proposer, SharedByProposals } from './proposer.ts';

const cutOffsInARow =
  'Several answers of the reflection model in a row were cut off, so that it is no longer asked a second time after such an answer. ' +
  'Raise its limit on output tokens (`maxTokens` of the reflection model), which reasoning counts against too.';

/** The second of the search's two effects: rewrites components by reading traces and feedback (paper, section 3.2). */
export function createProposer<Name extends string>(options: ProposeOptions<Name>): Proposer<Name> {
  const { model, propose } = options;
  const { stopwatch } = options.calls;
  const shared: SharedByProposals = {
    semaphore: new Semaphore(options.concurrency),
    cutOffs: new CutOffStreak(),
    warnOfCutOffs: () => options.warn(cutOffsInARow),
  };
  return async (request) => {
    stopwatch.start('reflection');
    try {
      return propose === undefined
        ? await askModel(options, shared, model!, request)
        : await askProposer(options, shared, propose, request);
    } catch (error) {
      const interruption = error instanceof Interrupted ? error.interruption : undefined;
      if (interruption === undefined) throw error;
      // A failure of this proposal only; another one may succeed.
      return interruption.reason === 'unavailable'
        ? {
            rejected: {
              reason: 'proposer_failed',
              message: messageOf(interruption.error),
              error: interruption.error,
            },
          }
        : { interruption };
    } finally {
      stopwatch.stop('reflection');
    }
  };
}
