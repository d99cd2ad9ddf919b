import { fencedBlocks } from './fenced-blocks.ts';

const names = 'think|thinking|thought|thoughts|reasoning|analysis|reflection|scratchpad';
/** The marks around thinking that open models use besides tags, with their end marks. */
const marks = [
  [/\[THINK\]/, /\[\/THINK\]/],
  [/◁think▷/, /◁\/think▷/],
  [/<\|START_THINKING\|>/, /<\|END_THINKING\|>/],
  [/<\|begin_of_thought\|>/, /<\|end_of_thought\|>/],
  [
    /<\|?channel\|?>\s*(?:analysis|thought|commentary)\b/,
    /<channel\|>|<\|channel\|>final\s*(?:<\|constrain\|>\s*\w*\s*)?<\|message\|>/,
  ],
] as const;
const openMarks = marks.map(([open]) => open.source).join('|');
const opening = new RegExp(`^\\s*(?:<(?:\\w+:)?(?:${names})>|${openMarks})`, 'i');
const tags = new RegExp(
  `<(?<close>/?)(?:\\w+:)?(?<name>${names})>|${marks.map(([, end]) => end.source).join('|')}|^analysis[^]*?assistantfinal`,
  'gi',
);
/** Marks that end a message, where a server passes them on. */
const ending = /(?:<\|(?:end|return|im_end|eot_id|endoftext)\|>|<end_of_turn>|<\/s>)\s*$/;

/**
 * Removes thinking that a model or a server left in an answer: up to the last closing tag that has no opening one,
 * unless it stands in a fenced block, and between tags after the first words of the answer. Returns `undefined` if the
 * thinking has no end.
 */
export function withoutThinking(text: string): string | undefined {
  const isOpen = opening.test(text);
  const end = endOfThinking(text, isOpen);
  if (end === undefined && isOpen) return undefined;
  return withoutPairs(text.slice(end ?? 0)).replace(ending, '');
}

const openTag = new RegExp(`<(?:\\w+:)?(?<name>${names})>|${openMarks}`, 'gi');
/** The maximum number of passages of thinking that are removed, which limits the time to read an answer. */
const MAX_PAIRS = 20;

/** Removes thinking in the middle of an answer, outside of fenced blocks. An answer without a block may be about tags. */
function withoutPairs(text: string): string {
  let rest = text;
  for (let pairs = 0; pairs < MAX_PAIRS; pairs++) {
    const pair = firstPair(rest);
    if (pair === undefined) break;
    rest = rest.slice(0, pair.from) + rest.slice(pair.to);
  }
  return rest !== text && fencedBlocks(rest.split('\n')).blocks.length > 0 ? rest : text;
}

/** The first opening tag that is in no fenced block, to the end of what it opens. */
function firstPair(text: string): Range | undefined {
  if (text.search(openTag) < 0) return undefined;
  const ranges = blockRanges(text, 0, false)!;
  for (const { index: from, 0: mark, groups } of text.matchAll(openTag)) {
    if (ranges.some((range) => range.from <= from && from < range.to)) continue;
    const { name } = groups!;
    const known = marks.find(([open]) => new RegExp(`^(?:${open.source})$`, 'i').test(mark));
    const end =
      known === undefined ? new RegExp(`</(?:\\w+:)?${name}>`, 'gi') : new RegExp(known[1].source, 'gi');
    end.lastIndex = from + mark.length;
    const found = end.exec(text);
    if (found !== null) return { from, to: end.lastIndex };
  }
  return undefined;
}

function endOfThinking(text: string, isOpen: boolean): number | undefined {
  const ends = closingTags(text);
  const [first] = ends;
  if (first === undefined) return undefined;
  // Fences in the thinking may be left open, so that blocks are looked for after it only.
  if (isOpen) return lastOutside(ends, blockRanges(text, first)) ?? first;
  const ranges = blockRanges(text, 0);
  if (ranges !== undefined) return lastOutside(ends, ranges);
  return blockRanges(text, first) === undefined ? undefined : first;
}

/** The ends of the closing tags that have no opening tag before them, except one at the start. */
function closingTags(text: string): number[] {
  const open = new Map<string, number>();
  const ends: number[] = [];
  const start = text.search(/\S/);
  for (const match of text.matchAll(tags)) {
    const { close, name = '' } = match.groups!;
    const count = open.get(name.toLowerCase()) ?? 0;
    if (name !== '' && close === '') {
      if (match.index !== start) open.set(name.toLowerCase(), count + 1);
    } else if (count > 0) open.set(name.toLowerCase(), count - 1);
    else ends.push(match.index + match[0].length);
  }
  return ends;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where the fenced blocks after `from` are; `undefined` if one is not closed but must be. */
function blockRanges(text: string, from: number, mustClose = true): Range[] | undefined {
  const lines = text.slice(from).split('\n');
  const { blocks, unclosed } = fencedBlocks(lines);
  if (unclosed !== undefined && mustClose) return undefined;
  let [line, offset] = [0, from];
  const offsetOf = (target: number) => {
    for (; line < target; line++) offset += lines[line]!.length + 1;
    return offset;
  };
  return blocks.map(({ start, end }) => ({ from: offsetOf(start), to: offsetOf(end + 1) }));
}

/** The last of the ascending positions that is in none of the ascending ranges. */
function lastOutside(positions: readonly number[], ranges: readonly Range[] | undefined): number | undefined {
  if (ranges === undefined) return undefined;
  let index = ranges.length - 1;
  return positions.findLast((position) => {
    while (index >= 0 && ranges[index]!.from >= position) index--;
    return index < 0 || position >= ranges[index]!.to;
  });
}
