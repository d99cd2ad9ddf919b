import { type Goods, goods, type Oven, ovens } from './bakery.ts';

/** The rules that choose the next order when an oven is free. */
export type Policy = readonly Rule[];

/**
 * Each rule in turn keeps the waiting orders that it matches, if there are any. The orders that remain are taken in order
 * of arrival. A rule with an oven applies to that oven only.
 */
export type Rule = { readonly oven?: Oven } & (
  | { readonly does: 'prefer' | 'avoid'; readonly conditions: readonly Condition[] }
  | { readonly does: 'take the'; readonly which: Which }
);

/** A condition on an order. `is` is its wording. */
export type Condition =
  | { readonly is: Timed; readonly minutes: number }
  | { readonly is: 'of'; readonly goods: Goods }
  | { readonly is: Plain };

const timed = ['due within', 'waiting over', 'shorter than', 'longer than'] as const;
type Timed = (typeof timed)[number];
const plain = ["at the oven's temperature", 'too late to save'] as const;
type Plain = (typeof plain)[number];
const which = ['earliest due', 'shortest', 'longest', 'longest waiting'] as const;
type Which = (typeof which)[number];

/** The description of the rule language, for the reflection model. */
export const language = `A policy is a list of rules, one a line, that choose the order to bake next whenever an oven is free. Of the orders
that wait, each rule in turn keeps those it speaks for, if there are any; what the last rule leaves is taken in order of
arrival. There are three kinds of rules:
  prefer orders CONDITION [and CONDITION ...]
  avoid orders CONDITION [and CONDITION ...]
  take the ${which.join(' | ')}
CONDITION is one of:
  ${timed.join(' TIME | ')} TIME    (TIME: 2h, 45min, 1h 30min)
  of ${goods.join(' | of ')}
  ${plain.join(' | ')}
A rule for one oven begins with its number, as in: on oven 2, prefer orders of bread
Lines that begin with # are remarks. Nothing else can be said.`;

/**
 * Reads a policy.
 *
 * @throws {SyntaxError} with the line, and what is valid there.
 */
export function parsePolicy(text: string): Policy {
  return text.split('\n').flatMap((line, index) => {
    const words = line.trim().replaceAll(/\s+/g, ' ');
    if (words === '' || words.startsWith('#')) return [];
    try {
      return [parseRule(words)];
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new SyntaxError(`Line ${index + 1}, "${words}": ${error.message}`);
    }
  });
}

/** Formats a policy; `parsePolicy` reads the same policy again. */
export function printPolicy(policy: Policy): string {
  return policy.map(printRule).join('\n');
}

export function printRule(rule: Rule): string {
  const start = rule.oven === undefined ? '' : `on oven ${rule.oven}, `;
  if (rule.does === 'take the') return `${start}take the ${rule.which}`;
  return `${start}${rule.does} orders ${rule.conditions.map(printCondition).join(' and ')}`;
}

function printCondition(condition: Condition): string {
  if ('minutes' in condition) return `${condition.is} ${printTime(condition.minutes)}`;
  return 'goods' in condition ? `of ${condition.goods}` : condition.is;
}

function printTime(minutes: number): string {
  const [h, min] = [Math.floor(minutes / 60), minutes % 60];
  return [h > 0 || min === 0 ? [`${h}h`] : [], min > 0 ? [`${min}min`] : []].flat().join(' ');
}

function parseRule(words: string): Rule {
  const scope = /^on oven (\S+), (.*)$/.exec(words);
  if (scope === null) return parseAction(words);
  const oven = ovens.find((number) => String(number) === scope[1]);
  if (oven === undefined) throw new SyntaxError(`there is no oven ${scope[1]}, only ${oneOf(ovens, 'and')}.`);
  return { oven, ...parseAction(scope[2]!) };
}

function parseAction(words: string): Rule {
  const order = /^take the (.*)$/.exec(words);
  if (order !== null) return { does: 'take the', which: member(which, order[1]!, 'after "take the"') };
  const choice = /^(prefer|avoid) orders (.+)$/.exec(words);
  if (choice === null) {
    throw new SyntaxError(
      'a rule is "prefer orders ...", "avoid orders ..." or "take the ...", after "on oven 1, " if it is for one oven.',
    );
  }
  const conditions = choice[2]!.split(' and ').map(parseCondition);
  return { does: choice[1] === 'prefer' ? 'prefer' : 'avoid', conditions };
}

function parseCondition(words: string): Condition {
  const ofGoods = /^of (.*)$/.exec(words);
  if (ofGoods !== null) return { is: 'of', goods: member(goods, ofGoods[1]!, 'after "of"') };
  const is = timed.find((wording) => words.startsWith(`${wording} `));
  if (is !== undefined) return { is, minutes: parseTime(words.slice(is.length + 1)) };
  const wordings = [...timed.map((wording) => `${wording} TIME`), 'of GOODS', ...plain];
  const found = plain.find((wording) => wording === words);
  if (found === undefined)
    throw new SyntaxError(`"${words}" is no condition; use ${oneOf(wordings.map(quoted), 'or')}.`);
  return { is: found };
}

function parseTime(words: string): number {
  const time = /^(?=\d)(?:(\d+)h)? ?(?:(\d+)min)?$/.exec(words);
  if (time === null) throw new SyntaxError(`"${words}" is no time; write it as 2h, 45min or 1h 30min.`);
  return Number(time[1] ?? 0) * 60 + Number(time[2] ?? 0);
}

function member<const T extends string>(known: readonly T[], word: string, where: string): T {
  const found = known.find((value) => value === word);
  if (found === undefined)
    throw new SyntaxError(`${where} comes ${oneOf(known.map(quoted), 'or')}, not "${word}".`);
  return found;
}

const quoted = (word: string) => `"${word}"`;

function oneOf(words: readonly (string | number)[], link: 'and' | 'or'): string {
  return `${words.slice(0, -1).join(', ')} ${link} ${words.at(-1)}`;
}
