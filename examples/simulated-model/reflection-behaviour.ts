import { pick, shuffled } from './chance.ts';
import { type Field, readFields } from './fields.ts';
import { type Effect, type Rule, readRule, readRules, sentencesOf } from './rules.ts';

/** How many new rules the model takes from one set of records. */
const rulesPerRewrite = 3;

const jsonAlone = 'Answer with the JSON object alone, without any other words.';
const generalAdvice = 'Read everything that is given before you decide.';

/** A new text, and the fence in which the prompt showed the current one. */
export interface Rewrite {
  readonly text: string;
  readonly fence: string;
}

/**
 * The reflection model: takes from the feedback in the records what reads like a rule for the fields of the current
 * text, and adds some of it in words of its own. `careless` says whether it gets a rule only half right.
 */
export function rewrite(prompt: string, careless: (rule: string) => boolean): Rewrite {
  const { current, fence, rest } = currentText(prompt);
  const fields = readFields(current);
  const known = new Set(readRules(current, fields).map(meaning));
  const feedback = feedbackIn(rest);
  const lessons =
    fields.length === 0
      ? statedRules(feedback, current)
      : learnedRules(feedback, fields, known, prompt, careless);
  const brokenJson = /unexpected (?:token|end|non-whitespace)|not valid json|failed to parse/i.test(rest);
  if (brokenJson && fields.length > 0 && !current.includes(jsonAlone)) lessons.push(jsonAlone);
  if (lessons.length === 0 && !current.includes(generalAdvice)) lessons.push(generalAdvice);
  return { text: added(current, lessons), fence };
}

/** The first fenced block of the prompt, and what follows it. */
function currentText(prompt: string): { current: string; fence: string; rest: string } {
  const block = /^(`{3,})[^\n`]*\n([\s\S]*?)\n\1[^\S\n]*$/m.exec(prompt);
  if (block === null) return { current: '', fence: '````', rest: prompt };
  const [whole, fence = '````', current = ''] = block;
  return { current, fence, rest: prompt.slice(block.index + whole.length) };
}

/** All text that stands under a heading, or behind a label, that speaks of feedback; without one, all text. */
function feedbackIn(records: string): string {
  const lines: string[] = [];
  let inside = false;
  for (const line of records.split('\n')) {
    const label = /^\s*(?:[-*]\s+)?["*<]*([\w ]{0,30})[">*]*:[*]*\s*(.*)$/.exec(line);
    const heading = /^\s*(?:#{1,6}\s+(.*)|\*\*([^*]+)\*\*:?\s*|<\/?([\w ]+)>)$/.exec(line);
    const title = heading?.[1] ?? heading?.[2] ?? heading?.[3] ?? label?.[1];
    if (title !== undefined && /feedback/i.test(title)) {
      inside = !line.includes('</');
      if (heading === null && label?.[2]) lines.push(label[2]);
    } else if (heading !== null || /^\s*-{3,}\s*$/.test(line)) inside = false;
    else if (inside) lines.push(line);
  }
  return lines.length === 0 ? records : lines.join('\n');
}

function learnedRules(
  feedback: string,
  fields: readonly Field[],
  known: ReadonlySet<string>,
  key: string,
  careless: (rule: string) => boolean,
): string[] {
  const news = new Map<string, Rule>();
  for (const sentence of sentencesOf(feedback)) {
    const rule = readRule(sentence, fields, []);
    // "Expected queue billing, got support." is about one case; a rule says when, or that it is the default.
    if (rule === undefined || /^expected\b/i.test(sentence)) continue;
    if (rule.when === '' && !/\bdefault|otherwise\b/i.test(sentence)) continue;
    if (!known.has(meaning(rule))) news.set(meaning(rule), rule);
  }
  return shuffled([...news.values()], key)
    .slice(0, rulesPerRewrite)
    .map((rule) => {
      const halfRight = { ...rule, when: rule.when.replace(/,? or [^,]+$/, ''), unless: '' };
      return inOwnWords(careless(`${key}\n${rule.when}`) ? halfRight : rule, key);
    });
}

/** For a text that names no fields: the sentences that call themselves a rule. */
function statedRules(feedback: string, current: string): string[] {
  const rules = sentencesOf(feedback).filter((sentence) => /^[\w ]{0,20}\brule\b[\w ]{0,4}:/i.test(sentence));
  return rules
    .map((sentence) => sentence.replace(/^[^:]*:\s*/, ''))
    .filter((rule, i, all) => all.indexOf(rule) === i && !current.includes(rule))
    .slice(0, rulesPerRewrite);
}

function meaning({ condition, exception, effects, forbids }: Rule): string {
  return JSON.stringify([condition, exception, effects, forbids]);
}

/** States a rule in one of several ways, none of which need be the one it was heard in. */
export function inOwnWords({ when, unless, effects, forbids }: Rule, key: string): string {
  const each = (say: (effect: Effect) => string, link: string) => effects.map(say).join(link);
  const short = each(({ field, value }) => `${field} = ${value}`, ', ');
  const set = `${forbids ? 'never set' : 'set'} ${each(({ field, value }) => `the ${field} to ${value}`, ' and ')}`;
  const exception = unless === '' ? '' : ` unless ${unless}`;
  const condition = when.replace(/^(?:Tickets?|Messages?|Any|All|An?|The)\b/, (word) => word.toLowerCase());
  if (when === '') return `By default, ${set}${exception}.`;
  const isClause =
    /^(?:the|a|an|it|they)\b.{0,30}?\s(?:is|are|has|have|mentions?|says?|asks?|contains?)\b/.test(condition);
  const ways: [string, ...string[]] = isClause
    ? [`If ${condition}, ${set}`, `${capital(set)} whenever ${condition}`, `When ${condition}: ${set}`]
    : [`For ${condition}: ${set}`, `${capital(set)} for ${condition}`, `${capital(condition)} → ${short}`];
  return `${pick(forbids ? [ways[0]] : ways, key, when)}${exception}.`;
}

/** Adds lines at the end, or before a text that ends with a placeholder: what fills it comes last. */
function added(current: string, lessons: readonly string[]): string {
  if (lessons.length === 0) return current;
  const lines = lessons.map((lesson) => `- ${lesson}`).join('\n');
  if (/\{\w+\}\s*$/.test(current)) return `${lines}\n\n${current}`;
  return /^- .*$/.test(current.trimEnd().split('\n').at(-1) ?? '')
    ? `${current.trimEnd()}\n${lines}`
    : `${current.trimEnd()}\n\nKeep in mind:\n${lines}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
