import { warnAboutData } from '../../options/data-warnings.ts';
import type { Settings } from '../../options/settings.ts';
import { ExampleIndex, type ExampleRef } from './examples.ts';

/** The data sets of a run. */
export type ExampleRefs<Example> = Readonly<
  Record<'trainset' | 'valset' | 'testset', readonly ExampleRef<Example>[]>
>;

/** Numbers the examples and warns about problems of the data sets. The work can pause between examples. */
export function* readExamples<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  warn: (message: string) => void,
  trainsetName = 'train',
): Generator<void, ExampleRefs<Example>> {
  const index = new ExampleIndex<Example>(settings.mask.name);
  const trainset = yield* index.adding(trainsetName, settings.trainset);
  const valset = yield* index.adding('val', settings.valset);
  const testset = yield* index.adding('test', settings.testset);
  const refs = { trainset, valset, testset };
  // An evaluation has one set.
  if (trainsetName === 'train') yield* warnAboutData(settings, refs, warn);
  return refs;
}
