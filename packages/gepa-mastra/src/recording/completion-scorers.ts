import { recordedScorer, type Scorer } from '../scorers/run-scorer.ts';
import type { Recorder } from '../trace/recorder.ts';

/** The options of agents and networks with scorers that decide whether the task is complete. */
const keys = ['isTaskComplete', 'completion'] as const;

type Options = { readonly [key in (typeof keys)[number]]?: { readonly scorers?: readonly Scorer[] } };

/** Those of the options that have scorers, which then record the calls of their judges. */
export function recordedScorers(recorder: Recorder, options: object): object {
  const changes = keys.flatMap((key) => {
    const option = (options as Options)[key];
    if (!Array.isArray(option?.scorers)) return [];
    return [[key, { ...option, scorers: option.scorers.map((scorer) => recorded(recorder, scorer)) }]];
  });
  return Object.fromEntries(changes);
}

/** A step of its own, so that the answer of a judge is not taken for that of the agent. */
function recorded(recorder: Recorder, scorer: Scorer): Scorer {
  const copy = recordedScorer(scorer, recorder);
  if (copy === scorer) return scorer;
  const run = copy.run.bind(copy);
  return Object.assign(copy, {
    run: (input: never) =>
      recorder.record(
        { kind: 'agent', name: scorer.id },
        () => run(input),
        ({ score, reason }) => ({ score, reason }),
      ),
  });
}
