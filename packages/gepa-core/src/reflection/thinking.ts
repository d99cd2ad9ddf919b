import { fencedBlocks } from './fenced-blocks.ts';

const names = 'think|thinking|thought|thoughts|reasoning|analysis|reflection|scratchpad';
/** The forms in which open models mark their thinking, opening and closing. */
const opening = new RegExp(
  `^\\s*(?:<(?:seed:)?(?:${names})>|\\[THINK\\]|◁think▷|<\\|?channel\\|?>\\s*(?:analysis|thought)\\b)`,
  'i',
);
const tags = new RegExp(
  `<(?<close>/?)(?:seed:)?(?<name>${names})>|\\[/THINK\\]|◁/think▷|<channel\\|>|<\\|channel\\|>final<\\|message\\|>|^analysis[^]*?assistantfinal`,
  'gi',
);
/** Marks that end a message, where a server passes them on. */
const ending = /(?:<\|(?:end|return|im_end|eot_id|endoftext)\|>|<end_of_turn>|<\/s>)\s*$/;

/**
 * Removes thinking that a model or a server left in an answer: up to the last closing tag that has no opening one,
 * unless it stands in a fenced block. Returns `undefined` if the thinking has no end.
 */
export function withoutThinking(text: string): string | undefined {
  const isOpen = opening.test(text);
  const end = endOfThinking(text, isOpen);
  if (end === undefined && isOpen) return undefined;
  return text.slice(end ?? 0).replace(ending, '');
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

/** Where the fenced blocks after `from` are; `undefined` if one is not closed. */
function blockRanges(text: string, from: number): Range[] | undefined {
  const lines = text.slice(from).split('\n');
  const { blocks, unclosed } = fencedBlocks(lines);
  if (unclosed !== undefined) return undefined;
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
