import { type FencedBlock, fencedBlocks, readFence } from './fenced-blocks.ts';

/** The part of an answer that has a component's text. */
export interface NamedSection {
  readonly name: string;
  readonly lines: readonly string[];
  /** Whether the text is in a fenced block, with or without a closing fence. */
  readonly isFenced: boolean;
}

/**
 * Splits an answer with several texts: at the fences whose opening line has the name of a component, at fences below a
 * line with such a name, or, without any fence, at headings that are such a name.
 */
export function namedSections(lines: readonly string[], names: readonly string[]): NamedSection[] {
  const sections: NamedSection[] = [];
  const starts = namedFences(lines, names);
  for (const [index, start] of [0, ...starts].entries()) {
    const part = lines.slice(start, starts[index]);
    const isLast = index > 0 && index === starts.length;
    sections.push(...blocksUnderNames(isLast ? withoutOuterFence(part) : part, names, index > 0));
  }
  return sections.length > 0 ? sections : unfencedSections(lines, names);
}

/** The lines that open a block with the name of a component. A shorter fence inside of such a block opens none. */
function namedFences(lines: readonly string[], names: readonly string[]): number[] {
  const starts: number[] = [];
  let open = 0;
  lines.forEach((line, index) => {
    const fence = readFence(line);
    if (fence === undefined) return;
    if (nameIn(fence.info, names) !== undefined && fence.length >= open) {
      starts.push(index);
      open = fence.length;
    } else if (fence.info === '' && fence.length >= open) open = 0;
  });
  return starts;
}

/** Removes a fence at the end that is open: it closes one around all blocks. */
function withoutOuterFence(lines: readonly string[]): readonly string[] {
  const last = lines.findLastIndex((line) => line.trim() !== '');
  const isOuter =
    last > 0 && readFence(lines[last]!)?.info === '' && fencedBlocks(lines).unclosed !== undefined;
  const inner = lines.slice(0, last);
  return isOuter && fencedBlocks(inner).unclosed === undefined ? inner : lines;
}

/** The blocks of a part of an answer that starts with a named fence, or has none. */
function blocksUnderNames(
  lines: readonly string[],
  names: readonly string[],
  startsWithName: boolean,
): NamedSection[] {
  const { blocks } = fencedBlocks(lines);
  const others = blocks.filter(({ start }) => !startsWithName || start > 0);
  const underNames = others.flatMap((block) => {
    const name = nameIn(lineBefore(lines, block), names);
    return name === undefined
      ? []
      : [{ name, lines: lines.slice(block.start, block.end + 1), isFenced: true }];
  });
  if (!startsWithName) return underNames;
  // Other blocks may be parts of the text, if it has bare fences of the same length.
  const end = others.find((block) => nameIn(lineBefore(lines, block), names) !== undefined)?.start;
  const name = nameIn(readFence(lines[0]!)!.info, names)!;
  return [{ name, lines: lines.slice(0, end), isFenced: true }, ...underNames];
}

/** The last line with words before a block; empty if there is none. */
export function lineBefore(lines: readonly string[], { start }: FencedBlock): string {
  let line = start - 1;
  while (line >= 0 && lines[line]!.trim() === '') line--;
  return lines[line] ?? '';
}

function unfencedSections(lines: readonly string[], names: readonly string[]): NamedSection[] {
  const sections: { name: string; lines: string[]; isFenced: false }[] = [];
  for (const line of lines) {
    const isHeading = /^\s*(?:#{1,6}\s|\*\*)/.test(line);
    const name = isHeading ? nameIn(line, names) : undefined;
    if (name !== undefined) sections.push({ name, lines: [], isFenced: false });
    else sections.at(-1)?.lines.push(line);
  }
  return sections;
}

const marks = /^[\s"'`*#<([]+|[\s"'`*:=>)\]]+$/g;
const firstWord = /^[^\s:="'`]*[\s:="'`]+/;
const wordsBefore = new Set(
  'the a new text prompt component name block of for here is updated revised improved rewritten final complete markdown md txt'.split(
    ' ',
  ),
);

/** The name that a line consists of, apart from marks and words such as "New text of". */
export function nameIn(line: string, names: readonly string[]): string | undefined {
  let rest = line.slice(0, 300).replaceAll(marks, '');
  while (rest !== '') {
    const found = names.find((name) => name === rest) ?? names.find((name) => plain(name) === plain(rest));
    if (found !== undefined) return found;
    const word = firstWord.exec(rest)?.[0];
    if (word === undefined || !wordsBefore.has(plain(word))) return undefined;
    rest = rest.slice(word.length);
  }
  return undefined;
}

function plain(words: string): string {
  return words.replaceAll(marks, '').toLowerCase();
}
