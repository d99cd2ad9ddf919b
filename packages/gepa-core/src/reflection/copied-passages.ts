import { expectedOf, inputOf } from './example-parts.ts';

/** A passage of a text that is also in an example. */
export interface CopiedPassage {
  readonly passage: string;
  readonly exampleId: string;
}

/** So many words in a row are not alike by chance. */
const MIN_WORDS = 8;
/** A whole input or expected value counts from here: labels and names may be in a text. */
const MIN_WHOLE_WORDS = 5;
const MIN_WHOLE_CHARACTERS = 20;
/** What stands in more examples than this part of them is common to the inputs, and no example of its own. */
const MAX_SHARED_PART = 0.2;
/** Longer values, such as documents, are searched up to here. */
const MAX_VALUE_CHARACTERS = 20_000;

/**
 * The passages of a text that copy the input or the expected value of an example word by word: eight words or more in a
 * row, or a whole value of five. Ignores case, punctuation, and what the known texts contain or many examples share.
 */
export function copiedPassages(
  text: string,
  known: readonly string[],
  examples: readonly { readonly id: string; readonly example: unknown }[],
): CopiedPassage[] {
  const words = wordsOf(text);
  const present = new Set(words.map(({ word }) => word));
  const grams = new Map<string, number>();
  for (let start = 0; start + MIN_WORDS <= words.length; start++) {
    grams.set(gramOf(words, start), start);
  }
  for (const other of known) {
    const theirs = wordsOf(other);
    for (let start = 0; start + MIN_WORDS <= theirs.length; start++) grams.delete(gramOf(theirs, start));
  }
  const whole = ` ${words.map(({ word }) => word).join(' ')} `;
  const knownWholes = known.map(
    (other) =>
      ` ${wordsOf(other)
        .map(({ word }) => word)
        .join(' ')} `,
  );

  /** By the first and last word of the passage in the text. */
  const found = new Map<string, { from: number; to: number; ids: Set<string> }>();
  const add = (from: number, to: number, id: string) => {
    const entry = found.get(`${from}-${to}`) ?? { from, to, ids: new Set<string>() };
    found.set(`${from}-${to}`, entry);
    entry.ids.add(id);
  };
  for (const { id, example } of examples) {
    for (const value of textsOf([inputOf(example), expectedOf(example)])) {
      const theirs = wordsOf(value.slice(0, MAX_VALUE_CHARACTERS));
      for (const [from, to] of runsIn(theirs, present, grams)) add(from, to, id);
      if (theirs.length < MIN_WHOLE_WORDS || theirs.length >= MIN_WORDS) continue;
      const phrase = ` ${theirs.map(({ word }) => word).join(' ')} `;
      const at = phrase.length < MIN_WHOLE_CHARACTERS ? -1 : whole.indexOf(phrase);
      if (at < 0 || knownWholes.some((other) => other.includes(phrase))) continue;
      const from = whole.slice(0, at).split(' ').length - 1;
      add(from, from + theirs.length, id);
    }
  }
  const maxShared = Math.max(2, examples.length * MAX_SHARED_PART);
  const passages = [...found.values()].filter(({ ids }) => ids.size <= maxShared);
  return passages
    .filter((a) => !passages.some((b) => b !== a && b.from <= a.from && b.to >= a.to))
    .sort((a, b) => a.from - b.from)
    .map(({ from, to, ids }) => ({
      passage: text.slice(words[from]!.start, words[to - 1]!.end),
      exampleId: [...ids][0]!,
    }));
}

interface Word {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** Words and numbers; each character of a script without spaces counts as one. */
function wordsOf(text: string): Word[] {
  const pattern = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}]+/gu;
  return Array.from(text.matchAll(pattern), ({ 0: word, index }) => ({
    word: word.toLowerCase(),
    start: index,
    end: index + word.length,
  }));
}

function gramOf(words: readonly Word[], start: number): string {
  let gram = '';
  for (let i = start; i < start + MIN_WORDS; i++) gram += `${words[i]!.word} `;
  return gram;
}

/** The runs of words that are in the text too, by their place in it. */
function runsIn(
  theirs: readonly Word[],
  present: ReadonlySet<string>,
  grams: ReadonlyMap<string, number>,
): [number, number][] {
  const runs: [number, number][] = [];
  let known = 0;
  for (let i = 0; i < theirs.length; i++) {
    known = present.has(theirs[i]!.word) ? known + 1 : 0;
    if (known < MIN_WORDS) continue;
    const from = grams.get(gramOf(theirs, i + 1 - MIN_WORDS));
    if (from === undefined) continue;
    const last = runs.at(-1);
    if (last !== undefined && last[1] === from + MIN_WORDS - 1) last[1]++;
    else runs.push([from, from + MIN_WORDS]);
  }
  return runs;
}

/** All strings in a value. */
function textsOf(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || depth > 8) return [];
  return Object.values(value).flatMap((field) => textsOf(field, depth + 1));
}
