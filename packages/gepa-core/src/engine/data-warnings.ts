import type { ExampleRef } from './examples.ts';

/** What is odd about the examples, in words. */
export function warnAboutData<Example>(
  settings: { trainset: readonly Example[]; valset: readonly Example[] },
  refs: Record<'trainset' | 'valset' | 'testset', readonly ExampleRef<Example>[]>,
  warn: (message: string) => void,
): void {
  if (settings.valset === settings.trainset) {
    warn(
      'There is no valset: candidates are compared on the trainset they were written from. Give a valset to see whether they generalize.',
    );
  }
  const testKeys = new Set(refs.testset.map(({ key }) => key));
  for (const set of ['trainset', 'valset'] as const) {
    const shared = new Set(refs[set].map(({ key }) => key).filter((key) => testKeys.has(key))).size;
    if (shared > 0) {
      warn(
        `${shared} of the ${refs.testset.length} test examples also stand in the ${set}: the test score flatters the result. Hold them out.`,
      );
    }
  }
}
