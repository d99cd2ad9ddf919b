import type { Pause } from '../calls/pause.ts';
import type { Component } from '../component.ts';
import { answerInInput } from '../reflection/records/example-parts.ts';
import type { ExampleRef } from '../search/evaluation/examples.ts';
import { canonicalJson } from '../text/canonical-json.ts';

/** Warns about problems of the data sets. */
export async function warnAboutData(
  settings: { trainset: readonly unknown[]; valset: readonly unknown[] },
  refs: Record<'trainset' | 'valset' | 'testset', readonly ExampleRef[]>,
  warn: (message: string) => void,
  pause: Pause,
): Promise<void> {
  if (settings.valset === settings.trainset) {
    warn(
      'The valset is the trainset: candidates are compared on the examples that they were written from. Give other examples as the valset to see whether the texts generalize.',
    );
  }
  for (const { example } of refs.trainset) {
    const field = answerInInput(example);
    if (field === undefined) continue;
    warn(
      `The inputs of examples have a field "${field}". If it is the right answer, give it as \`expected\`: the reflection model sees every field of an input.`,
    );
    break;
  }
  const { trainset, valset, testset } = refs;
  await warnOfShared({ of: testset, name: 'test', set: trainset, setName: 'trainset' }, warn, pause);
  await warnOfShared({ of: testset, name: 'test', set: valset, setName: 'valset' }, warn, pause);
  if (settings.valset !== settings.trainset) {
    await warnOfShared({ of: valset, name: 'validation', set: trainset, setName: 'trainset' }, warn, pause);
  }
  await warnOfContradictions(refs, warn, pause);
}

/** Warns about equal or nearly equal examples in two sets. */
async function warnOfShared(
  sets: {
    readonly of: readonly ExampleRef[];
    readonly name: string;
    readonly set: readonly ExampleRef[];
    readonly setName: string;
  },
  warn: (message: string) => void,
  pause: Pause,
): Promise<void> {
  const { of, name, set, setName } = sets;
  if (of.length === 0) return;
  const seen = new Set(await eachOf(set, inputKey, pause));
  const isShared = await eachOf(of, (ref) => seen.has(inputKey(ref)), pause);
  const shared = of.filter((_, position) => isShared[position]);
  if (shared.length === 0) return;
  const contents = new Set(await eachOf(set, contentOf, pause));
  const nearly = (await eachOf(shared, contentOf, pause)).every((content) => contents.has(content))
    ? ''
    : ', some with differences in case, spaces, punctuation or expected output only';
  warn(
    `${shared.length} of the ${of.length} ${name} examples are also in the ${setName}${nearly}: the ${name} score is too high. Use each example in one set only.`,
  );
}

/** Warns about equal inputs with different expected outputs: no text can be right on both. */
async function warnOfContradictions(
  refs: Record<'trainset' | 'valset' | 'testset', readonly ExampleRef[]>,
  warn: (message: string) => void,
  pause: Pause,
): Promise<void> {
  const expected = new Map<string | number, { id: string; value: string }>();
  for (const ref of [...refs.trainset, ...refs.valset, ...refs.testset]) {
    await pause();
    if (!hasInput(ref.example)) continue;
    const value = canonicalJson(ref.example.expected);
    if (value === undefined || value === 'undefined') continue;
    const input = canonicalJson(ref.example.input) ?? ref.key;
    const known = expected.get(input);
    if (known === undefined) expected.set(input, { id: ref.id, value });
    else if (known.value !== value) {
      warn(
        `The examples ${known.id} and ${ref.id} have the same input but different expected outputs, so that no text can be right on both. Correct one of them.`,
      );
      return;
    }
  }
}

async function eachOf<Item, Value>(
  items: readonly Item[],
  of: (item: Item) => Value,
  pause: Pause,
): Promise<Value[]> {
  const values: Value[] = [];
  for (const item of items) {
    await pause();
    values.push(of(item));
  }
  return values;
}

/** Warns about texts that look like templates but declare no variables, so that a new text may lose them. */
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
function contentOf({ example, key }: ExampleRef): string | number {
  if (!hasInput(example)) return key;
  const { input, expected } = example;
  return canonicalJson({ input, expected }) ?? key;
}

/** Equal for examples whose inputs differ in case, spaces or punctuation at most. */
function inputKey({ example, key }: ExampleRef): string | number {
  const input = canonicalJson(hasInput(example) ? example.input : example);
  // On long texts, much faster than `replace`.
  return (
    input
      ?.toLowerCase()
      .split(/(?:[\s.,;:!?'"]|\\[nrt"])+/)
      .join(' ') ?? key
  );
}

function hasInput(example: unknown): example is { readonly input: unknown; readonly expected?: unknown } {
  return typeof example === 'object' && example !== null && 'input' in example;
}
