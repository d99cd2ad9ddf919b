import { isRow } from '../../text/markdown.ts';
import type { Plain } from '../../text/plain.ts';
import { entryKey } from './entry-key.ts';

/**
 * Removes entries from the lists in a value, such as the calls, messages or steps of a trace. Of equal entries only the
 * last one is kept. Each list then keeps its opening, which states the task, and its last `latest` (1 or more) entries.
 * Notes replace removed entries and count them. Applies to nested lists too; lists of numbers are not changed.
 */
export function pruneLists(value: Plain, latest: number): Plain {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return isRow(value) ? value : pruneList(value, latest);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pruneLists(item, latest)]));
}

function pruneList(list: readonly Plain[], latest: number): Plain[] {
  const noun = nounFor(list);
  const opening = list.slice(0, openingLength(list));
  const others = withoutRepeats(list, opening.length);
  const cut = others.slice(0, Math.max(0, others.length - latest));
  const earlier = cut.reduce((sum, { entry, repeats }) => sum + repeats + entriesOf(entry), 0);
  return [
    ...opening.map((entry) => pruneLists(entry, latest)),
    ...(earlier === 0 ? [] : [earlierCut(earlier, noun)]),
    ...others.slice(cut.length).flatMap(({ entry, repeats }) => {
      const shown = pruneLists(entry, latest);
      return repeats === 0
        ? [shown]
        : [`[… the same ${noun} ${counted(repeats, 'more time')} before …]`, shown];
    }),
  ];
}

/** The note for entries that were cut. */
export function earlierCut(count: number, noun: string): string {
  return `[… ${counted(count, `earlier ${noun}`)} cut …]`;
}

/** The number of entries that an entry stands for: 1, or the count of a note. */
function entriesOf(entry: Plain): number {
  const count = typeof entry === 'string' ? /^\[… ([\d,]+) earlier \w+ cut …\]$/.exec(entry)?.[1] : undefined;
  return count === undefined ? 1 : Number(count.replaceAll(',', ''));
}

/** Roles of messages that precede the task. */
const instructionRoles: ReadonlySet<unknown> = new Set(['system', 'developer', 'tools']);

/** The number of entries up to the first one that is not an instruction; 1 if all are instructions. */
export function openingLength(list: readonly Plain[]): number {
  const first = list.findIndex((entry) => !(isFields(entry) && instructionRoles.has(entry.role)));
  return Math.max(0, first) + 1;
}

type DistinctEntry = { readonly entry: Plain; readonly repeats: number };

/** The same list is pruned again and again while a record is made to fit. */
const distinctEntries = new WeakMap<readonly Plain[], readonly DistinctEntry[]>();

/** The last occurrence of each entry from `start`, with the number of earlier occurrences. */
function withoutRepeats(list: readonly Plain[], start: number): readonly DistinctEntry[] {
  const known = distinctEntries.get(list);
  if (known !== undefined) return known;
  const positions = new Map<string, number[]>();
  const entries = list.slice(start);
  const same = entries.map((entry, index) => {
    const key = entryKey(entry);
    const all = positions.get(key) ?? [];
    positions.set(key, all);
    all.push(index);
    return all;
  });
  const distinct = entries.flatMap((entry, index) =>
    same[index]!.at(-1) === index ? [{ entry, repeats: same[index]!.length - 1 }] : [],
  );
  distinctEntries.set(list, distinct);
  return distinct;
}

/** Nouns for the entries of a list, by a field that identifies them. */
const nouns = [
  ['role', 'message'],
  ['What the model saw', 'call'],
  ['Step', 'step'],
] as const;

export function nounFor(list: readonly Plain[]): string {
  const has = (field: string) => list.some((entry) => isFields(entry) && Object.hasOwn(entry, field));
  return nouns.find(([field]) => has(field))?.[1] ?? 'entry';
}

function counted(count: number, noun: string): string {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${count.toLocaleString('en-US')} ${count === 1 ? noun : plural}`;
}

export function isList(value: object): value is readonly Plain[] {
  return Array.isArray(value);
}

function isFields(value: Plain): value is Readonly<Record<string, Plain>> {
  return typeof value === 'object' && value !== null && !isList(value);
}
