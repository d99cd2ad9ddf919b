import { chance } from './chance.ts';
import { readFields, readRules, statementsOf } from './rules.ts';

/** The most new rules that the model takes from one set of records. */
const rulesPerRewrite = 3;

const jsonAlone = 'Answer with the JSON object alone, without any other words.';
/** The advice that the model adds to a text when it finds no rule. */
export const generalAdvice = 'Read everything that is given before you decide.';

/** A new text for a component; the fence is that of its current text in the prompt. */
export interface NewText {
  /** Empty if the prompt asks for only one text. */
  readonly name: string;
  readonly text: string;
  readonly fence: string;
}

/**
 * The reflection model: finds rules for the fields of each current text in the feedback of its records (or, if the text
 * has no fields, lines marked as rules) and adds some of them. `careless` says whether it drops a part of a rule. Of
 * several texts it leaves out those for which it finds nothing.
 */
export function rewrite(prompt: string, careless: (rule: string) => boolean): NewText[] {
  const texts = sectionsOf(prompt).map((section) => ({
    ...section,
    ...rewriteOne(prompt, section, careless),
  }));
  const changed = texts.filter(({ lessons }) => lessons.length > 0);
  return changed.length > 0 && texts.length > 1 ? changed : texts.map(withAdvice);
}

interface Section {
  readonly name: string;
  readonly fence: string;
  readonly current: string;
  readonly records: string;
}

/** The texts of the prompt, each with the records: those that follow it, or else those that follow the last text. */
function sectionsOf(prompt: string): Section[] {
  const parts = prompt.split(/^# The text(?: "[^"\n]*")?$/m);
  const sections = (parts.length > 1 ? parts.slice(1) : parts).map((part) => {
    const [block = '', fence = '````', current = ''] =
      /^(`{3,})[^\n`]*\n([\s\S]*?)\n\1[^\S\n]*$/m.exec(part) ?? [];
    const name = parts.length > 2 ? (/^"(.+)" is /m.exec(part)?.[1] ?? '') : '';
    return { name, fence, current, records: part.slice(part.indexOf(block) + block.length) };
  });
  const shared = sections.at(-1)!.records;
  return sections.map((section) => ({
    ...section,
    records: section.records.includes('# Runs') ? section.records : shared,
  }));
}

/** The text with general advice, if nothing else was found. */
function withAdvice({ name, fence, text, lessons, current }: Section & Rewrite): NewText {
  const needsAdvice = lessons.length === 0 && !current.includes(generalAdvice);
  return { name, fence, text: needsAdvice ? added(current, [generalAdvice]) : text };
}

interface Rewrite {
  readonly text: string;
  readonly lessons: readonly string[];
}

function rewriteOne(
  prompt: string,
  { current, records }: Section,
  careless: (rule: string) => boolean,
): Rewrite {
  const lessons = [...new Set(rulesIn(feedbackIn(records), current))]
    .filter((rule) => !current.includes(rule))
    .sort((a, b) => chance(prompt, a) - chance(prompt, b))
    .slice(0, rulesPerRewrite)
    .map((rule) => (careless(rule) ? withoutAnAlternative(rule) : rule));
  const brokenJson = /unexpected (?:token|end|non-whitespace)|not valid json|failed to parse/i.test(records);
  if (brokenJson && current.includes('JSON') && !current.includes(jsonAlone)) lessons.push(jsonAlone);
  return { text: added(current, lessons), lessons };
}

/** The sections whose headings contain "feedback"; without any, everything. */
function feedbackIn(records: string): string {
  const sections = records.split(/^#+ /m).filter((section) => /^.*feedback/i.test(section));
  return sections.join('\n') || records;
}

function rulesIn(feedback: string, current: string): string[] {
  const fields = readFields(current);
  if (fields.length === 0)
    return statementsOf(feedback.match(/^[\w ]*\brule\b[\w ]*:.*$/gim)?.join('\n') ?? '');
  // "Expected queue billing, got support." is about one case.
  const statements = statementsOf(feedback).filter((statement) => !/\bexpected\b/i.test(statement));
  return statements.filter((statement) => readRules(statement, fields).length > 0);
}

function withoutAnAlternative(rule: string): string {
  return rule.replace(/, (?!the\b)[^,.]+?(?=,| or )|,? or (?:an? )?\w+/, '');
}

/** Adds lines at the end; before the text if it ends with a placeholder, whose value must come last. */
function added(current: string, lessons: readonly string[]): string {
  if (lessons.length === 0) return current;
  const lines = lessons.map((lesson) => `- ${lesson}`).join('\n');
  if (/\{\w+\}\s*$/.test(current)) return `${lines}\n\n${current}`;
  const endsInList = /^- .*$/.test(current.trimEnd().split('\n').at(-1) ?? '');
  return `${current.trimEnd()}${endsInList ? '\n' : '\n\nKeep in mind:\n'}${lines}`;
}
