import type { Pause } from '../calls/pause.ts';
import { warnAboutData } from '../options/data-warnings.ts';
import type { Settings } from '../options/settings.ts';
import { ExampleIndex, type ExampleRef } from '../search/evaluation/examples.ts';

/** The data sets of a run. */
export type ExampleRefs = Readonly<Record<'trainset' | 'valset' | 'testset', readonly ExampleRef[]>>;

/** Numbers the examples and warns about problems of the data sets. */
export async function readExamples<Name extends string>(
  settings: Settings<Name>,
  warn: (message: string) => void,
  pause: Pause,
  trainsetName = 'train',
): Promise<ExampleRefs> {
  const index = new ExampleIndex(settings.mask.name);
  const read = async (name: string, examples: readonly unknown[]) => {
    const refs: ExampleRef[] = [];
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
