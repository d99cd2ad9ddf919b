import { isCutOff, type LanguageModelAnswer } from '../../language-model.ts';
import { trimBlankLines } from '../../text/fence.ts';
import { type FencedBlock, fencedBlocks } from './fenced-blocks.ts';
import { lineBefore, namedSections, nameIn } from './named-blocks.ts';
import { isIntroduction, isRecord, isSample, isTalk, withoutIntroduction, withoutMarks } from './prose.ts';
import { withoutThinking } from './thinking.ts';

/** Why an answer has no usable text. */
export type AnswerProblem = 'cut_off' | 'empty' | 'no_text' | 'too_long';

/** The new text of a component, or why there is none. */
export type Reading =
  | { readonly text: string }
  | { readonly problem: AnswerProblem; readonly message: string };

/** A component that an answer may rewrite. */
export interface AskedText {
  readonly name: string;
  readonly currentText: string;
}

/** An answer shorter than this part of the current text is likely a remark, such as a refusal in any language. */
const LEAST_PART = 1 / 4;

/** About 100,000 tokens, more than models write, so that the time to read an answer is bounded. */
const MAX_ANSWER_CHARACTERS = 400_000;

/**
 * Extracts the new texts from a model's answer, without outer blank lines.
 *
 * If one text was asked for, it is the content of the answer's fenced block, which may have nested blocks and other text
 * around it, or the whole answer without its introduction if there is no block. If several were asked for, each is in a
 * block with its name; the result lacks those that the model left out.
 *
 * @param texts The texts to extract.
 * @param context.names The names of all components in the prompt. Default: of those that are asked for.
 * @param context.needsBlock Whether a text without a block is refused. Default `false`: it is refused only if it reads like
 *   a reply, or is much shorter than the current text.
 * @param context.ownLines The lines of the prompt that are not about the program, which show that an answer repeats it.
 */
export function readAnswer(
  answer: Pick<LanguageModelAnswer, 'text' | 'finishReason'>,
  texts: readonly AskedText[],
  context: {
    readonly names?: readonly string[];
    readonly ownLines?: readonly string[];
    readonly needsBlock?: boolean;
  } = {},
): ReadonlyMap<string, Reading> {
  const asked = texts.map(({ name, currentText }) => ({ name, currentText: asAnswered(currentText) }));
  const { names = asked.map(({ name }) => name), ownLines = [], needsBlock = false } = context;
  const ownWords = ownLines.join('\n');
  const forAll = (reading: Reading) => new Map(asked.map(({ name }) => [name, reading]));
  const isCut = isCutOff(answer.finishReason);
  const stopped = cutOff(`the model stopped with "${answer.finishReason}"`);
  if (isCut && names.length === 1) return forAll(stopped);

  if (answer.text.length > MAX_ANSWER_CHARACTERS) {
    const [most, length] = [MAX_ANSWER_CHARACTERS, answer.text.length].map((n) => n.toLocaleString('en-US'));
    return forAll({
      problem: 'too_long',
      message: `The answer has ${length} characters. It must have fewer than ${most}.`,
    });
  }
  const content = withoutThinking(answer.text.replaceAll('\r\n', '\n'));
  if (content === undefined) return forAll(cutOff('its thinking has no end'));
  const lines = withoutEcho(content.split('\n'), asked, ownLines);
  const sections = names.length === 1 ? [] : namedSections(lines, names);
  if (sections.length === 0 && asked.length === 1) {
    return forAll(isCut ? stopped : withoutSamples(readOne(lines, asked[0]!, needsBlock), ownWords));
  }

  const readings = new Map<string, Reading>();
  sections.forEach(({ name, lines, isFenced }, index) => {
    const text = asked.find((one) => one.name === name);
    if (text === undefined) return;
    const isLast = index === sections.length - 1;
    const whole = () =>
      isFenced ? readOne(lines, text, false) : needsBlock ? noText(noBlock) : textOf(lines.join('\n'));
    const reading = isCut && isLast ? stopped : withoutSamples(whole(), ownWords);
    // A block that repeats the current text does not replace a new one.
    const isQuote = 'text' in reading && reading.text === text.currentText && readings.has(name);
    if (!isQuote) readings.set(name, reading);
  });
  if (isCut) for (const { name } of asked) if (!readings.has(name)) readings.set(name, stopped);
  return sections.length > 0 || isCut
    ? readings
    : forAll(noText('No block of the answer has the name of a text on its first line.'));
}

const noBlock = 'The answer has no block of backticks around the text.';

