import { chance, pick } from './chance.ts';
import type { Answer } from './protocol.ts';
import type { NewText } from './reflection-behaviour.ts';

/** The rates of each kind of mishap, from 0 (never) to 1. */
export const defaultRates = {
  /** The server refuses a request with status 429. */
  rateLimited: 0.02,
  /** The server fails with status 500. */
  serverError: 0.01,
  /** The task model surrounds its JSON with words, unless its instructions ask for the JSON alone. */
  proseAroundJson: 0.03,
  /** The task model ignores one of its rules on one case. */
  overlookedRule: 0.03,
  /** The reflection model's answer ends in the middle, with finish reason `length`. */
  cutOff: 0.03,
  /** The reflection model writes no fence. */
  noFence: 0.03,
  /** The reflection model loses a `{placeholder}`. */
  droppedPlaceholder: 0.03,
  /** The reflection model writes text before and after its answer. */
  chatter: 0.15,
  /** The reflection model writes only a part of a rule. */
  carelessRule: 0.06,
};

export type Mishap = keyof typeof defaultRates;
export type MishapRates = Readonly<Record<Mishap, number>>;

/** Whether a mishap happens; determined by the seed and the other arguments. */
export type Luck = (mishap: Mishap, ...about: readonly (string | number)[]) => boolean;

/** @param counts Receives the number of mishaps, by kind. */
export function createLuck(seed: number, rates: MishapRates, counts: Partial<Record<Mishap, number>>): Luck {
  return (mishap, ...about) => {
    const hit = chance(seed, mishap, ...about) < rates[mishap];
    if (hit) counts[mishap] = (counts[mishap] ?? 0) + 1;
    return hit;
  };
}

/** Adds text around a JSON answer; only in some cases a parser can still find the JSON. */
export function withProse(json: string, key: string): string {
  const sayings: [string, ...string[]] = [
    `Sure! Here is my answer: ${json}`,
    `\`\`\`json\n${json}\n\`\`\`\nLet me know if you need anything else.`,
    `${json}\n\nI decided this by reading the whole text.`,
  ];
  return pick(sayings, 'prose', key);
}

/** The answer of the reflection model with its new texts, with mishaps. */
export function writeDown(texts: readonly NewText[], bad: (mishap: Mishap) => boolean): Answer {
  const loses = bad('droppedPlaceholder');
  const kept = texts.map(({ text }) => (loses ? text.replace(/[^\S\n]?\{\w+\}/, '') : text));
  if (bad('noFence')) return { content: kept.join('\n\n') };
  const block = texts
    .map(({ name, fence }, index) => `${fence}${name}\n${kept[index]}\n${fence}`)
    .join('\n\n');
  if (bad('cutOff')) return { content: block.slice(0, Math.floor(block.length * 0.7)), isCutOff: true };
  if (!bad('chatter')) return { content: block };
  return {
    content: `I went through the records one by one.\n\n${block}\n\nThis should prevent the mistakes seen above.`,
  };
}
