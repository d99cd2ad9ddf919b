import { visible } from '../text/visible.ts';

/** The largest width of reports in columns. */
export const REPORT_WIDTH = 100;

/** The width of reports: that of the terminal on standard output, but at most `REPORT_WIDTH`. */
export function reportWidth(): number {
  const stdout = globalThis.process?.stdout;
  // Some terminals report 0 columns.
  const columns = stdout?.isTTY === true ? stdout.columns || REPORT_WIDTH : REPORT_WIDTH;
  return Math.min(REPORT_WIDTH, columns);
}

/** A part of a text in one style. */
export interface Span {
  readonly text: string;
  /** Applies the style. */
  readonly paint: (text: string) => string;
}

/** A word, which may have several styles, and the white space before it. */
interface Word {
  readonly gap: readonly Span[];
  readonly spans: readonly Span[];
}

/**
 * Wraps a line at white space into lines of at most `width` columns. White space at a break is dropped, and a word wider
 * than a line is split. Escape codes do not count, and every line closes its own.
 */
export function wrapSpans(spans: readonly Span[], width: number): string[] {
  const lines: Span[][] = [[]];
  let used = 0;
  const put = (span: Span) => {
    lines.at(-1)!.push(span);
    used += displayWidth(span.text);
  };
  const breakLine = () => {
    lines.push([]);
    used = 0;
  };

  for (const word of wordsOf(spans)) {
    if (used + totalWidth([...word.gap, ...word.spans]) <= width) {
      for (const span of [...word.gap, ...word.spans]) put(span);
      continue;
    }
    if (word.spans.length === 0) continue;
    if (used > 0) breakLine();
    const pieces = totalWidth(word.spans) <= width ? word.spans : word.spans.flatMap(graphemesOf);
    for (const piece of pieces) {
      if (used > 0 && used + displayWidth(piece.text) > width) breakLine();
      put(piece);
    }
  }
  return lines.map(paintLine);
}

/** Wraps a text of several lines without styles. */
export function wrapText(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => wrapSpans([{ text: line, paint: (plain) => plain }], width));
}

/** A paragraph in lines of a report. */
export const wrapped = (text: string): string[] => wrapText(visible(text), reportWidth());

/** The lines of an item in a report: a mark, and the text wrapped and indented behind it. */
export function listItem(mark: string, text: string, width = reportWidth()): string[] {
  return wrapText(visible(text), Math.max(20, width - 2)).map((line, i) =>
    `${i === 0 ? mark : ' '} ${line}`.trimEnd(),
  );
}

const segmenter = new Intl.Segmenter();
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are ASCII too
const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text);

/** The number of terminal columns of a text, which can differ from its length: `語` takes two columns. */
export function displayWidth(text: string): number {
  // Every ASCII character counts as one column.
  if (isAscii(text)) return text.length;
  // Segmenting is slow, and a long word is measured character by character.
  if (text.length === 1) return wide.test(text) ? 2 : 1;
  let columns = 0;
  for (const { segment } of segmenter.segment(text)) columns += wide.test(segment) ? 2 : 1;
  return columns;
}

/** A text in at most `columns` columns. A shortened text ends in `…`. */
export function fitted(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = '';
  let used = 1;
  for (const { segment } of segmenter.segment(text)) {
    used += displayWidth(segment);
    if (used > columns) break;
    kept += segment;
  }
  return columns < 1 ? '' : `${kept}…`;
}

const totalWidth = (spans: readonly Span[]): number =>
  spans.reduce((columns, { text }) => columns + displayWidth(text), 0);

function wordsOf(spans: readonly Span[]): Word[] {
  const words: { gap: Span[]; spans: Span[] }[] = [];
  for (const { text, paint } of spans) {
    for (const [token] of text.matchAll(/\s+|\S+/g)) {
      const isGap = token.trim() === '';
      const last = words.at(-1);
      const continues = last !== undefined && (!isGap || last.spans.length === 0);
      const word = continues ? last : { gap: [], spans: [] };
      if (!continues) words.push(word);
      word[isGap ? 'gap' : 'spans'].push({ text: token, paint });
    }
  }
  return words;
}

function graphemesOf({ text, paint }: Span): Span[] {
  const segments = isAscii(text)
    ? Array.from(text)
    : Array.from(segmenter.segment(text), ({ segment }) => segment);
  return segments.map((segment) => ({ text: segment, paint }));
}

/** Applies each style once to all neighboring spans that have it. */
function paintLine(spans: readonly Span[]): string {
  let line = '';
  for (let i = 0; i < spans.length; ) {
    const { paint } = spans[i]!;
    let text = '';
    for (; i < spans.length && spans[i]!.paint === paint; i++) text += spans[i]!.text;
    line += paint(text);
  }
  return line;
}
