import { expectedOf, inputOf } from './example-parts.ts';

/** A text in the input or the expected value of an example. */
export interface ExampleText {
  readonly exampleId: string;
  readonly text: string;
  readonly isExpected: boolean;
  /** Whether it is the whole input. */
  readonly isInput: boolean;
  /** Whether its field chooses from a set, such as labels, which a text may list. */
  readonly isChoice: boolean;
}

/** The values of a field that chooses from a set recur this often. */
const MAX_DISTINCT_PART = 0.8;
export const MAX_CHOICE_CHARACTERS = 60;
const maxDepth = 8;

/** The texts in the inputs and expected values of examples. */
export function exampleTexts(
  examples: readonly { readonly id: string; readonly example: unknown }[],
): ExampleText[] {
  const byField = new Map<string, Omit<ExampleText, 'isChoice'>[]>();
  for (const { id, example } of examples) {
    for (const isExpected of [false, true]) {
      const found = [...textsIn(isExpected ? expectedOf(example) : inputOf(example), String(isExpected))];
      for (const [field, text] of found) {
        const texts = byField.get(field) ?? [];
        byField.set(field, texts);
        texts.push({ exampleId: id, text, isExpected, isInput: !isExpected && found.length === 1 });
      }
    }
  }
  return [...byField.values()].flatMap((texts) => {
    const isChoice = recur(texts.map(({ text }) => text));
    return texts.map((text) => ({ ...text, isChoice }));
  });
}

function recur(texts: readonly string[]): boolean {
  const distinct = new Set(texts.map((text) => text.trim().toLowerCase())).size;
  const isShort = texts.every((text) => text.length <= MAX_CHOICE_CHARACTERS);
  return isShort && texts.length > 1 && distinct <= texts.length * MAX_DISTINCT_PART;
}

/** All strings and numbers in a value, with the path of their field. */
function* textsIn(value: unknown, field: string, depth = 0): Generator<[field: string, text: string]> {
  if (typeof value === 'string' || typeof value === 'number') yield [field, String(value)];
  if (typeof value !== 'object' || value === null || depth > maxDepth) return;
  for (const [name, item] of Object.entries(value)) {
    yield* textsIn(item, Array.isArray(value) ? field : `${field}.${name}`, depth + 1);
  }
}
