import type { ReflectiveRecord } from '../../adapter/adapter.ts';
import { pause } from '../../calls/pause.ts';
import { label, toMarkdown } from '../../text/markdown.ts';
import { type Plain, toPlain } from '../../text/plain.ts';
import { bounded } from '../bound.ts';
import { fairShares } from './fair-shares.ts';
import { pruneLists } from './prune-lists.ts';

/** About 6,000 tokens. */
export const DEFAULT_MAX_RECORD_CHARACTERS = 24_000;
/** A record with less room is left out. */
const MIN_RECORD_CHARACTERS = 500;
/** Only texts longer than this part of their record are shortened before lists lose old entries. */
const MIN_TEXT_PART = 1 / 8;
/** Texts are shortened further only if nothing else makes the record fit. */
const MIN_TEXT_CHARACTERS = 120;
/** Sections with the result of the metric, which are shortened last. */
const cutLast: ReadonlySet<string> = new Set(['score', 'objectives', 'feedback', 'error']);

/**
 * Formats records as Markdown for the reflection model: numbered examples with a heading for each key, and
 * the score in the heading of the example.
 *
 * The result has at most `maxCharacters` (default: 24,000; minimum: 600), divided evenly among the records. To make a
 * record fit, its parts are cut in this order:
 * 1. Lists, such as the calls and messages of an agent, lose entries that are repeated later.
 * 2. Texts longer than an eighth of the record are shortened in the middle.
 * 3. Lists lose their oldest entries, except those that state the task.
 * 4. Other texts are shortened.
 * 5. Score, objectives, feedback and error are shortened.
 *
 * Notes mark everything that was cut. Records without room are left out from the end.
 */
export async function renderRecords(
  records: readonly ReflectiveRecord[],
  options: { readonly maxCharacters?: number } = {},
): Promise<string> {
  const maxCharacters = options.maxCharacters ?? DEFAULT_MAX_RECORD_CHARACTERS;
  const all: (readonly Section[])[] = [];
  const whole: string[] = [];
  for (const [index, record] of records.entries()) {
    await pause();
    const sections = sectionsOf(record, maxCharacters);
    all.push(sections);
    whole.push(layout(index, sections, Infinity, Infinity, maxCharacters));
  }
  if (joined(whole).length <= maxCharacters) return joined(whole);

  const maxRecords = Math.max(1, Math.floor((maxCharacters - 100) / MIN_RECORD_CHARACTERS));
  const shown = all.slice(0, maxRecords);
  const note = shown.length < records.length ? [leftOut(records.length - shown.length)] : [];
  const separators = joined([...shown.map(() => ''), ...note]).length;
  const shares = sharesOf(shown, maxCharacters - separators);
  const parts: string[] = [];
  for (const [index, sections] of shown.entries()) {
    await pause();
    parts.push(fitted(index, sections, shares[index]!));
  }
  return joined([...parts, ...note]);
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

function sectionsOf(record: ReflectiveRecord, maxCharacters: number): Section[] {
  return Object.entries(record).flatMap(([key, whole]) => {
    const plain = toPlain(whole);
    if (plain === undefined) return [];
    const value = bounded(plain, maxCharacters);
    return [{ heading: label(key), value, isCutLast: cutLast.has(key.trim().toLowerCase()) }];
  });
}

/**
 * A record with each text shortened to `limit` characters, or `lastLimit` in sections that are cut last. The sections of
 * a record longer than `room` may end early.
 */
function layout(
  index: number,
  sections: readonly Section[],
  limit: number,
  lastLimit: number,
  room: number,
): string {
  const score = sections.find(isScore);
  return joined([
    `## Example ${index + 1}${score === undefined ? '' : ` (score ${score.value})`}`,
    ...sections
      .filter((section) => section !== score)
      .map(
        (section) =>
          `### ${section.heading}\n\n${contentOf(section, section.isCutLast ? lastLimit : limit, room)}`,
      ),
  ]);
}

/** A score is part of the heading of its record. */
function isScore({ heading, value }: Section): boolean {
  return heading.toLowerCase() === 'score' && typeof value === 'number';
}

/** Contents that are not shortened, which are used again and again while a record is made to fit. */
const wholeContents = new WeakMap<Section, string>();

function contentOf(section: Section, limit: number, room: number): string {
  if (limit !== Infinity) return toMarkdown(section.value, limit, room);
  const known = wholeContents.get(section);
  if (known !== undefined) return known;
  const content = toMarkdown(section.value, Infinity, room);
  wholeContents.set(section, content);
  return content;
}

/** The characters for each record: first its sections that are cut last, if all fit; the rest is divided evenly. */
function sharesOf(records: readonly (readonly Section[])[], total: number): number[] {
  const claims = records.map((sections, index) => layout(index, sections, Infinity, Infinity, total).length);
  const floors = records.map((sections, index) =>
    Math.min(claims[index]!, layout(index, merged(sections), 0, Infinity, total).length),
  );
  const spare = total - floors.reduce((sum, floor) => sum + floor, 0);
  if (spare < 0) return fairShares(claims, total);
  const extras = fairShares(
    claims.map((claim, index) => claim - floors[index]!),
    spare,
  );
  return floors.map((floor, index) => floor + extras[index]!);
}

/** The record in at most `share` characters, with as much structure as possible. */
function fitted(index: number, sections: readonly Section[], share: number): string {
  const whole = layout(index, sections, Infinity, Infinity, share);
  if (whole.length <= share) return whole;
  const pruned = prunedToFit(index, sections, share);
  const forms = [
    { least: MIN_TEXT_CHARACTERS, sections: pruned },
    { least: 0, sections: pruned.map(asOneText) },
    { least: 0, sections: merged(pruned) },
  ];
  for (const cutsAll of [false, true]) {
    for (const { least, sections } of forms) {
      const at = (limit: number) => layout(index, sections, limit, cutsAll ? limit : Infinity, share);
      const limit = greatest(least, share, (limit) => at(limit).length <= share);
      if (limit !== undefined) return at(limit);
    }
  }
  return layout(index, [], 0, 0, 0);
}

/** The sections with as many list entries as fit, or with the fewest if that is not enough. */
function prunedToFit(index: number, sections: readonly Section[], share: number): Section[] {
  const limit = Math.max(MIN_TEXT_CHARACTERS, share * MIN_TEXT_PART);
  const at = (latest: number) => sections.map((section) => prunedSection(section, latest));
  const latest = greatest(
    1,
    share,
    (latest) => layout(index, at(latest), limit, Infinity, share).length <= share,
  );
  return at(latest ?? 1);
}

function prunedSection(section: Section, latest: number): Section {
  return section.isCutLast ? section : { ...section, value: pruneLists(section.value, latest) };
}

/** The section with its value as one JSON text, which can be shortened anywhere. */
function asOneText(section: Section): Section {
  const { value } = section;
  return typeof value === 'object' && value !== null ? { ...section, value: JSON.stringify(value) } : section;
}

/** Merges the sections that are not cut last into one text, which needs only one heading. */
function merged(sections: readonly Section[]): Section[] {
  const rest = sections.filter((section) => !section.isCutLast);
  if (rest.length === 0) return sections.map(asOneText);
  const value = JSON.stringify(Object.fromEntries(rest.map((section) => [section.heading, section.value])));
  return [
    { heading: 'What happened', value, isCutLast: false },
    ...sections.filter((section) => section.isCutLast).map(asOneText),
  ];
}

/** The greatest integer from `least` to below `end` that fits, by binary search; `undefined` if `least` does not fit. */
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
