import { diffArrays, diffWordsWithSpace } from 'diff';

/** A line of a diff. */
export type DiffRow =
  | { readonly kind: 'same' | 'removed' | 'added'; readonly text: string }
  | { readonly kind: 'changed'; readonly parts: readonly DiffPart[] };

/** A part of a changed line. */
export interface DiffPart {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/**
 * Compares two texts line by line, and changed lines word by word. The same and removed parts in order are the old
 * text; the same and added parts are the new text.
 */
export function diffRows(before: string, after: string): DiffRow[] {
  return hunksOf(linesOf(before), linesOf(after)).flatMap((hunk) =>
    'same' in hunk
      ? hunk.same.map((text) => ({ kind: 'same' as const, text }))
      : alignLines(hunk.removed, hunk.added),
  );
}

type Hunk =
  | { readonly same: readonly string[] }
  | { readonly removed: readonly string[]; readonly added: readonly string[] };

/** With more edits, a diff is slow and hard to read. */
const MAX_EDITS = 2_000;

const linesOf = (text: string): string[] => (text === '' ? [] : text.split('\n'));

function hunksOf(before: readonly string[], after: readonly string[]): Hunk[] {
  const changes = diffArrays([...before], [...after], { maxEditLength: MAX_EDITS });
  if (changes === undefined) return [{ removed: before, added: after }];
  const hunks: { same?: string[]; removed: string[]; added: string[] }[] = [];
  changes.forEach(({ added, removed, value }, i) => {
    const isEdge = i === 0 || i === changes.length - 1;
    const last = hunks.at(-1);
    if (!added && !removed && (isEdge || value.some(isNotBlank))) {
      hunks.push({ same: value, removed: [], added: [] });
      return;
    }
    // Blank lines between two changes do not separate them.
    const hunk = last === undefined || last.same !== undefined ? { removed: [], added: [] } : last;
    if (hunk !== last) hunks.push(hunk);
    // Not `push(...value)`, which overflows the stack with many lines.
    for (const line of value) {
      if (!added) hunk.removed.push(line);
      if (!removed) hunk.added.push(line);
    }
  });
  return hunks.map(({ same, ...hunk }) => (same === undefined ? hunk : { same }));
}

const isNotBlank = (line: string): boolean => line.trim() !== '';

/** With more pairs of lines, removed and added lines are not aligned. */
const MAX_ALIGNED_PAIRS = 20_000;

/** Aligns removed lines with similar added lines, in order, and compares the aligned ones word by word. */
function alignLines(removed: readonly string[], added: readonly string[]): DiffRow[] {
  const rows: DiffRow[] = [];
  let [i, j] = [0, 0];
  const replaceUpTo = (endOfRemoved: number, endOfAdded: number) => {
    while (i < endOfRemoved) rows.push({ kind: 'removed', text: removed[i++]! });
    while (j < endOfAdded) rows.push({ kind: 'added', text: added[j++]! });
  };
  for (const [oldLine, newLine] of bestPairs(removed, added)) {
    replaceUpTo(oldLine, newLine);
    for (const row of comparedLines(removed[i++]!, added[j++]!)) rows.push(row);
  }
  replaceUpTo(removed.length, added.length);
  return rows;
}

/** The pairs of lines, in order, with the greatest total similarity; by dynamic programming. */
function bestPairs(removed: readonly string[], added: readonly string[]): [number, number][] {
  if (removed.length * added.length > MAX_ALIGNED_PAIRS) return [];
  const similarity = similarityOf(removed, added);
  const sums = Array.from({ length: removed.length + 1 }, () => new Float64Array(added.length + 1));
  const withPair = (i: number, j: number) => {
    const similar = similarity(i, j);
    return similar === 0 ? 0 : similar + sums[i + 1]![j + 1]!;
  };
  for (let i = removed.length - 1; i >= 0; i--) {
    for (let j = added.length - 1; j >= 0; j--) {
      sums[i]![j] = Math.max(withPair(i, j), sums[i + 1]![j]!, sums[i]![j + 1]!);
    }
  }

  const pairs: [number, number][] = [];
  for (let [i, j] = [0, 0]; i < removed.length && j < added.length; ) {
    const sum = sums[i]![j]!;
    if (sum > 0 && withPair(i, j) === sum) pairs.push([i++, j++]);
    else if (sums[i + 1]![j] === sum) i++;
    else j++;
  }
  return pairs;
}

/** Lines with a lower similarity are not compared word by word. */
const MIN_SIMILARITY = 0.5;

/** The share of common words in two lines (Dice coefficient), or 0 if it is below `MIN_SIMILARITY`. */
function similarityOf(
  removed: readonly string[],
  added: readonly string[],
): (i: number, j: number) => number {
  const oldWords = removed.map(wordCounts);
  const newWords = added.map(wordCounts);
  return (i, j) => {
    if (removed[i] === added[j]) return isNotBlank(removed[i]!) ? 1 : 0.01;
    const [a, b] = [oldWords[i]!, newWords[j]!];
    const [few, many] = a.counts.size <= b.counts.size ? [a.counts, b.counts] : [b.counts, a.counts];
    let common = 0;
    for (const [word, count] of few) common += Math.min(count, many.get(word) ?? 0);
    const share = (2 * common) / (a.size + b.size);
    return share >= MIN_SIMILARITY ? share : 0;
  };
}

function wordCounts(line: string): { size: number; counts: ReadonlyMap<string, number> } {
  const counts = new Map<string, number>();
  const words = line.match(/[\p{L}\p{N}]+/gu) ?? [];
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return { size: words.length, counts };
}

function comparedLines(before: string, after: string): DiffRow[] {
  if (before === after) return [{ kind: 'same', text: before }];
  const changes = diffWordsWithSpace(before, after, { maxEditLength: MAX_EDITS });
  if (changes === undefined) {
    return [
      { kind: 'removed', text: before },
      { kind: 'added', text: after },
    ];
  }
  return [{ kind: 'changed', parts: joinedParts(changes) }];
}

/** Joins changes with only white space between them: changed phrases are easier to read than changed words. */
function joinedParts(changes: readonly { added: boolean; removed: boolean; value: string }[]): DiffPart[] {
  const parts: DiffPart[] = [];
  let removed = '';
  let added = '';
  const flush = () => {
    if (removed !== '') parts.push({ kind: 'removed', text: removed });
    if (added !== '') parts.push({ kind: 'added', text: added });
    removed = added = '';
  };
  changes.forEach((change, i) => {
    const isChange = change.added || change.removed;
    const joins = !isChange && removed + added !== '' && i < changes.length - 1 && !isNotBlank(change.value);
    if (!isChange && !joins) {
      flush();
      parts.push({ kind: 'same', text: change.value });
      return;
    }
    if (!change.added) removed += change.value;
    if (!change.removed) added += change.value;
  });
  flush();
  return parts;
}
