import type { AnyExecution } from '../adapter/any.ts';
import type { AttemptContext } from '../calls/call.ts';
import { copyExample } from './copy-example.ts';
import type { RolloutPlace, RolloutRequest, RolloutRun } from './rollouts.ts';

/** Makes rollouts in the process of the search. */
export function inProcess<Name extends string>({
  runId,
  adapter,
  metric,
}: Pick<RolloutRun<Name>, 'runId' | 'adapter' | 'metric'>): RolloutPlace<Name> {
  return {
    limitsTimeOf: [],
    open: async () => {},
    close: async () => {},
    start: (request: RolloutRequest<Name>) => {
      const { candidate, example, iteration, phase, candidateIndex, exampleId } = request;
      return {
        // A copy, so that a program that writes into its input changes nothing for others.
        run: ({ signal, meter }: AttemptContext) =>
          adapter.run(candidate, copyExample(example), {
            signal,
            meter,
            runId,
            iteration,
            phase,
            candidateIndex,
            exampleId,
          }),
        score: async ({ signal, meter }: AttemptContext, { output, trace }: AnyExecution) =>
          metric({ signal, meter, candidate, example, output, trace }),
        end: () => {},
      };
    },
  };
}
