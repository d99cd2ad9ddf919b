import { stemmer } from 'stemmer';
import { wordsIn } from './language.ts';
import { type Luck, withProse } from './mishaps.ts';
import type { Answer, ChatMessage, ChatRequest } from './protocol.ts';
import { type Rule, readFields, readRules, support } from './rules.ts';

/** Groups of related English words, unrelated to any data set. */
const associations = [
  'invoice bill billing charge refund pay paid payment price receipt finance',
  'login log sign password locked account access identity',
  'outage incident down unavailable unreachable nobody',
  'bug crash error broken wrong defect technical engineering',
  'urgent immediately asap critical',
  'low rush hurry whenever',
].map((words) => new Set(words.split(' ').map(stemmer)));
const jsonAlone = /\bjson\b[^.\n]{0,40}\b(?:alone|only|nothing else|no other)|\bonly\b[^.\n]{0,30}\bjson/i;
const unremarkable = /normal|standard|default|general|support|question|other/;

/** The task model: calls each offered tool, and then answers with the JSON of its instructions. */
export function taskAnswer(request: ChatRequest, luck: Luck): Answer {
  const toolCall = nextToolCall(request);
  if (toolCall !== undefined) return { content: '', toolCall };
  const { instructions, text } = partsOf(request.messages);
  const json = decide(instructions, text, (rule) => luck('overlookedRule', JSON.stringify(rule), text));
  const talks = !jsonAlone.test(instructions) && luck('proseAroundJson', instructions, text);
  return { content: talks ? withProse(json, instructions + text) : json };
}

/**
 * Follows the rules of the instructions: the one with the most conditions wins, and the last of equals. Without a rule it
 * guesses by related words. `overlooks` says whether it ignores a rule.
 */
function decide(instructions: string, text: string, overlooks: (rule: Rule) => boolean): string {
  const fields = readFields(instructions);
  if (fields.length === 0) return 'I have read it. What would you like me to decide about it?';
  const stated = instructions.matchAll(/"([\w-]+)"\s*:\s*"([\w-]+)"/g);
  const facts = new Map(Array.from(stated, ([, name, value]) => [name!, value!]));
  for (const { name } of fields) facts.delete(name);
  // If later paragraphs contain rules, only the first one is the case.
  const [first = '', ...later] = text.split(/\n\n+/);
  const below = later.join('\n\n');
  const isRules = readRules(below, fields).length > 0;
  const rules = readRules(isRules ? `${instructions}\n\n${below}` : instructions, fields, facts).filter(
    (rule) => !overlooks(rule),
  );
  for (const { name, values } of fields) {
    const known = [...facts.values()];
    const all = [isRules ? first : text, ...known].join('\n');
    const best = rules
      .map((rule) => ({ value: rule.effects[name], strength: support(rule, known, all) }))
      .filter(({ value, strength }) => value !== undefined && strength >= 0)
      .sort((a, b) => a.strength - b.strength)
      .at(-1);
    facts.set(name, best?.value ?? guess(values, all));
  }
  return JSON.stringify(Object.fromEntries(fields.map(({ name }) => [name, facts.get(name)])));
}

function guess(values: readonly string[], text: string): string {
  const words = new Set(wordsIn(text).map(({ word }) => stemmer(word)));
  return (
    values.find((value) =>
      associations.some((group) => group.has(stemmer(value)) && [...group].some((word) => words.has(word))),
    ) ??
    values.find((value) => words.has(stemmer(value))) ??
    values.find((value) => unremarkable.test(value)) ??
    values[0] ??
    ''
  );
}

/**
 * The instructions, with all tool results, and the text of the case: the part of the last message (other than tool results)
 * after a label such as `Ticket:`, or all of it.
 */
function partsOf(messages: readonly ChatMessage[]): { instructions: string; text: string } {
  const said = messages.filter(({ role }) => role !== 'assistant');
  const last = said.findLastIndex(({ role }) => role !== 'tool');
  const { text = '' } = said[last] ?? {};
  const label = /^\W*(?:ticket|message|input|text|request|email)s?\W*:\s/im.exec(text);
  const start = label === null ? 0 : label.index + label[0].length;
  const others = said.toSpliced(last, 1).map((message) => message.text);
  return { instructions: [...others, text.slice(0, start)].join('\n'), text: text.slice(start).trim() };
}

/**
 * The tool call before the answer: the first tool without a result, with arguments from lines of the messages that begin with
 * the names of the tool's fields (`Account: A-12`).
 */
function nextToolCall({ messages, tools }: ChatRequest): Answer['toolCall'] {
  const tool = tools[messages.filter(({ role }) => role === 'tool').length];
  if (tool === undefined) return undefined;
  const text = messages.map(({ text }) => text).join('\n');
  const args = tool.fields.flatMap((field) => {
    const value = new RegExp(`^\\W*${field}\\W*:\\s*(\\S.*)$`, 'im').exec(text)?.[1];
    return value === undefined ? [] : [[field, value.trim()] as const];
  });
  return { name: tool.name, args: Object.fromEntries(args) };
}
