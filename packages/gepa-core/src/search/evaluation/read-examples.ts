import type { Pause } from '../../calls/pause.ts';
import { warnAboutData } from '../../options/data-warnings.ts';
import type { Settings } from '../../options/settings.ts';
import { ExampleIndex, type ExampleRef } from './examples.ts';

/** The data sets of a run. */
export type ExampleRefs<Example> = Readonly<
  Record<'trainset' | 'valset' | 'testset', readonly ExampleRef<Example>[]>
>;

/** Numbers the examples and warns about problems of the data sets. */
export async function readExamples<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  warn: (message: string) => void,
  pause: Pause,
  trainsetName = 'train',
): Promise<ExampleRefs<Example>> {
  const index = new ExampleIndex<Example>(settings.mask.name);
  const read = async (name: string, examples: readonly Example[]) => {
    const refs: ExampleRef<Example>[] = [];
    for (const [position, example] of examples.entries()) {
      await pause();
      refs.push(index.add(example, name, position));
    }
    return refs;
  };
  const refs = {
    trainset: await read(trainsetName, settings.trainset),
    valset: await read('val', settings.valset),
    testset: await read('test', settings.testset),
  };
  // An evaluation has one set.
  if (trainsetName === 'train') await warnAboutData(settings, refs, warn, pause);
  return refs;
}
