import { shorten } from '../../text/shorten.ts';

/** A text that was left out of the new version (`-`) or is new in it (`+`). */
interface Change {
  readonly sign: '-' | '+';
  readonly text: string;
}

/** With more pairs of passages, only those that both texts start and end with count as unchanged. */
const MAX_PAIRS = 40_000;

/**
 * The passages (lines, and sentences of long lines) that a new text lost and gained, one per line with `-` or `+`, in at
 * most about `maxCharacters` characters. Where nothing is left of the old text, only what is new.
 */
export function shortDiff(before: string, after: string, maxCharacters: number): string {
  const changes = changesOf(passagesOf(before), passagesOf(after));
  const shown = changes.isRewritten ? changes.list.filter(({ sign }) => sign === '+') : changes.list;
  const share = Math.max(80, Math.floor(maxCharacters / Math.max(1, Math.min(shown.length, 8))) - 3);
  const lines: string[] = changes.isRewritten ? ['(all of the text is new)'] : [];
  let size = 0;
  for (const [place, { sign, text }] of shown.entries()) {
    const line = `${sign} ${shorten(text, share)}`;
    if (size + line.length > maxCharacters && place > 0) {
      lines.push(`[… ${shown.length - place} more changed lines]`);
      break;
    }
    size += line.length;
    lines.push(line);
  }
  return lines.join('\n');
}

function passagesOf(text: string): string[] {
  return text
    .split(/\n|(?<=[.!?;:])\s+(?=\S)/)
    .map((passage) => passage.trim())
    .filter((passage) => passage !== '');
}

function changesOf(
  before: readonly string[],
  after: readonly string[],
): { readonly list: readonly Change[]; readonly isRewritten: boolean } {
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start++;
  let end = 0;
  const shortest = Math.min(before.length, after.length) - start;
  while (end < shortest && before.at(-1 - end) === after.at(-1 - end)) end++;
  const [lost, gained] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  const list = lost.length * gained.length > MAX_PAIRS ? replaced(lost, gained) : aligned(lost, gained);
  const isRewritten = before.length > 1 && list.filter(({ sign }) => sign === '-').length === before.length;
  return { list, isRewritten };
}

function replaced(lost: readonly string[], gained: readonly string[]): Change[] {
  return [
    ...lost.map((text): Change => ({ sign: '-', text })),
    ...gained.map((text): Change => ({ sign: '+', text })),
  ];
}

/** The changes around the longest common subsequence. */
function aligned(lost: readonly string[], gained: readonly string[]): Change[] {
  const width = gained.length + 1;
  const lengths = new Uint16Array((lost.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j]!;
  for (let i = lost.length - 1; i >= 0; i--) {
    for (let j = gained.length - 1; j >= 0; j--) {
      const length = lost[i] === gained[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
      lengths[i * width + j] = length;
    }
  }
  const changes: Change[] = [];
  let [i, j] = [0, 0];
  while (i < lost.length || j < gained.length) {
    if (i < lost.length && j < gained.length && lost[i] === gained[j]) [i, j] = [i + 1, j + 1];
    else if (j === gained.length || (i < lost.length && at(i + 1, j) >= at(i, j + 1))) {
      changes.push({ sign: '-', text: lost[i++]! });
    } else changes.push({ sign: '+', text: gained[j++]! });
  }
  return changes;
}
