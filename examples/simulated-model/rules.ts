import { type Condition, readCondition } from './conditions.ts';
import { type Field, isDeclaration, nameForms } from './fields.ts';

/** A rule as the model understood it from a sentence. */
export interface Rule {
  /** The words that say when, and those that say when not. */
  readonly when: string;
  readonly unless: string;
  readonly condition: Condition;
  readonly exception: Condition;
  readonly effects: readonly Effect[];
  /** The sentence forbids its effects instead of asking for them. */
  readonly forbids: boolean;
}

export interface Effect {
  readonly field: string;
  readonly value: string;
}

const marker = /\b(?:if|when|whenever|where|in case|as soon as|provided that|for)\b/i;
const exceptionMarker = /,?\s*\b(?:unless|except(?: if| when| for| that)?|but not (?:if|when|for))\b/i;
const leadIn =
  /^(?:[\s"'`*→>=-]|then|the|its|their|a|an|set|mark|use|give|send|route|it|them|this|these|that|tickets?|to|should|must|always|never|be|do|not|don't|please)*$/i;

/** The single statements of a text. */
export function sentencesOf(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => line.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, '').split(/(?<=[.!?;])\s+/))
    .map((sentence) => sentence.replaceAll('**', '').trim())
    .filter((sentence) => sentence !== '');
}

/** Reads all rules about these fields that a text states. */
export function readRules(text: string, fields: readonly Field[], factKeys: readonly string[] = []): Rule[] {
  return sentencesOf(text).flatMap((sentence) => readRule(sentence, fields, factKeys) ?? []);
}

/** Reads the rule a sentence states, if it states one about these fields. */
export function readRule(
  sentence: string,
  fields: readonly Field[],
  factKeys: readonly string[],
): Rule | undefined {
  if (isDeclaration(sentence, fields)) return undefined;
  const statement = sentence.replace(/^[\w ]{0,20}\b(?:rule|note|important|remember)s?\b[\w ]{0,4}:\s*/i, '');
  const [main = '', unless = ''] = statement.replace(/[.!;]+$/, '').split(exceptionMarker);
  const parts = splitMain(main, fields);
  if (parts === undefined || parts.effects.length === 0) return undefined;
  const known = [...factKeys, ...fields.map(({ name }) => name)];
  return {
    when: parts.when.trim(),
    unless: unless.trim(),
    condition: readCondition(parts.when, known),
    exception: readCondition(unless, known),
    effects: parts.effects.map(({ field, value }) => ({ field, value })),
    forbids: /\bnever\b|\bdo not\b|\bdon't\b/i.test(parts.effectText),
  };
}

interface Parts {
  readonly when: string;
  readonly effects: readonly Effect[];
  readonly effectText: string;
}

function splitMain(main: string, fields: readonly Field[]): Parts | undefined {
  const opening = new RegExp(`^${marker.source}\\s`, 'i').exec(main)?.[0];
  // "If …, the queue is …", "Tickets that …: queue …", "… → …"
  const cuts = opening === undefined ? /\s(?=→|->|=>)|:\s/g : /,\s|:\s|\s(?=→|->|=>)|\sthen\s/g;
  for (const cut of main.matchAll(cuts)) {
    const effectText = main.slice(cut.index + cut[0].length);
    const effects = effectsIn(effectText, fields);
    if (effects.length > 0 && leadIn.test(effectText.slice(0, effects[0]!.index))) {
      return { when: main.slice(opening?.length ?? 0, cut.index), effects, effectText };
    }
  }
  if (opening !== undefined) return undefined;
  // "Send tickets that … to queue …"
  const sent =
    /^(?:send|route|forward|assign|move)\s+(?!it\b|them\b|this\b|these\b)(.+?)\s+((?:in)?to\s.*)$/i.exec(
      main,
    );
  if (sent !== null) {
    const effectText = `goes ${sent[2]}`;
    return { when: sent[1]!, effects: effectsIn(effectText, fields), effectText };
  }
  const found = effectsIn(main, fields);
  const first = found[0];
  if (first === undefined) return undefined;
  // "Set the queue to … when …", or with no condition at all: the default.
  if (leadIn.test(main.slice(0, first.index))) {
    const at = marker.exec(main);
    const head = at === null ? main : main.slice(0, at.index);
    const effects = found.filter(({ index }) => index < head.length);
    return { when: at === null ? '' : main.slice(at.index + at[0].length), effects, effectText: head };
  }
  // "Tickets that … go to queue …"; a value behind a marker belongs to the condition.
  const when = main.slice(0, first.index);
  if (
    /^(?:otherwise|by default|everything else|anything else|(?:in )?(?:all|any|every) others?)\b/i.test(when)
  ) {
    return { when: '', effects: found, effectText: main };
  }
  return /\b(?:if|when|whenever|where)\b/i.test(when)
    ? undefined
    : { when, effects: found, effectText: main.slice(first.index) };
}

/** Where a text says that a field has, or gets, a value. */
function effectsIn(text: string, fields: readonly Field[]): (Effect & { readonly index: number })[] {
  const found = fields.flatMap(({ name, values }) =>
    values.flatMap((value) => {
      const index = text.search(effectPattern(name, value));
      return index === -1 ? [] : [{ field: name, value, index }];
    }),
  );
  const inOrder = found.sort((a, b) => a.index - b.index);
  // The first value named for a field counts: "issue outage and not a defect".
  return inOrder.filter((effect, i) => inOrder.findIndex(({ field }) => field === effect.field) === i);
}

function effectPattern(name: string, value: string): RegExp {
  const field = nameForms(name);
  const exactly = `["'\`]?${value}["'\`]?(?![\\w-])`;
  const fill = `(?:\\s+(?:it|them|this|these|as|to|with|the|an?|always|${field}))*\\s+`;
  const verbs = [
    `\\b${field}["'\`]?(?:\\s+(?:is|are|to|as|of|becomes|should|must|be|always|set|gets))*\\s*[=:→]?\\s*${exactly}`,
    `\\b(?:goe?s?|belongs?|sent|send|routed?|routes|assign(?:ed)?|forward(?:ed)?|moved?)(?:\\s+(?:it|them|these|this|such tickets))?\\s+(?:in)?to${fill}?\\s*${exactly}`,
    `\\b(?:counts?|counted|treat(?:ed)?|mark(?:ed)?|class(?:ed|ify|ified)|rated?|label(?:led)?|gets?|use|choose|pick|answer|is|are|means?)${fill}${exactly}`,
    `\\b(?:with|at|in|as|use|gets?|set|give)\\s+(?:an?\\s+|the\\s+)?${exactly}\\s+${field}`,
    `(?:→|->|=>)\\s*${exactly}`,
  ];
  return new RegExp(verbs.join('|'), 'i');
}