function readOne(lines: readonly string[], asked: AskedText, needsBlock: boolean): Reading {
  const { blocks, unclosed } = fencedBlocks(lines);
  const block = bestBlock(lines, joinSplitBlocks(lines, blocks), asked);
  if (unclosed !== undefined && unclosed >= (block?.length ?? 0)) return cutOff('a fence is not closed');
  if (block !== undefined) return textOf(contentOf(block, asked).join('\n'));

  const reading = textOf(withoutIntroduction(lines.join('\n')));
  if (!('text' in reading)) return reading;
  if (isTalk(reading.text) || reading.text.length < asked.currentText.length * LEAST_PART)
    return noText('The answer is not a text: it has no fenced block, and reads like a reply.');
  return needsBlock ? noText(noBlock) : reading;
}

function textOf(content: string): Reading {
  const text = trimBlankLines(content);
  return text === '' ? { problem: 'empty', message: 'The answer has no text.' } : { text };
}

function cutOff(evidence: string): Reading {
  return {
    problem: 'cut_off',
    message: `The answer ends before its end: ${evidence}. It must be complete, and short enough for that.`,
  };
}

function noText(message: string): Reading {
  return { problem: 'no_text', message };
}

/** A shorter line may be part of any text. */
const MIN_OWN_LINE = 40;

/** Removes a repetition of the prompt, up to its last line; a single such line may be a coincidence. */
function withoutEcho(lines: string[], asked: readonly AskedText[], ownLines: readonly string[]): string[] {
  const own = new Set(ownLines.filter((line) => line.length >= MIN_OWN_LINE));
  for (const { currentText } of asked) for (const line of currentText.split('\n')) own.delete(line.trimEnd());
  const repeated = lines.flatMap((line, index) => (own.has(line.trimEnd()) ? [index] : []));
  return repeated.length < 2 ? lines : lines.slice(repeated.at(-1)! + 1);
}

/** Rejects placeholders for a text and pieces of the prompt, which were not written for the component. */
function withoutSamples(reading: Reading, ownWords: string): Reading {
  if (!('text' in reading)) return reading;
  const { text } = reading;
  if (isRecord(text)) return noText('The answer repeats the runs in place of a text.');
  const isPiece = () => text.length < 1_000 && /\w\s+\w+\s+\w/.test(text) && ownWords.includes(text);
  return isSample(text) || isPiece()
    ? noText('The answer repeats words of the request in place of a text.')
    : reading;
}

/** The current text in the form in which a model would repeat it. */
export function asAnswered(text: string): string {
  return trimBlankLines(text.replaceAll('\r\n', '\n'));
}

/** The lines of a block, without the name of the component where it stands on the opening line. */
function contentOf(block: FencedBlock, { name }: AskedText): readonly string[] {
  const isName =
    block.tag === '' && block.lines[0]?.trim() === block.info && nameIn(block.info, [name]) !== undefined;
  return isName && block.end > block.start ? block.lines.slice(1) : block.lines;
}

/** The least length of the fence that the prompt asks for. Blocks inside of it have shorter ones. */
const ASKED_FENCE = 4;

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
      block.info === '' &&
      block.mark === before.mark &&
      block.length === before.length &&
      !isComment(lines.slice(before.end + 1, block.start), block.length);
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
function isComment(lines: readonly string[], fence: number): boolean {
  const isBlank = (line: string | undefined) => line === undefined || line.trim() === '';
  const endsInColon = lines.at(-1)?.trimEnd().endsWith(':') === true;
  return (
    (isBlank(lines[0]) && isBlank(lines.at(-1))) ||
    isIntroduction(lines.at(-1)!) ||
    (fence >= ASKED_FENCE && endsInColon)
  );
}

/**
 * The block with the new text: one with the longest fence that is not the quoted old text; of these the last, unless it is
 * an aside: much smaller than another and than the current text, and not introduced as the text.
 */
function bestBlock(
  lines: readonly string[],
  blocks: readonly FencedBlock[],
  asked: AskedText,
): FencedBlock | undefined {
  const sized = blocks
    .filter((block) => !isExample(lines, block, asked))
    .map((block) => ({ block, text: trimBlankLines(contentOf(block, asked).join('\n')) }));
  const fresh = sized.filter(({ text }) => text !== asked.currentText);
  const found = fresh.length > 0 ? fresh : sized;
  const longest = found.reduce((length, { block }) => Math.max(length, block.length), 0);
  const candidates = found.filter(({ block }) => block.length === longest);
  const largest = candidates.reduce((size, { text }) => Math.max(size, text.length), 0);
  const least = Math.min(largest, asked.currentText.length) * LEAST_PART;
  const isAside = ({ block, text }: (typeof candidates)[number]) =>
    text.length < least && !isIntroduction(lineBefore(lines, block));
  return candidates.findLast((one) => (largest === 0 || one.text !== '') && !isAside(one))?.block;
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
function isExample(lines: readonly string[], block: FencedBlock, { name }: AskedText): boolean {
  if (block.length > 3 || nameIn(block.info, [name]) !== undefined) return false;
  const before = lineBefore(lines, block);
  if (before === '' || isIntroduction(before)) return false;
  return !proseTags.has(block.tag) || announcesExample.test(withoutMarks(before));
}
