import { chance } from './chance.ts';
import { readFields, readRules, statementsOf } from './rules.ts';

/** The most new rules that the model takes from one set of records. */
const rulesPerRewrite = 3;

const jsonAlone = 'Answer with the JSON object alone, without any other words.';
const generalAdvice = 'Read everything that is given before you decide.';

/**
 * The reflection model: finds rules for the fields of the current text in the feedback of the records (or, if the text has
 * no fields, lines marked as rules) and adds some of them. `careless` says whether it drops a part of a rule. The fence is
 * that of the current text in the prompt.
 */
export function rewrite(
  prompt: string,
  careless: (rule: string) => boolean,
): { text: string; fence: string } {
  const [block = '', fence = '````', current = ''] =
    /^(`{3,})[^\n`]*\n([\s\S]*?)\n\1[^\S\n]*$/m.exec(prompt) ?? [];
  const records = prompt.slice(prompt.indexOf(block) + block.length);
  const lessons = [...new Set(rulesIn(feedbackIn(records), current))]
    .filter((rule) => !current.includes(rule))
    .sort((a, b) => chance(prompt, a) - chance(prompt, b))
    .slice(0, rulesPerRewrite)
    .map((rule) => (careless(rule) ? withoutAnAlternative(rule) : rule));
  const brokenJson = /unexpected (?:token|end|non-whitespace)|not valid json|failed to parse/i.test(records);
  if (brokenJson && current.includes('JSON') && !current.includes(jsonAlone)) lessons.push(jsonAlone);
  if (lessons.length === 0 && !current.includes(generalAdvice)) lessons.push(generalAdvice);
  return { text: added(current, lessons), fence };
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
  const lines = lessons.map((lesson) => `- ${lesson}`).join('\n');
  if (/\{\w+\}\s*$/.test(current)) return `${lines}\n\n${current}`;
  const endsInList = /^- .*$/.test(current.trimEnd().split('\n').at(-1) ?? '');
  return `${current.trimEnd()}${endsInList ? '\n' : '\n\nKeep in mind:\n'}${lines}`;
}
