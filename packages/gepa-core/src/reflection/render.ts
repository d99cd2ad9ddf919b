import type { ReflectiveRecord } from '../adapter/adapter.ts';
import { fairShares } from './fair-shares.ts';
import { label, toMarkdown } from './markdown.ts';
import { type Plain, toPlain } from './plain.ts';
import { thin } from './thin.ts';

/** About 6,000 tokens. */
export const DEFAULT_MAX_RECORD_CHARACTERS = 24_000;
/** With less than this a record is not worth showing. */
const leastPerRecord = 500;
/** As long as a list has entries to lose, no text is shortened below this part of its record. */
const partOfRecord = 1 / 8;
/** Texts are not shortened below this as long as anything else helps. */
const readable = 120;
/** What the metric said is cut last. */
const cutLast: ReadonlySet<string> = new Set(['score', 'objectives', 'feedback', 'error']);

/**
 * Writes records down for the reflection model, as numbered examples with a heading for each key. The result has at
 * most `maxCharacters` (default 24,000; at least 600). The records share them fairly. A record that is too long loses
 * entries of its lists, such as the calls and messages of an agent: first those that are repeated later, then the
 * oldest, but never those that state the task. Texts are shortened in the middle, the longest first: those of more
 * than an eighth of the record before old entries go, others after. Score, feedback and error are cut when nothing
 * else is left to cut. Notes say what is gone. Records that find no room at all are left out from the end.
 */
export function renderRecords(
  records: readonly ReflectiveRecord[],
  options: { readonly maxCharacters?: number | undefined } = {},
): string {
  const maxCharacters = options.maxCharacters ?? DEFAULT_MAX_RECORD_CHARACTERS;
  const everything = records.map(sectionsOf);
  const whole = everything.map((sections, index) => layout(index, sections, Infinity, Infinity));
  if (joined(whole).length <= maxCharacters) return joined(whole);

  const room = Math.max(1, Math.floor((maxCharacters - 100) / leastPerRecord));
  const shown = everything.slice(0, room);
  const note = shown.length < records.length ? [leftOut(records.length - shown.length)] : [];
  const separators = joined([...shown.map(() => ''), ...note]).length;
  const shares = sharesOf(shown, maxCharacters - separators);
  return joined([...shown.map((sections, index) => fitted(index, sections, shares[index]!)), ...note]);
}

function joined(parts: readonly string[]): string {
  return parts.join('\n\n');
}

function leftOut(count: number): string {
  return `[… ${count.toLocaleString('en-US')} more ${count === 1 ? 'example' : 'examples'} left out …]`;
}

interface Section {
  readonly heading: string;
  readonly value: Plain;
  readonly isCutLast: boolean;
}

function sectionsOf(record: ReflectiveRecord): Section[] {
  return Object.entries(record).flatMap(([key, value]) => {
    const plain = toPlain(value);
    return plain === undefined
      ? []
      : [{ heading: label(key), value: plain, isCutLast: cutLast.has(key.trim().toLowerCase()) }];
  });
}

/** A record, its texts cut to `limit` characters each and what is cut last to `lastLimit`. */
function layout(index: number, sections: readonly Section[], limit: number, lastLimit: number): string {
  return joined([
    `## Example ${index + 1}`,
    ...sections.map(
      ({ heading, value, isCutLast }) =>
        `### ${heading}\n\n${toMarkdown(value, isCutLast ? lastLimit : limit)}`,
    ),
  ]);
}

/** What the metric said of each record first, if there is room for all of it; then the rest, fairly. */
function sharesOf(records: readonly (readonly Section[])[], total: number): number[] {
  const claims = records.map((sections, index) => layout(index, sections, Infinity, Infinity).length);
  const floors = records.map((sections, index) =>
    Math.min(claims[index]!, layout(index, merged(sections), 0, Infinity).length),
  );
  const spare = total - floors.reduce((sum, floor) => sum + floor, 0);
  if (spare < 0) return fairShares(claims, total);
  const extras = fairShares(
    claims.map((claim, index) => claim - floors[index]!),
    spare,
  );
  return floors.map((floor, index) => floor + extras[index]!);
}

/** The record in at most `share` characters, with as much of its structure as that allows. */
function fitted(index: number, sections: readonly Section[], share: number): string {
  const whole = layout(index, sections, Infinity, Infinity);
  if (whole.length <= share) return whole;
  const thinned = thinnedToFit(index, sections, share);
  const forms = [
    { least: readable, sections: thinned },
    { least: 0, sections: thinned.map(asOneText) },
    { least: 0, sections: merged(thinned) },
  ];
  for (const cutsAll of [false, true]) {
    for (const { least, sections } of forms) {
      const at = (limit: number) => layout(index, sections, limit, cutsAll ? limit : Infinity);
      const limit = greatest(least, share, (limit) => at(limit).length <= share);
      if (limit !== undefined) return at(limit);
    }
  }
  return layout(index, [], 0, 0);
}

/** With as many entries in the lists as have room beside each other, and the fewest where that does not help. */
function thinnedToFit(index: number, sections: readonly Section[], share: number): Section[] {
  const limit = Math.max(readable, share * partOfRecord);
  const at = (latest: number) => sections.map((section) => thinnedSection(section, latest));
  const latest = greatest(1, share, (latest) => layout(index, at(latest), limit, Infinity).length <= share);
  return at(latest ?? 1);
}

function thinnedSection(section: Section, latest: number): Section {
  return section.isCutLast ? section : { ...section, value: thin(section.value, latest) };
}

/** A section without structure, which can be cut anywhere. */
function asOneText(section: Section): Section {
  const { value } = section;
  return typeof value === 'object' && value !== null ? { ...section, value: JSON.stringify(value) } : section;
}

/** All that is not cut last as one text, so that headings take no room. */
function merged(sections: readonly Section[]): Section[] {
  const rest = sections.filter((section) => !section.isCutLast);
  if (rest.length === 0) return sections.map(asOneText);
  const value = JSON.stringify(Object.fromEntries(rest.map((section) => [section.heading, section.value])));
  return [
    { heading: 'What happened', value, isCutLast: false },
    ...sections.filter((section) => section.isCutLast).map(asOneText),
  ];
}

/** Searches for the greatest number from `least` to below `end` that fits; `undefined` when not even the least does. */
function greatest(least: number, end: number, fits: (number: number) => boolean): number | undefined {
  if (!fits(least)) return undefined;
  let best = least;
  let beyond = end;
  while (beyond - best > 1) {
    const middle = Math.floor((best + beyond) / 2);
    if (fits(middle)) best = middle;
    else beyond = middle;
  }
  return best;
}
