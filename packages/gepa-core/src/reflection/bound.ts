import { isRow } from '../text/markdown.ts';
import type { Plain } from '../text/plain.ts';
import { shorten } from '../text/shorten.ts';
import { earlierCut, isList, nounFor, openingLength } from './records/prune-lists.ts';

/** A record keeps this multiple of the characters that can be shown: repeated entries are removed later. */
const KEPT_PART = 8;
/** Added for each value, since many short ones take as long as a few long ones. */
const CHARACTERS_PER_VALUE = 10;

/**
 * Cuts data that is far longer than `maxCharacters`, so that the time to make it fit does not depend on its length:
 * texts to `maxCharacters`, and lists and fields once 8 times as much is used. Lists keep their opening and latest
 * entries. Notes count what was cut.
 */
export function bounded(value: Plain, maxCharacters: number): Plain {
  let left = KEPT_PART * maxCharacters;
  const cut = (value: Plain): Plain => {
    left -= CHARACTERS_PER_VALUE;
    if (typeof value === 'string') return cutText(value);
    if (typeof value !== 'object' || value === null) return value;
    return isList(value) ? cutList(value) : cutFields(value);
  };
  const cutText = (text: string): string => {
    const shortened = shorten(text, maxCharacters);
    left -= shortened.length;
    return shortened;
  };
  const cutList = (list: readonly Plain[]): Plain => {
    if (list.length > maxCharacters / 2 && isRow(list)) return cutText(JSON.stringify(list));
    const opening = list.slice(0, openingLength(list)).map(cut);
    const latest: Plain[] = [];
    let start = list.length;
    while (start > opening.length && left > 0) latest.push(cut(list[--start]!));
    const earlier = start - opening.length;
    return [...opening, ...(earlier === 0 ? [] : [earlierCut(earlier, nounFor(list))]), ...latest.reverse()];
  };
  const cutFields = (fields: { readonly [name: string]: Plain }): Plain => {
    const all = Object.entries(fields);
    const kept: [string, Plain][] = [];
    for (const [name, field] of all) {
      if (left <= 0) break;
      kept.push([cutText(name), cut(field)]);
    }
    const rest = all.length - kept.length;
    if (rest > 0) kept.push(['…', `[… ${rest.toLocaleString('en-US')} more fields cut …]`]);
    return Object.fromEntries(kept);
  };
  return cut(value);
}
