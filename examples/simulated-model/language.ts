import { stemmer } from 'stemmer';

/** The stems of words without meaning for rules. */
const idle = new Set(
  (
    'a an the any all each every some many much such this these that those it its they them their he she his her we ' +
    'our us you your i me my who whose which what there here one is are was were be been being am has have had do ' +
    'does did can could may might will would shall should must to of in into on onto at by as with from about over ' +
    'under up out off for around among and or but so also too then than like just only if when whenever where once ' +
    'always usual usually general default otherwise nothing everything else other rest remaining above below whatever ' +
    'case ticket message text request complaint enquiry mail customer user writer sender person people someone ' +
    'somebody anyone anybody something anything everyone whoever word phrase term matter thing stuff right old ago ' +
    'please kindly mention concern regard refer relate involve say said tell told talk speak write state note report ' +
    'describe call name contain include cite quote indicate hear see seen read find found come bring appear occur ' +
    'happen sound seem look feel ask want need wish hope expect think believe know consider try start plan work lie ' +
    'suffer experience face receive show go goes belong count treat mark rate tag flag class classify label attribute ' +
    'assign set choose pick select take use give given get make put place leave keep stay remain become send sent ' +
    'route direct forward pass hand move raise file handle deal dealt care apply end mean answer'
  )
    .split(' ')
    .map(stemmer),
);

/** The words of a text in lower case, with their positions. */
export function wordsIn(text: string): { word: string; index: number }[] {
  const found = text.toLowerCase().matchAll(/[\p{L}\d]+(?:-[\p{L}\d]+)*/gu);
  return Array.from(found, ({ 0: word, index }) => ({ word, index }));
}

export function isIdle(word: string): boolean {
  return word.length < 2 || idle.has(stemmer(word));
}

/** Something to look for in a text: the stems of its words. */
export type Cue = readonly string[];

/** A limit such as `more than 90 days`. */
export interface Limit {
  readonly most: boolean;
  readonly amount: number;
  readonly unit: string;
}

const limits =
  /(?:\b(?:more|older|longer|later|over|above|(less|fewer|younger|shorter|under|below|within))\b|>|(<))(?: than)?\s*(\d+)[ -]?([a-z]+)/gi;

/** The cues and limits in a text. */
export function readCues(text: string): { cues: Cue[]; limits: Limit[] } {
  const items = text.replaceAll(limits, ' ').split(/[,;/&+\n]|\b(?:and|or)\b/i);
  return {
    cues: items.map(stems).filter((cue) => cue.length > 0),
    limits: Array.from(text.matchAll(limits), ([, less, below, amount, unit]) => ({
      most: (less ?? below) !== undefined,
      ...measured(amount!, unit!),
    })),
  };
}

/** Whether one sentence of the text contains most of the cue's words. */
export function mentions(text: string, cue: Cue): boolean {
  return text.split(/(?<=[.!?])\s+|\n/).some((sentence) => {
    const present = stems(sentence);
    return cue.filter((stem) => present.includes(stem)).length / cue.length > 0.6;
  });
}

/** Whether some amount in the text is within the limit. */
export function keeps(text: string, limit: Limit): boolean {
  return Array.from(text.matchAll(/(\d+)[ -]?([a-z]+)/gi), ([, amount, unit]) =>
    measured(amount!, unit!),
  ).some(
    ({ amount, unit }) => unit === limit.unit && (limit.most ? amount < limit.amount : amount > limit.amount),
  );
}

/** The stems of the words with a meaning. */
function stems(text: string): string[] {
  return wordsIn(text).flatMap(({ word }) => (isIdle(word) ? [] : [stemmer(word)]));
}

function measured(amount: string, unit: string): { amount: number; unit: string } {
  const name = unit.toLowerCase().replace(/s$/, '');
  const days = { day: 1, week: 7, month: 30, year: 365 }[name];
  return { amount: Number(amount) * (days ?? 1), unit: days === undefined ? name : 'day' };
}
