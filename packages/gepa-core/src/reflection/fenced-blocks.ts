/** A fenced block in a text. */
export interface FencedBlock {
  readonly mark: '`' | '~';
  /** The number of marks in the opening fence. */
  readonly length: number;
  /** The language tag in lower case, or an empty string. */
  readonly tag: string;
  /** Whether the opening line consists of the fence only. */
  readonly bare: boolean;
  /** Index of the line of the opening fence. */
  readonly start: number;
  /** Index of the line of the closing fence. */
  readonly end: number;
  /** The content. */
  readonly lines: readonly string[];
}

interface Fence {
  readonly mark: '`' | '~';
  readonly length: number;
  readonly indent: number;
  readonly tag: string;
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
  const blocks: FencedBlock[] = [];
  for (let start = 0; start < lines.length; start++) {
    const oneLine = readOneLineBlock(lines[start]!, start);
    if (oneLine !== undefined) {
      blocks.push(oneLine);
      continue;
    }
    const fence = readFence(lines[start]!) ?? readFenceAfterSentence(lines[start]!);
    if (fence === undefined) continue;
    const block = closeBlock(lines, start, fence);
    if (block === undefined) return { blocks, unclosed: fence.length };
    blocks.push(block);
    start = block.end;
  }
  return { blocks, unclosed: undefined };
}

const fenceLine = /^( {0,3})(`{3,}|~{3,})(.*)$/;
const languageTag = /^(?:[\w+#.-]*[\w+#])?$/;
const oneLineBlock = /^ {0,3}(`{3,})(?!`)(.*[^`])\1\s*$/;

function readFence(line: string): Fence | undefined {
  const match = fenceLine.exec(line);
  if (match === null) return undefined;
  const mark = match[2]!.startsWith('~') ? '~' : '`';
  const rest = match[3]!.trim();
  if (mark === '`' && rest.includes('```')) return undefined;
  const isTag = languageTag.test(rest);
  return {
    mark,
    length: match[2]!.length,
    indent: match[1]!.length,
    tag: isTag ? rest.toLowerCase() : '',
    content: isTag ? undefined : match[3]!.trimStart(),
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
  const match = oneLineBlock.exec(line);
  if (match === null || match[2]!.includes(match[1]!)) return undefined;
  return {
    mark: '`',
    length: match[1]!.length,
    tag: '',
    bare: false,
    start,
    end: start,
    lines: [match[2]!.trim()],
  };
}

/** The block that `opening` starts, or `undefined` if it is never closed. */
function closeBlock(lines: readonly string[], start: number, opening: Fence): FencedBlock | undefined {
  const closing = closingLine(lines, start, opening);
  const { mark, length, tag, indent, content } = opening;
  const block = (end: number, last: readonly string[]): FencedBlock => ({
    mark,
    length,
    tag,
    bare: tag === '' && content === undefined,
    start,
    end,
    lines: [
      ...(content === undefined ? [] : [content]),
      ...lines.slice(start + 1, end).map((line) => line.replace(new RegExp(`^ {0,${indent}}`), '')),
      ...last,
    ],
  });
  if (closing !== undefined) return block(closing, []);
  const last = lines.findLastIndex(
    (line, index) => index > start && contentBeforeFence(line, opening) !== undefined,
  );
  return last < 0 ? undefined : block(last, [contentBeforeFence(lines[last]!, opening)!]);
}

/** The index of the line that closes a block, after any nested blocks. */
function closingLine(lines: readonly string[], start: number, opening: Fence): number | undefined {
  const open = [opening.length];
  for (let index = start + 1; index < lines.length; index++) {
    const fence = readFence(lines[index]!);
    const inner = open.at(-1)!;
    if (fence?.mark !== opening.mark || fence.length < inner || fence.content !== undefined) continue;
    const opensNested = fence.tag !== '' || (fence.length > inner && closesLater(lines, index, fence));
    if (opensNested) open.push(fence.length);
    else open.pop();
    if (open.length === 0) return index;
  }
  return undefined;
}

function closesLater(lines: readonly string[], index: number, fence: Fence): boolean {
  return lines.slice(index + 1).some((line) => line.trim() === fence.mark.repeat(fence.length));
}

/** The content of a line that ends with the closing fence: `so.```` `. */
function contentBeforeFence(line: string, opening: Fence): string | undefined {
  const content = line.trimEnd();
  const fence = opening.mark.repeat(opening.length);
  if (!content.endsWith(fence)) return undefined;
  const rest = content.slice(0, -fence.length);
  return rest.trim() === '' || rest.endsWith(opening.mark) || rest.includes(fence) ? undefined : rest;
}
