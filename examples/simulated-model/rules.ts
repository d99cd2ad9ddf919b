import { stemmer } from 'stemmer';
import { type Cue, isIdle, keeps, type Limit, mentions, readCues, wordsIn } from './language.ts';

/** A field of the answer, with its possible values. */
export interface Field {
  readonly name: string;
  readonly values: readonly string[];
}

/** A rule as the model reads it. */
export interface Rule {
  /** The value that it sets, by field. */
  readonly effects: Readonly<Record<string, string>>;
  readonly when: Condition;
  readonly unless: Condition;
}

interface Condition {
  /** Values that must be among the known facts. */
  readonly facts: readonly string[];
  /** The case must mention one of them. */
  readonly cues: readonly Cue[];
  /** The case must have amounts within all of them. */
  readonly limits: readonly Limit[];
}

/** Reads the fields of the answer: the keys of the JSON template, with the values listed after their names. */
export function readFields(text: string): Field[] {
  const open = text.matchAll(/"([\w-]+)"\s*:\s*"(?:[^"\w]*|<[^"]*>|[^"]*\|[^"]*)"/g);
  return [...new Set(Array.from(open, ([, name]) => name!))].flatMap((name) => {
    const list = /((?:[\w"'`-]+(?:,? (?:or|and) |, ?| ?[|/] ?)){2,}[\w"'`-]+)/.source;
    const [, listed] = new RegExp(`\\b${name}s?\\b[^.\\n]{0,40}?${list}`, 'i').exec(text) ?? [];
    const values = listed?.match(/\b(?!(?:or|and)\b)[a-z][\w-]*/gi);
    return values ? [{ name, values }] : [];
  });
}

/** The single statements of a text, without bullets, labels and JSON. */
export function statementsOf(text: string): string[] {
  return text
    .replaceAll(/\{[^{}]*\}|\*\*/g, '')
    .split(/\n|(?<=[.!])\s+/)
    .map((line) =>
      line.replace(/^\s*(?:[-*•|]|\d+[.)])\s+/, '').replace(/^[\w ]{0,20}\brules?\b[\w ]{0,4}:\s*/i, ''),
    )
    .filter((statement) => /\w/.test(statement));
}

/** Reads the rules of a text about the fields of the answer, given the `known` facts of the case. */
export function readRules(
  text: string,
  fields: readonly Field[],
  known: ReadonlyMap<string, string> = new Map(),
): Rule[] {
  const asked = fields.flatMap(({ name, values }) => values.map((word) => ({ word, field: name })));
  const names = [...fields.map(({ name }) => name), ...known.keys()];
  const facts = [...known.values(), ...[...known.keys()].flatMap((name) => valuesNamed(text, name))];
  const terms: Term[] = [
    ...asked.map((term) => ({ ...term, kind: 'asked' as const })),
    ...facts.map((word) => ({ word, kind: 'fact' as const })),
    ...names.map((word) => ({ word, kind: 'name' as const })),
  ];
  return statementsOf(withoutForeignSections(text, fields)).flatMap((statement) => {
    let rule: Rule | undefined;
    return statement.split(';').flatMap((part) => {
      rule = readRule(part, terms, rule);
      return rule ?? [];
    });
  });
}

/** If headings name fields, removes the sections whose heading is another single word. */
function withoutForeignSections(text: string, fields: readonly Field[]): string {
  const [start, ...sections] = text.split(/^[#*\s]*(?=\w+(?: \w+){0,3}[:*\s]*$)/m);
  const headingOf = (section: string) => /^.*/.exec(section)![0];
  const isOwn = (section: string) =>
    wordsIn(headingOf(section)).some(({ word }) => fields.some(({ name }) => areForms(word, name)));
  const kept = sections.filter((section) => isOwn(section) || headingOf(section).includes(' '));
  return sections.some(isOwn) ? [start, ...kept].join('\n') : text;
}

/** A word with a meaning for rules: a value of a field, a value of a known fact, or the name of either. */
interface Term {
  readonly word: string;
  readonly kind: 'asked' | 'fact' | 'name';
  /** For `asked`: the field that has this value. */
  readonly field?: string;
}

const though =
  /\b(?:even|also) (?:if|when|though)\b|\beven\b|\b(?:al)?though\b|\bhowever\b|\bregardless\b|\bno matter\b|\bnever mind\b|(?<=, )wh(?:at|ich)ever\b/i;
const not = /\b(?:unless|except|not|never|no|without|rather than|instead of)\b|n't\b/i;
const given =
  /\b(?:if|when|whenever|where|once|whatever|in case|as soon as|provided that)\b|(?<=^, )should\b|^ (?:for|by)$/i;
const arrow = /→|[-=]>/;
const backArrow = /←|<-/;
const other = /[,:?()|]|—|–|\s-\s|\bthen\b/i;

/**
 * Reads one statement. It is cut at punctuation and words like `if`. A piece that ends in a run of only terms and idle words,
 * with values of fields among them, has the effects of the rule: the first value of each field. The other pieces are
 * conditions, exceptions or remarks. A statement without effects or conditions takes them from the rule `before`.
 */
function readRule(statement: string, terms: readonly Term[], before: Rule | undefined): Rule | undefined {
  const parts = cut(statement, terms);
  const turn = parts.findIndex((part) => part === '?' || arrow.test(part));
  const turnBack = parts.findIndex((part) => backArrow.test(part));
  const asked: Term[] = [];
  const when: string[] = [];
  const unless: string[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    const [opener = '', text = ''] = parts.slice(i);
    if (though.test(opener)) continue;
    const isCondition = i < turn || (turnBack > 0 && i >= turnBack) || given.test(opener);
    const words = wordsIn(text).map(({ word, index }) => ({ word, index, term: termFor(word, terms) }));
    const start = words.findLastIndex(({ word, term }) => term === undefined && !isIdle(word)) + 1;
    const run = isCondition ? [] : words.slice(start);
    const asks = run.flatMap(({ term }) => (term?.kind === 'asked' ? [term] : []));
    const facts = run.flatMap(({ term }) => (term?.kind === 'fact' ? [term.word] : []));
    const rest = asks.length === 0 ? text : [text.slice(0, run[0]!.index), ...facts].join(' ');
    if (!not.test(opener)) asked.push(...asks);
    (not.test(opener) ? unless : when).push(rest);
  }
  const own = Object.fromEntries(asked.reverse().map(({ field, word }) => [field!, word]));
  const count = Object.keys(own).length;
  const effects = count === 0 ? before?.effects : own;
  if (effects === undefined) return undefined;
  const read = (texts: readonly string[]) => toCondition(texts, terms, effects);
  const rule = { effects, when: read(when), unless: read(unless) };
  if (!isEmpty(rule.when)) return rule;
  if (before !== undefined) return { ...before, effects };
  return count === asked.length ? rule : undefined;
}

/** Cuts a statement into openers and pieces, alternating. */
function cut(statement: string, terms: readonly Term[]): string[] {
  // "Set it to high for ..." begins a condition, "they ask for ..." does not.
  const purpose = `(?<=^,|\\b(?:${terms.map(({ word }) => word).join('|')})) (?:for|by)\\b`;
  const cuts = [though, not, given, arrow, backArrow, other].map(({ source }) => source);
  return `, ${statement}`.split(new RegExp(`(${[purpose, ...cuts].join('|')})`, 'i')).slice(1);
}

/** Values of fields count as facts only next to the name of their field, and not if the rule sets that field. */
function toCondition(texts: readonly string[], terms: readonly Term[], effects: Rule['effects']): Condition {
  const facts: string[] = [];
  const cueTexts = texts.map((text) => {
    const names = terms.filter(({ kind, word }) => kind === 'name' && !(word in effects));
    const beside = names.flatMap(({ word }) => valuesNamed(text, word));
    return text.replaceAll(/[\p{L}\d-]+/gu, (word) => {
      const term = termFor(word.toLowerCase(), terms);
      const isFact = term?.kind === 'fact' || (term?.kind === 'asked' && beside.includes(term.word));
      if (isFact) facts.push(term.word);
      return isFact || term?.kind === 'name' ? '' : word;
    });
  });
  return { facts, ...readCues(cueTexts.join('\n')) };
}

/** The term that a word means: an equal one, or else one of which the word is a longer form. */
function termFor(word: string, terms: readonly Term[]): Term | undefined {
  return (
    terms.find((term) => term.word === word) ??
    terms.find((term) => term.word.length < word.length && areForms(term.word, word))
  );
}

function areForms(a: string, b: string): boolean {
  return stemmer(a) === stemmer(b);
}

/** The words that are values of a field in a text: `partner customers`, `customer is partner`. */
function valuesNamed(text: string, name: string): string[] {
  const around = new RegExp(
    `(?:([a-z-]+) )?\\b${name}(?:s\\b|["']?(?: *(?:is|as|to|of|[:=→]))? *(?:an? )?([a-z-]+)?)`,
    'gi',
  );
  return Array.from(text.matchAll(around), ([, before = '', after = '']) =>
    isIdle(before) ? after.toLowerCase() : before.toLowerCase(),
  ).filter((word) => !isIdle(word));
}

/** The number of conditions of a rule, if the case meets all of them; otherwise -1. */
export function support({ when, unless }: Rule, facts: readonly string[], text: string): number {
  const holds = ({ facts: needed, cues, limits }: Condition) =>
    needed.every((fact) => facts.includes(fact)) &&
    limits.every((limit) => keeps(text, limit)) &&
    (cues.length === 0 || cues.some((cue) => mentions(text, cue)));
  if (!holds(when) || (!isEmpty(unless) && holds(unless))) return -1;
  return new Set(when.facts).size + when.limits.length + Math.min(when.cues.length, 1);
}

function isEmpty({ facts, cues, limits }: Condition): boolean {
  return facts.length + cues.length + limits.length === 0;
}
