import { chance, pick } from './chance.ts';
import type { Answer } from './protocol.ts';

/** How often the model fails in each way, from 0 (never) to 1. */
export interface MishapRates {
  /** The server turns a request away with status 429. */
  readonly rateLimited: number;
  /** The server fails with status 500. */
  readonly serverError: number;
  /** The task model surrounds its JSON with words. */
  readonly proseAroundJson: number;
  /** The same, where its instructions ask for the JSON alone. */
  readonly proseDespiteOrder: number;
  /** The task model forgets one of its rules on one case. */
  readonly overlookedRule: number;
  /** The reflection model's answer ends in the middle, with finish reason `length`. */
  readonly cutOff: number;
  /** The reflection model forgets the fence. */
  readonly noFence: number;
  /** The reflection model loses a `{placeholder}`. */
  readonly droppedPlaceholder: number;
  /** The reflection model talks before and after its answer. */
  readonly chatter: number;
  /** The reflection model writes down less of a rule than it was told. */
  readonly carelessRule: number;
}

export type Mishap = keyof MishapRates;

export const defaultRates: MishapRates = {
  rateLimited: 0.02,
  serverError: 0.01,
  proseAroundJson: 0.03,
  proseDespiteOrder: 0.005,
  overlookedRule: 0.03,
  cutOff: 0.03,
  noFence: 0.03,
  droppedPlaceholder: 0.03,
  chatter: 0.15,
  carelessRule: 0.06,
};

/** Tells whether a mishap befalls something; the same for the same seed and the same something. */
export type Luck = (mishap: Mishap, ...about: readonly (string | number)[]) => boolean;

/** `happened` hears of every mishap, for the statistics. */
export function createLuck(seed: number, rates: MishapRates, happened: (mishap: Mishap) => void): Luck {
  return (mishap, ...about) => {
    const hit = chance(seed, mishap, ...about) < rates[mishap];
    if (hit) happened(mishap);
    return hit;
  };
}

/** Words around a JSON answer: sometimes the JSON stands in a fence and can still be found, sometimes not. */
export function withProse(json: string, key: string): string {
  return pick(
    [
      `Sure! Here is my answer: ${json}`,
      `\`\`\`json\n${json}\n\`\`\`\nLet me know if you need anything else.`,
      `${json}\n\nI decided this by reading the whole ticket.`,
    ],
    'prose',
    key,
  );
}

/** Writes down a new text as the reflection model was asked to, or not quite. */
export function writeDown(text: string, fence: string, bad: (mishap: Mishap) => boolean): Answer {
  const placeholder = /[^\S\n]?\{\w+\}/.exec(text)?.[0];
  const kept = placeholder !== undefined && bad('droppedPlaceholder') ? text.replace(placeholder, '') : text;
  if (bad('noFence')) return { content: kept, finishReason: 'stop' };
  const block = `${fence}\n${kept}\n${fence}`;
  if (bad('cutOff'))
    return { content: block.slice(0, Math.floor(block.length * 0.7)), finishReason: 'length' };
  if (!bad('chatter')) return { content: block, finishReason: 'stop' };
  const content = `I went through the records one by one.\n\n${block}\n\nThis should prevent the mistakes seen above.`;
  return { content, finishReason: 'stop' };
}
