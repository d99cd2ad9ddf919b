import { entryKey } from './entry-key.ts';
import { isRow } from './markdown.ts';
import type { Plain } from './plain.ts';

/**
 * A value with fewer entries in its lists, such as the calls, messages or steps of a trace. Of entries that say the
 * same only the latest stays; then each list keeps its opening, which states the task, and the `latest` (1 or more)
 * last ones. Notes stand where entries were cut and say how many. Lists in the entries that stay are treated the same
 * way; rows of numbers stay as they are.
 */
export function thin(value: Plain, latest: number): Plain {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return isRow(value) ? value : thinList(value, latest);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, thin(item, latest)]));
}

function thinList(list: readonly Plain[], latest: number): Plain[] {
  const noun = nounFor(list);
  const opening = list.slice(0, openingLength(list));
  const others = withoutRepeats(list.slice(opening.length));
  const cut = others.slice(0, Math.max(0, others.length - latest));
  const earlier = cut.reduce((sum, { repeats }) => sum + 1 + repeats, 0);
  return [
    ...opening.map((entry) => thin(entry, latest)),
    ...(earlier === 0 ? [] : [`[… ${counted(earlier, `earlier ${noun}`)} cut …]`]),
    ...others.slice(cut.length).flatMap(({ entry, repeats }) => {
      const shown = thin(entry, latest);
      return repeats === 0
        ? [shown]
        : [`[… the same ${noun} ${counted(repeats, 'more time')} before …]`, shown];
    }),
  ];
}

/** Roles of messages that only lead up to the task. */
const instructions: ReadonlySet<unknown> = new Set(['system', 'developer', 'tools']);

/** The first entry; of messages, the first from the user with the instructions before it. */
function openingLength(list: readonly Plain[]): number {
  return (
    Math.max(
      0,
      list.findIndex((entry) => !(isFields(entry) && instructions.has(entry.role))),
    ) + 1
  );
}

/** The entries as they last occurred, with how often they did before. */
function withoutRepeats(list: readonly Plain[]): { readonly entry: Plain; readonly repeats: number }[] {
  const positions = new Map<string, number[]>();
  const same = list.map((entry, index) => {
    const key = entryKey(entry);
    const all = positions.get(key) ?? [];
    positions.set(key, all);
    all.push(index);
    return all;
  });
  return list.flatMap((entry, index) =>
    same[index]!.at(-1) === index ? [{ entry, repeats: same[index]!.length - 1 }] : [],
  );
}

/** What to call the entries, by a field that tells. */
const nouns = [
  ['role', 'message'],
  ['What the model saw', 'call'],
  ['Step', 'step'],
] as const;

function nounFor(list: readonly Plain[]): string {
  const has = (field: string) => list.some((entry) => isFields(entry) && Object.hasOwn(entry, field));
  return nouns.find(([field]) => has(field))?.[1] ?? 'entry';
}

function counted(count: number, noun: string): string {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${count.toLocaleString('en-US')} ${count === 1 ? noun : plural}`;
}

function isList(value: object): value is readonly Plain[] {
  return Array.isArray(value);
}

function isFields(value: Plain): value is Readonly<Record<string, Plain>> {
  return typeof value === 'object' && value !== null && !isList(value);
}
