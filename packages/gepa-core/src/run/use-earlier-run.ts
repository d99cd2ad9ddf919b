import type { EarlierRun } from '../continue/earlier-run.ts';
import type { Evaluator } from '../search/evaluation/evaluator.ts';
import { countOf } from '../text/format.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { ExampleRefs } from './read-examples.ts';

/** Adds the rollouts of an earlier run to those that the evaluator knows, and reports how many count. */
export function useEarlierRun<Name extends string>(
  earlier: EarlierRun<Name>,
  evaluator: Evaluator<Name>,
  { trainset, valset, testset }: ExampleRefs,
  { note, warn }: Dispatcher<Name>,
): void {
  let rollouts = 0;
  for (const { candidate, ref, rollout } of earlier.rolloutsOn([...trainset, ...valset, ...testset])) {
    evaluator.known.add(candidate, ref, rollout);
    rollouts++;
  }
  const { changes, candidates } = earlier;
  if (changes.length > 0) {
    warn(`The rollouts of the earlier run are not used: since then ${changes.join('; ')}.`);
  }
  const used = earlier.used(testset);
  if (used > 0) {
    warn(
      `The earlier run used ${used} of the ${testset.length} test examples for training or validation: the test score of its candidates is too high. Use the same testset in every run.`,
    );
  }
  note(
    `Continued from an earlier run: ${countOf(candidates.length, 'candidate')} and ${countOf(rollouts, 'rollout')} are known.`,
  );
}
