// @module-tag slow
import { describe, expect, it } from 'vitest';
import { modelCallError } from './calls/classify-error.ts';
import { createMask, withoutKeys } from './masking/mask.ts';
import { secretsIn } from './masking/secrets.ts';
import { copiedPassages } from './reflection/answer/copied-passages.ts';
import { readAnswer } from './reflection/answer/read-answer.ts';
import { oneLine } from './reflection/memory/history.ts';
import { LearnedFeedback } from './reflection/memory/learned.ts';
import { shortDiff } from './reflection/memory/short-diff.ts';
import { condenseRecords } from './reflection/records/condense-records.ts';
import { pruneLists } from './reflection/records/prune-lists.ts';
import { renderRecords } from './reflection/records/render.ts';
import { diffTexts } from './report/diff.ts';
import { wrapText } from './report/wrap.ts';
import { checkText } from './text/check-text.ts';
import { sentence } from './text/error-message.ts';
import { fenced, trimBlankLines } from './text/fence.ts';
import { withoutBase64 } from './text/images.ts';
import { toPlain } from './text/plain.ts';
import { visible } from './text/visible.ts';

/** Texts of about `size` characters that make backtracking expressions and repeated slices slow. */
const shapes: Readonly<Record<string, (size: number) => string>> = {
  'white space': (size) => `a${' '.repeat(size)}b`,
  'white space after a colon': (size) => `a:${' '.repeat(size)}b`,
  'line breaks': (size) => `a${'\n'.repeat(size)}b`,
  'line breaks and spaces': (size) => `a${'\n '.repeat(size / 2)}b`,
  dots: (size) => `${'.'.repeat(size)}x`,
  letters: (size) => 'a'.repeat(size),
  'one line of backticks': (size) => `${'`'.repeat(size)} x`,
  'a fence and white space': (size) => `\`\`\`${' '.repeat(size)}x`,
  'a fence, backticks and a carriage return': (size) => `${'`'.repeat(size)}\r`,
  'separate fences': (size) => '```\nx\n```\n\n'.repeat(size / 12),
  'fences that touch': (size) => '```\nx\n```\n'.repeat(size / 11),
  'opening fences': (size) => '```md\n'.repeat(size / 6),
  'nested fences': (size) => {
    const depth = Math.floor(Math.sqrt(size));
    const marks = Array.from({ length: depth }, (_, index) => '`'.repeat(3 + index));
    return [...marks, 'x', ...marks.reverse()].join('\n');
  },
  'blocks on one line': (size) => '```x```\n'.repeat(size / 8),
  'alternate fences': (size) => '```\n~~~\n'.repeat(size / 8),
  introductions: (size) => 'Sure!\n'.repeat(size / 6),
  'opening tags of thinking': (size) => '<think>'.repeat(size / 7),
  'closing tags of thinking': (size) => '</think>\n'.repeat(size / 9),
  'closing tags between fences': (size) => '</think>\n```\nx\n```\n'.repeat(size / 19),
  'marks around names': (size) => `# ${'*'.repeat(size)}x${'*'.repeat(size)}\n`,
  'fences with names': (size) => '````x\n'.repeat(size / 6),
  'headings with names': (size) => '## x\n'.repeat(size / 5),
  placeholders: (size) => '{q}'.repeat(size / 3),
  'LaTeX arguments': (size) => `\\frac${'{q}'.repeat(size / 3)}`,
  'opening braces': (size) => '{'.repeat(size),
  'opening braces and letters': (size) => `{${'a'.repeat(size)}`,
  'Bearer and white space': (size) => `Bearer${' '.repeat(size)}`,
  'Bearer again and again': (size) => 'Bearer '.repeat(size / 7),
  'api key again and again': (size) => 'api key: '.repeat(size / 9),
  'prefixes of keys': (size) => 'pk-'.repeat(size / 3),
  'prefixes of LangSmith keys': (size) => 'lsv2_'.repeat(size / 5),
  'prefixes of tokens': (size) => 'eyJaaaaaaaaa-'.repeat(size / 13),
  'parts of tokens': (size) => 'eyJaaaaaaaaa.'.repeat(size / 13),
  'URLs without a password': (size) => '://a:'.repeat(size / 5),
  'control characters': (size) => '\u202e'.repeat(size),
};

const keyMask = createMask({ secrets: ['pk-pk-pk-', 'aaaaaaab'] });
const check = (text: string) =>
  checkText({ name: 'prompt', component: { text: 'x', variables: ['q'] }, text, currentText: text });

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  readAnswer: (text) => readAnswer({ text }, [{ name: 'a', currentText: text }], { ownLines: [text] }),
  'readAnswer of a thinking model': (text) =>
    readAnswer({ text: `<think>${text}</think>${text}` }, [{ name: 'a', currentText: '' }]),
  'readAnswer with several texts': (text) =>
    readAnswer(
      { text },
      ['x', 'md', 'a'].map((name) => ({ name, currentText: text })),
      { ownLines: [text] },
    ),
  checkText: check,
  withoutKeys,
  'a mask': (text) => keyMask.data({ [text]: [text] }),
  sentence: (text) => sentence(new SyntaxError(`Failed to parse. Text: "${text}"`)),
  modelCallError: (text) =>
    modelCallError(Object.assign(new Error(text), { status: 400, body: text, code: text })),
  secretsIn: (text) => secretsIn({ apiKey: text, baseURL: `https://${text}`, [text]: text }),
  oneLine: (text) => oneLine(text, 100),
  withoutBase64,
  condenseRecords: (text) => {
    const seen = [{ role: 'user', content: text }];
    return condenseRecords(
      [
        { Input: text, Feedback: text, Output: seen },
        { Input: `${text}x`, Output: seen },
      ],
      [{ name: 'a', text, isAbove: true }] as never,
    );
  },
  wrapText: (text) => wrapText(text, 80),
  fenced,
  trimBlankLines,
  toPlain: (text) => toPlain(text, { shortensBase64: true }),
  pruneLists: (text) => pruneLists(text.split('\n'), 3),
  renderRecords: (text) => renderRecords([{ Input: text, Feedback: text, Error: text, [text]: 1 }]),
  visible,
  diffTexts: (text) => diffTexts(text, `${text} and more`),
  shortDiff: (text) => shortDiff(text, `${text} and more`, 600),
  copiedPassages: (text) => copiedPassages(`${text} and more`, [text], [{ id: 'a', example: text }]),
  learnedFeedback: (text) =>
    new LearnedFeedback({ names: ['a'], perfectScore: 1, mask: createMask({}), showExpected: false }).add([
      { example: { input: text, expected: 'x' }, exampleId: 'a', score: 0, feedback: text },
    ]),
};

const size = 40_000;

/** Milliseconds that this thread computed, however busy the machine is. */
async function timeOf(work: () => unknown): Promise<number> {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

describe.each(Object.entries(readers))('%s', (readerName, read) => {
  it.each(Object.entries(shapes))(`${readerName} takes time linear in its input: %s`, async (_, shape) => {
    const [once, fourTimes] = [shape(size), shape(4 * size)];
    // Quadratic work takes 16 times as long, which is seconds. The least time allows for noise.
    const allowed = 12 * Math.max(await timeOf(() => read(once)), 40);
    expect(await timeOf(() => read(fourTimes))).toBeLessThan(allowed);
  });
});
