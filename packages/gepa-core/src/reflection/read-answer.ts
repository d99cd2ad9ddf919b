import { isCutOff, type LanguageModelAnswer } from '../language-model.ts';
import { trimBlankLines } from './fence.ts';
import { type FencedBlock, fencedBlocks } from './fenced-blocks.ts';

/** Why an answer has no usable text. */
export type AnswerProblem = 'cut_off' | 'empty' | 'too_long';

/** About 100,000 tokens, more than models write, so that the time to read an answer is bounded. */
const MAX_ANSWER_CHARACTERS = 400_000;

/**
 * Extracts the new text from a model's answer: the content of its fenced block, which may have nested blocks and other
 * text around it, or the whole answer without its introduction if there is no block. Removes outer blank lines only.
 */
export function readAnswer(
  answer: Pick<LanguageModelAnswer, 'text' | 'finishReason'>,
): { readonly text: string } | { readonly problem: AnswerProblem; readonly message: string } {
  if (isCutOff(answer.finishReason)) {
    return cutOff(`the model stopped with "${answer.finishReason}"`);
  }
  if (answer.text.length > MAX_ANSWER_CHARACTERS) {
    const [most, length] = [MAX_ANSWER_CHARACTERS, answer.text.length].map((n) => n.toLocaleString('en-US'));
    return {
      problem: 'too_long',
      message: `The answer has ${length} characters. It must have fewer than ${most}.`,
    };
  }
  const content = withoutThinking(answer.text.replaceAll('\r\n', '\n'));
  if (content === undefined) return cutOff('its thinking has no end');

  const lines = content.split('\n');
  const { blocks, unclosed } = fencedBlocks(lines);
  const block = bestBlock(lines, joinSplitBlocks(lines, blocks));
  if (unclosed !== undefined && unclosed >= (block?.length ?? 0)) return cutOff('a fence is not closed');

  const text = trimBlankLines(block === undefined ? withoutIntroduction(content) : block.lines.join('\n'));
  return text === '' ? { problem: 'empty', message: 'The answer holds no text.' } : { text };
}

function cutOff(evidence: string): { problem: 'cut_off'; message: string } {
  return {
    problem: 'cut_off',
    message: `The answer ends before its end: ${evidence}. It must be complete, and short enough for that.`,
  };
}

/** Removes a leading `<think>` section; returns `undefined` if it is not closed. */
function withoutThinking(text: string): string | undefined {
  const opening = /^\s*<(think|thinking)>/.exec(text);
  if (opening === null) return text;
  const closing = `</${opening[1]}>`;
  const end = text.indexOf(closing);
  return end < 0 ? undefined : text.slice(end + closing.length);
}

/**
 * A block that contains bare fences of its own length looks like several blocks with text between them. Joins them,
 * unless the text between two of them is a comment of the model.
 */
function joinSplitBlocks(lines: readonly string[], blocks: readonly FencedBlock[]): FencedBlock[] {
  const joined: (FencedBlock & { readonly lines: string[] })[] = [];
  for (const block of blocks) {
    const before = joined.at(-1);
    const isSplit =
      before !== undefined &&
      before.end > before.start &&
      block.bare &&
      block.mark === before.mark &&
      block.length === before.length &&
      !isComment(lines.slice(before.end + 1, block.start));
    if (!isSplit) joined.push({ ...block, lines: [...block.lines] });
    else {
      for (const line of lines.slice(before.end, block.start + 1)) before.lines.push(line);
      for (const line of block.lines) before.lines.push(line);
      joined.splice(-1, 1, { ...before, end: block.end });
    }
  }
  return joined;
}

/** Whether lines between two blocks are separated by blank lines or introduce the next block. */
function isComment(lines: readonly string[]): boolean {
  const isBlank = (line: string | undefined) => line === undefined || line.trim() === '';
  return (isBlank(lines[0]) && isBlank(lines.at(-1))) || isIntroduction(lines.at(-1)!);
}

/** The block with the new text: the longest fence, then the most text, then the last. */
function bestBlock(lines: readonly string[], blocks: readonly FencedBlock[]): FencedBlock | undefined {
  let best: FencedBlock | undefined;
  let bestSize = 0;
  for (const block of blocks) {
    if (isExample(lines, block)) continue;
    const size = block.lines.join('\n').trim().length;
    const isBetter =
      best === undefined || block.length > best.length || (block.length === best.length && size >= bestSize);
    if (isBetter) [best, bestSize] = [block, size];
  }
  return best;
}

const proseTags = new Set([
  '',
  'markdown',
  'md',
  'mdx',
  'text',
  'txt',
  'plaintext',
  'plain',
  'prompt',
  'template',
]);

const announcesExample = /\b(?:examples?|format)\b[^:]{0,60}:$/i;

/** Whether a block is code or an example inside an answer that is not itself fenced. */
function isExample(lines: readonly string[], block: FencedBlock): boolean {
  if (block.length > 3) return false;
  let line = block.start - 1;
  while (line >= 0 && lines[line]!.trim() === '') line--;
  const before = lines[line];
  if (before === undefined || isIntroduction(before)) return false;
  return !proseTags.has(block.tag) || announcesExample.test(withoutMarks(before));
}

const newText =
  "(?:(?:the|my|your|an?) )?(?:[\\w'-]+,? ){0,2}?(?:improved|new|updated|revised|rewritten|reworked|optimi[sz]ed|refined|" +
  'complete|final|full|enhanced|better|proposed|modified) (?:[\\w\'"`.-]+ ){0,4}?' +
  '(?:prompt|instructions?|text|version|description|template|wording|answer)';
const title = new RegExp(`^${newText}(?: for [^:]{0,80}| is| below)?:?$`, 'i');
const introductions = [
  /^(?:sure|certainly|of course|absolutely|okay|ok|understood|got it|great)(?: thing)?\s*[,.!:–—-][^:]{0,200}[.!:]?$/i,
  new RegExp(
    `^(?:here|below|this is|the following|i\\b|i've|based on|after|given)[^:]{0,200}?\\b${newText}\\b[^:]{0,120}:$`,
    'i',
  ),
  title,
];

/** Whether a line only introduces the text that follows. */
function isIntroduction(line: string): boolean {
  const words = withoutMarks(line);
  return words.length <= 400 && introductions.some((introduction) => introduction.test(words));
}

function withoutMarks(line: string): string {
  return line.replace(/[*_#]+/g, '').trim();
}

function withoutIntroduction(text: string): string {
  const lines = trimBlankLines(text).split('\n');
  let start = 0;
  for (; start < lines.length; start++) {
    const line = lines[start]!;
    if (line.trim() === '') continue;
    if (!isIntroduction(line)) break;
    // A single line without a colon, such as "Give a complete answer", is the text itself.
    const words = withoutMarks(line);
    if (start === lines.length - 1 && title.test(words) && !words.endsWith(':')) break;
  }
  return lines.slice(start).join('\n');
}
