import { type Case, holds, stems } from './conditions.ts';
import { type Field, readFacts, readFields } from './fields.ts';
import { type ChatMessage, textOf } from './protocol.ts';
import { type Rule, readRules } from './rules.ts';

/** Associations every speaker of English has; they know nothing of any company's customs. */
const commonSense: readonly { readonly cues: RegExp; readonly suggests: RegExp }[] = [
  {
    cues: /\b(invoice|bill|charge|charged|refund|pay|paid|payment|price|receipt|card number)\b/i,
    suggests: /bill|pay|financ/,
  },
  {
    cues: /\b(log in|login|sign in|password|locked out|account)\b/i,
    suggests: /access|login|identity|account/,
  },
  { cues: /\b(down|outage|unavailable|unreachable|nobody can)\b/i, suggests: /outage|incident/ },
  {
    cues: /\b(bug|crash|crashes|error|broken|wrong|does not work)\b/i,
    suggests: /bug|defect|engineer|technical/,
  },
  { cues: /\b(urgent|immediately|asap|right now|critical)\b/i, suggests: /urgent/ },
  { cues: /\b(no rush|no hurry|whenever|small thing|not urgent)\b/i, suggests: /^low/ },
  { cues: /\b(how|where|which|can i|is there)\b[^.!]*\?/i, suggests: /question|support|help/ },
];
const unremarkable = /normal|standard|default|general|support|question|other/;

/**
 * The task model: it answers with the JSON its instructions show, follows the rules they state, and goes by common
 * sense where they state none. `overlooks` says which rule slips its mind on which case.
 */
export function taskAnswer(
  messages: readonly ChatMessage[],
  overlooks: (rule: Rule, text: string) => boolean,
): string {
  const { instructions, ticket } = partsOf(messages);
  const fields = readFields(instructions);
  if (fields.length === 0) return 'I have read it. What would you like me to decide about it?';
  const facts = readFacts(instructions, fields);
  const rules = readRules(instructions, fields, Object.keys(facts)).filter(
    (rule) => !overlooks(rule, ticket),
  );
  const decided: Record<string, string> = {};
  for (const field of fields) {
    decided[field.name] = decide(field, rules, { text: ticket, facts: { ...facts, ...decided } });
  }
  return JSON.stringify(decided);
}

/** Whether the instructions ask for the JSON and nothing around it. */
export function toldJsonAlone(messages: readonly ChatMessage[]): boolean {
  const { instructions } = partsOf(messages);
  return /\bjson\b[^.\n]{0,40}\b(?:alone|only|nothing else|no other)|\bonly\b[^.\n]{0,30}\bjson/i.test(
    instructions,
  );
}

/** The rule that asks for the most wins; of equals, the one stated last. */
function decide(field: Field, rules: readonly Rule[], subject: Case): string {
  const speaking = rules.filter(
    ({ effects, condition, exception }) =>
      effects.some((effect) => effect.field === field.name) &&
      holds(condition, subject) &&
      (exception.length === 0 || !holds(exception, subject)),
  );
  const valueFrom = (rule: Rule) => rule.effects.find((effect) => effect.field === field.name)!.value;
  const forbidden = speaking.filter(({ forbids }) => forbids).map(valueFrom);
  const allowed = field.values.filter((value) => !forbidden.includes(value));
  const best = speaking
    .filter((rule) => !rule.forbids && allowed.includes(valueFrom(rule)))
    .reduce<Rule | undefined>(
      (a, b) => (a === undefined || b.condition.length >= a.condition.length ? b : a),
      undefined,
    );
  return best === undefined
    ? guess(allowed, [subject.text, ...Object.values(subject.facts)].join('\n'))
    : valueFrom(best);
}

function guess(values: readonly string[], text: string): string {
  const words = new Set(stems(text));
  return (
    values.find((value) =>
      commonSense.some(({ cues, suggests }) => cues.test(text) && suggests.test(value)),
    ) ??
    values.find((value) => stems(value).some((word) => words.has(word))) ??
    values.find((value) => unremarkable.test(value)) ??
    values[0] ??
    ''
  );
}

/** What is asked, and what it is asked about: all that follows a label such as `Ticket:`, or the last message. */
function partsOf(messages: readonly ChatMessage[]): { instructions: string; ticket: string } {
  const others = messages.slice(0, -1).map(textOf);
  const last = messages.map(textOf).at(-1) ?? '';
  const label =
    /^\W*(?:ticket|message|input|text|request|email)s?\W*:\W*?$|^\W*(?:ticket|message)s?:\s/im.exec(last);
  const start = label === null ? 0 : label.index + label[0].length;
  return { instructions: [...others, last.slice(0, start)].join('\n'), ticket: last.slice(start).trim() };
}
