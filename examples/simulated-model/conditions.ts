/** What a rule asks of a case, read from words: every requirement by at least one of its alternatives. */
export type Condition = readonly Requirement[];

interface Requirement {
  readonly negated: boolean;
  readonly anyOf: readonly Alternative[];
}

interface Alternative {
  /** A phrase to be found as it stands, from quotation marks. */
  readonly phrase?: string;
  /** Stems to be found together in one sentence. */
  readonly stems: readonly string[];
  /** `more than 90 days` and the like. */
  readonly quantity?: { readonly over: boolean; readonly amount: number; readonly unit: string };
  /** `the customer is a partner`: a known fact that must have one of these values. */
  readonly fact?: { readonly key: string; readonly values: readonly string[] };
}

/** What the model knows of a case when it weighs a rule. */
export interface Case {
  readonly text: string;
  readonly facts: Readonly<Record<string, string>>;
}

const boundary =
  /\b(?:and|but|that|which|who|whose|where|from|about|concern(?:s|ing)?|mention(?:s|ed|ing)?|contain(?:s|ing)?|sa(?:y|ys|ying)|ask(?:s|ed|ing)?(?: for)?|report(?:s|ing)?|talk(?:s|ing)? about|speak(?:s|ing)? of)\b/i;
const negation = /\b(?:not|no|without|never|none|nor|neither)\b|n't\b/i;
const quantity =
  /\b(more|older|longer|later|over|larger|greater|less|fewer|younger|under|shorter)\b(?: than)? (\d+)[ -]([a-z]+)/i;
const idle = new Set(
  (
    'a an the any all each every some this these those it its they them their there is are was were be been being ' +
    'has have had do does did of to in on at for with by as if when whenever then than so such like even also only ' +
    'ticket tickets message messages text case cases request requests customer customers user users writer sender ' +
    'person people anyone anything something someone everything word words phrase old ago due late matter matters ' +
    'always whatever name names named not no without or'
  ).split(' '),
);

/** Reads a condition. Empty when the words ask for nothing. */
export function readCondition(text: string, factKeys: readonly string[]): Condition {
  return text.split(boundary).flatMap((segment) => {
    const anyOf = segment.split(/,|\bor\b|\//i).flatMap((words) => readAlternative(words, factKeys));
    return anyOf.length === 0 ? [] : [{ negated: negation.test(segment), anyOf }];
  });
}

export function holds(condition: Condition, subject: Case): boolean {
  const sentences = subject.text.split(/(?<=[.!?])\s+|\n/).map((sentence) => new Set(stems(sentence)));
  const meets = ({ phrase, stems, quantity, fact }: Alternative) => {
    if (fact !== undefined) {
      const value = subject.facts[fact.key];
      return value !== undefined && fact.values.includes(stem(value));
    }
    if (phrase !== undefined) return subject.text.toLowerCase().includes(phrase);
    if (quantity !== undefined && !quantities(subject.text).some((found) => compare(found, quantity)))
      return false;
    return stems.length === 0 || sentences.some((sentence) => stems.every((word) => sentence.has(word)));
  };
  return condition.every(({ negated, anyOf }) => anyOf.some(meets) !== negated);
}

function readAlternative(text: string, factKeys: readonly string[]): Alternative[] {
  const words = text.trim().toLowerCase();
  const quoted = /["“'`]([^"”'`]{3,})["”'`]/.exec(words)?.[1];
  if (quoted !== undefined) return [{ phrase: quoted, stems: [] }];
  for (const key of factKeys) {
    const after = new RegExp(`\\b${key}s?\\b["']?\\s*(?:is|are|=|:|was)\\s*(?:an?\\s)?(.+)$`).exec(
      words,
    )?.[1];
    const before = new RegExp(`([\\w-]+) ${key}s?\\b`).exec(words)?.[1];
    const value = after ?? before;
    if (value === undefined || (after === undefined && idle.has(value))) continue;
    return [{ stems: [], fact: { key, values: stems(value) } }];
  }
  const found = quantity.exec(words);
  const rest = stems(found === null ? words : words.replace(found[0], ' '));
  if (found === null) return rest.length === 0 ? [] : [{ stems: rest }];
  const over = /more|older|longer|later|over|larger|greater/.test(found[1]!);
  return [{ stems: rest, quantity: { over, ...inDays(Number(found[2]), found[3]!) } }];
}

/** The words that carry meaning, cut down to what their forms share. */
export function stems(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\d]+(?:-[\p{L}\d]+)*/gu) ?? [];
  return words.filter((word) => !idle.has(word)).map(stem);
}

function stem(word: string): string {
  if (word.length < 5) return word.replace(/(?<=\w\w)s$/, '');
  return word
    .toLowerCase()
    .replace(/ies$/, 'y')
    .replace(/(?:ing|ed|ations?|es|s)$/, '')
    .replace(/([b-df-hj-np-tv-z])\1$/, '$1')
    .replace(/e$/, '');
}

function quantities(text: string): { amount: number; unit: string }[] {
  return [...text.matchAll(/\b(\d+)[ -]([a-z]+)/gi)].map(([, amount, unit]) => inDays(Number(amount), unit!));
}

function inDays(amount: number, unit: string): { amount: number; unit: string } {
  const name = unit.toLowerCase().replace(/s$/, '');
  const days = new Map([
    ['day', 1],
    ['week', 7],
    ['month', 30],
    ['year', 365],
  ]).get(name);
  return days === undefined ? { amount, unit: name } : { amount: amount * days, unit: 'day' };
}

function compare(
  found: { amount: number; unit: string },
  { over, amount, unit }: { over: boolean; amount: number; unit: string },
): boolean {
  return found.unit === unit && (over ? found.amount > amount : found.amount < amount);
}
