/** A fenced block in a text. */
export interface FencedBlock {
  readonly mark: '`' | '~';
  /** The number of marks in the opening fence. */
  readonly length: number;
  /** The language tag in lower case, or an empty string. */
  readonly tag: string;
  /** The text after the fence on the opening line. */
  readonly info: string;
  /** Index of the line of the opening fence. */
  readonly start: number;
  /** Index of the line of the closing fence. */
  readonly end: number;
  /** The content. */
  readonly lines: readonly string[];
}

export interface Fence {
  readonly mark: '`' | '~';
  readonly length: number;
  readonly indent: number;
  readonly tag: string;
  readonly info: string;
  /** Text on the opening line that is not a language tag: the first line of the content. */
  readonly content: string | undefined;
}

/**
 * Finds the outermost fenced blocks, and the length of an opening fence that is never closed. Unlike in Markdown, a
 * fence with a language tag inside a block opens a nested block, because models nest blocks this way.
 */
export function fencedBlocks(lines: readonly string[]): {
  readonly blocks: readonly FencedBlock[];
  readonly unclosed: number | undefined;
} {
  const index = indexFences(lines);
  const blocks: FencedBlock[] = [];
  for (let start = 0; start < lines.length; start++) {
    const oneLine = readOneLineBlock(lines[start]!, start);
    if (oneLine !== undefined) {
      blocks.push(oneLine);
      continue;
    }
    const fence = readFence(lines[start]!) ?? readFenceAfterSentence(lines[start]!);
    if (fence === undefined) continue;
    const block = closeBlock(lines, index, start, fence);
    if (block === undefined) return { blocks, unclosed: fence.length };
    blocks.push(block);
    start = block.end;
  }
  return { blocks, unclosed: undefined };
}

/** The fences in a text, so that each line is read only once. */
interface FenceIndex {
  /** The lines that start with a fence, in order. */
  readonly fences: readonly { readonly line: number; readonly fence: Fence }[];
  /** By fence, the last line that consists of it. */
  readonly lastBare: ReadonlyMap<string, number>;
  /** By fence, the last line that ends with it after other content. */
  readonly lastAfterContent: ReadonlyMap<string, number>;
}

function indexFences(lines: readonly string[]): FenceIndex {
  const fences: { line: number; fence: Fence }[] = [];
  const lastBare = new Map<string, number>();
  const lastAfterContent = new Map<string, number>();
  lines.forEach((text, line) => {
    const fence = readFence(text);
    if (fence !== undefined) fences.push({ line, fence });
    const content = text.trimEnd();
    const length = runAtEnd(content);
    if (length < 3) return;
    const marks = content.slice(-length);
    const before = content.slice(0, -length);
    if (before.trim() === '') lastBare.set(marks, line);
    else if (!before.includes(marks)) lastAfterContent.set(marks, line);
  });
  return { fences, lastBare, lastAfterContent };
}

const languageTag = /^(?:[\w+#.-]*[\w+#])?$/;
/** Other line breaks than `\n`, at which a fence line ends. */
const otherLineBreak = /[\r\u2028\u2029]/;

function isMark(character: string | undefined): character is '`' | '~' {
  return character === '`' || character === '~';
}

/** The number of equal fence marks from `start`. */
function runAt(text: string, start: number): number {
  const mark = text[start];
  if (!isMark(mark)) return 0;
  let end = start;
  while (text[end] === mark) end++;
  return end - start;
}

/** The number of equal fence marks at the end. */
function runAtEnd(text: string): number {
  const mark = text.at(-1);
  if (!isMark(mark)) return 0;
  let start = text.length;
  while (text[start - 1] === mark) start--;
  return text.length - start;
}

/** The number of spaces at the start of a fence line, or `undefined` if there are more than three. */
function indentOf(line: string): number | undefined {
  let indent = 0;
  while (line[indent] === ' ') if (++indent > 3) return undefined;
  return indent;
}

/** The fence that opens a line. */
export function readFence(line: string): Fence | undefined {
  const indent = indentOf(line);
  const length = indent === undefined ? 0 : runAt(line, indent);
  if (indent === undefined || length < 3) return undefined;
  const mark = line[indent] === '~' ? '~' : '`';
  const after = line.slice(indent + length);
  if (otherLineBreak.test(after)) return undefined;
  const rest = after.trim();
  if (mark === '`' && rest.includes('```')) return undefined;
  const isTag = languageTag.test(rest);
  return {
    mark,
    length,
    indent,
    tag: isTag ? rest.toLowerCase() : '',
    info: rest,
    content: isTag ? undefined : after.trimStart(),
  };
}

/** Reads an opening fence at the end of a sentence: ``Here it is: ```md``. */
function readFenceAfterSentence(line: string): Fence | undefined {
  const fence = /:\s*((?:`{3,}|~{3,})\s*[^\s`~]*)$/.exec(line);
  const read = fence === null ? undefined : readFence(fence[1]!);
  return read?.content === undefined ? read : undefined;
}

/** Reads a block on one line: ` ```text``` `. */
function readOneLineBlock(line: string, start: number): FencedBlock | undefined {
  const indent = indentOf(line);
  if (indent === undefined || line[indent] !== '`') return undefined;
  const length = runAt(line, indent);
  const end = line.trimEnd();
  const content = end.slice(indent + length, -length);
  if (length < 3 || content === '' || !end.endsWith('`') || runAtEnd(end) !== length) return undefined;
  if (otherLineBreak.test(content) || content.includes('`'.repeat(length))) return undefined;
  return { mark: '`', length, tag: '', info: content.trim(), start, end: start, lines: [content.trim()] };
}

/** The block that `opening` starts, or `undefined` if it is never closed. */
function closeBlock(
  lines: readonly string[],
  index: FenceIndex,
  start: number,
  opening: Fence,
): FencedBlock | undefined {
  const closing = closingLine(index, start, opening);
  const { mark, length, tag, info, indent, content } = opening;
  const indentation = new RegExp(`^ {0,${indent}}`);
  const block = (end: number, last: readonly string[]): FencedBlock => ({
    mark,
    length,
    tag,
    info,
    start,
    end,
    lines: [
      ...(content === undefined ? [] : [content]),
      ...lines.slice(start + 1, end).map((line) => line.replace(indentation, '')),
      ...last,
    ],
  });
  if (closing !== undefined) return block(closing, []);
  const last = index.lastAfterContent.get(mark.repeat(length));
  if (last === undefined || last <= start) return undefined;
  return block(last, [lines[last]!.trimEnd().slice(0, -length)]);
}

/** The index of the line that closes a block, after any nested blocks. */
function closingLine({ fences, lastBare }: FenceIndex, start: number, opening: Fence): number | undefined {
  const open = [opening.length];
  for (let position = firstAfter(fences, start); position < fences.length; position++) {
    const { line, fence } = fences[position]!;
    const inner = open.at(-1)!;
    if (fence.mark !== opening.mark || fence.length < inner || fence.content !== undefined) continue;
    const closesLater = () => (lastBare.get(fence.mark.repeat(fence.length)) ?? 0) > line;
    const opensNested = fence.tag !== '' || (fence.length > inner && closesLater());
    if (opensNested) open.push(fence.length);
    else open.pop();
    if (open.length === 0) return line;
  }
  return undefined;
}

/** The position of the first fence after a line, by binary search. */
function firstAfter(fences: FenceIndex['fences'], line: number): number {
  let [low, high] = [0, fences.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fences[middle]!.line <= line) low = middle + 1;
    else high = middle;
  }
  return low;
}
