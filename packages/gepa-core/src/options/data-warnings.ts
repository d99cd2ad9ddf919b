import type { Component } from '../component.ts';
import { answerInInput } from '../reflection/example-parts.ts';
import { canonicalJson, type ExampleRef } from '../search/examples.ts';

/** Warns about problems of the data sets. */
export function warnAboutData<Example>(
  settings: { trainset: readonly Example[]; valset: readonly Example[] },
  refs: Record<'trainset' | 'valset' | 'testset', readonly ExampleRef<Example>[]>,
  warn: (message: string) => void,
): void {
  if (settings.valset === settings.trainset) {
    warn(
      'There is no valset: candidates are compared on the trainset that they were written from. Set a valset to see whether they generalize.',
    );
  }
  for (const { example } of refs.trainset) {
    const field = answerInInput(example);
    if (field === undefined) continue;
    warn(
      `The inputs of examples have a field "${field}". If it is the right answer, give it as \`expected\`: the reflection model sees whatever is in an input.`,
    );
    break;
  }
  const test = refs.testset.map(contentOf);
  for (const set of ['trainset', 'valset'] as const) {
    const seen = new Set(test.length === 0 ? [] : refs[set].map(contentOf));
    const shared = test.filter((content) => seen.has(content)).length;
    if (shared > 0) {
      warn(
        `${shared} of the ${refs.testset.length} test examples are also in the ${set}: the test score is too high. Hold them out.`,
      );
    }
  }
}

/** Warns about texts that look like templates, but have no variables that a new text would have to keep. */
export function warnAboutPlaceholders(
  components: Readonly<Record<string, Component>>,
  warn: (message: string) => void,
): void {
  for (const [name, { text, variables }] of Object.entries(components)) {
    const placeholder = variables === undefined ? /\{([A-Za-z_]\w*)\}/.exec(text) : null;
    if (placeholder === null) continue;
    warn(
      `The text of ${name} has ${placeholder[0]}, but no variables: if your code fills it in, a new text may lose it. ` +
        `Declare it: \`variables: { '${name}': ['${placeholder[1]}'] }\`, or \`tunable(name, text, { variables: ['${placeholder[1]}'] })\`.`,
    );
  }
}

/** Equal for examples with equal input and expected output. Ids and metadata are ignored. */
function contentOf<Example>({ example, key }: ExampleRef<Example>): string | number {
  if (typeof example !== 'object' || example === null || !('input' in example)) return key;
  const { input, expected } = example as { input: unknown; expected?: unknown };
  return canonicalJson({ input, expected }) ?? key;
}
