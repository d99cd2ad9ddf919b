import { pause } from '../../calls/pause.ts';
import { type ExampleText, exampleTexts, MAX_CHOICE_CHARACTERS } from '../records/example-texts.ts';

/** A passage of a text that is also in an example. */
export interface CopiedPassage {
  readonly passage: string;
  readonly exampleId: string;
}

/** This many equal words in a row are no coincidence. */
const MIN_WORDS = 8;
/** A whole input or expected value counts as copied from this length on: labels and names may be in a text. */
const MIN_WHOLE_WORDS = 5;
const MIN_WHOLE_CHARACTERS = 20;
/** Shorter texts of inputs, of two words or more, count if they come from this many examples. */
const MIN_SHORT_CHARACTERS = 6;
const MIN_LISTED = 4;
/** This many expected values, each on a short line, are a list of possible answers, not copied examples. */
const MIN_LABELS = 3;
/** Whole inputs of any length count if this many are followed by the expected value, as in worked examples. */
const MIN_ANSWERED = 3;
/** The words between an input and the expected value after it. */
const MAX_WORDS_BETWEEN = 4;
/** The maximum number of occurrences of a short text that are examined. */
const MAX_OCCURRENCES = 20;
/** A text in more than this share of the examples is common to the inputs, and not copied from one of them. */
const MAX_SHARED_PART = 0.2;
/** Only the first characters of longer values, such as documents, are compared. */
const MAX_VALUE_CHARACTERS = 20_000;

/**
 * The passages of a text that copy the input or the expected value of an example word by word: eight words or more in a
 * row, a whole value of five, or shorter texts of the inputs of several examples. Ignores case, punctuation, what the
 * known texts contain or many examples share, and values of fields that choose from a set.
 */
export async function copiedPassages(
  text: string,
  known: readonly string[],
  examples: readonly { readonly id: string; readonly example: unknown }[],
): Promise<CopiedPassage[]> {
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
  const whole = phraseOf(words);
  const knownWholes = known.map((other) => phraseOf(wordsOf(other)));

  /** By the first and last word of the passage in the text. */
  const found = new Map<string, { from: number; to: number; ids: Set<string> }>();
  const add = (from: number, to: number, id: string) => {
    const entry = found.get(`${from}-${to}`) ?? { from, to, ids: new Set<string>() };
    found.set(`${from}-${to}`, entry);
    entry.ids.add(id);
  };
  const texts = exampleTexts(examples);
  const short: ShortText[] = [];
  const labels = listedLabels(texts, whole);
  for (const exampleText of texts) {
    await pause();
    const { exampleId, isChoice, isExpected } = exampleText;
    if (isExpected && labels.has(exampleText.text)) continue;
    const theirs = wordsOf(exampleText.text.slice(0, MAX_VALUE_CHARACTERS));
    for (const [from, to] of runsIn(theirs, present, grams)) add(from, to, exampleId);
    const isShort = theirs.length > 0 && theirs.length < MIN_WORDS && !isChoice;
    if (!isShort || !theirs.every(({ word }) => present.has(word))) continue;
    const phrase = phraseOf(theirs);
    const places = placesOf(phrase, whole);
    if (places.length === 0 || knownWholes.some((other) => other.includes(phrase))) continue;
    const [from] = places as [number];
    if (theirs.length >= MIN_WHOLE_WORDS && phrase.length >= MIN_WHOLE_CHARACTERS)
      add(from, from + theirs.length, exampleId);
    else if (!exampleText.isExpected) short.push({ ...exampleText, phrase, places, length: theirs.length });
  }
  for (const { exampleId, from, to } of copiedShortTexts(short, texts, words)) add(from, to, exampleId);
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

/** The short expected values in a text, if there are enough of them for a list of answers. */
function listedLabels(texts: readonly ExampleText[], whole: string): ReadonlySet<string> {
  const expected = new Set(texts.filter(({ isExpected }) => isExpected).map(({ text }) => text));
  const labels = [...expected].filter(
    (text) => text.length <= MAX_CHOICE_CHARACTERS && whole.includes(phraseOf(wordsOf(text))),
  );
  return new Set(labels.length < MIN_LABELS ? [] : labels);
}

/** A short text of an input, which alone may be a coincidence, and its positions in the new text. */
interface ShortText extends ExampleText {
  readonly phrase: string;
  readonly places: readonly number[];
  readonly length: number;
}

/** The short texts of one example each, where they are too many for chance: a list of inputs, or answered ones. */
function copiedShortTexts(
  short: readonly ShortText[],
  texts: readonly ExampleText[],
  words: readonly Word[],
): { readonly exampleId: string; readonly from: number; readonly to: number }[] {
  if (short.length < MIN_ANSWERED) return [];
  const expected = new Map<string, string[]>();
  for (const { isExpected, exampleId, text } of texts) {
    if (isExpected) expected.set(exampleId, [...(expected.get(exampleId) ?? []), phraseOf(wordsOf(text))]);
  }
  const labels = new Set([...expected.values()].flat());
  const own = short.filter(
    ({ phrase, exampleId }) =>
      !labels.has(phrase) && short.every((other) => other.phrase !== phrase || other.exampleId === exampleId),
  );
  const at = ({ exampleId, length }: ShortText, from: number) => ({ exampleId, from, to: from + length });
  const listed = own
    .filter(
      ({ phrase, length }) => length > 1 && phrase.length > MIN_SHORT_CHARACTERS && /\p{L}/u.test(phrase),
    )
    .map((one) => at(one, one.places[0]!));
  const answered = own.flatMap((one) => {
    const isAnswered = (from: number) => {
      const after = from + one.length;
      return expected.get(one.exampleId)?.some((value) => {
        const end = after + MAX_WORDS_BETWEEN + value.split(' ').length - 2;
        return value.length > 2 && phraseOf(words.slice(after, end)).includes(value);
      });
    };
    const from = one.isInput ? one.places.find(isAnswered) : undefined;
    return from === undefined ? [] : [at(one, from)];
  });
  const examplesIn = (copies: typeof listed) => new Set(copies.map(({ exampleId }) => exampleId)).size;
  return [
    ...(examplesIn(listed) < MIN_LISTED ? [] : listed),
    ...(examplesIn(answered) < MIN_ANSWERED ? [] : answered),
  ];
}

/** The places of a phrase in a longer one, in words. */
function placesOf(phrase: string, whole: string): number[] {
  const places: number[] = [];
  let words = 0;
  let end = 0;
  for (let at = whole.indexOf(phrase); at >= 0 && places.length < MAX_OCCURRENCES; ) {
    words += whole.slice(end, at).split(' ').length - 1;
    places.push(words);
    end = at;
    at = whole.indexOf(phrase, at + 1);
  }
  return places;
}

/** The words with one space around each, so that a phrase in another is made of whole words. */
function phraseOf(words: readonly Word[]): string {
  return ` ${words.map(({ word }) => word).join(' ')} `;
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
