/** A stretch of text in one style. */
export interface Span {
  readonly text: string;
  readonly paint: (text: string) => string;
}

/** A word, which may be made of several styles, and the white space before it. */
interface Word {
  readonly gap: readonly Span[];
  readonly spans: readonly Span[];
}

/**
 * Breaks a line at white space into lines of at most `width` columns; white space at a break is dropped, and a word
 * wider than a line is cut. Escape codes count nothing, and every line closes its own.
 */
export function wrapSpans(spans: readonly Span[], width: number): string[] {
  const lines: Span[][] = [[]];
  let used = 0;
  const put = (span: Span) => {
    lines.at(-1)!.push(span);
    used += columnsOf(span.text);
  };
  const breakLine = () => {
    lines.push([]);
    used = 0;
  };

  for (const word of wordsOf(spans)) {
    if (used + columnsOfAll([...word.gap, ...word.spans]) <= width) {
      for (const span of [...word.gap, ...word.spans]) put(span);
      continue;
    }
    if (word.spans.length === 0) continue;
    if (used > 0) breakLine();
    const pieces = columnsOfAll(word.spans) <= width ? word.spans : word.spans.flatMap(graphemesOf);
    for (const piece of pieces) {
      if (used > 0 && used + columnsOf(piece.text) > width) breakLine();
      put(piece);
    }
  }
  return lines.map(paintLine);
}

/** The same for a plain text of several lines. */
export function wrapText(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => wrapSpans([{ text: line, paint: (plain) => plain }], width));
}

const segmenter = new Intl.Segmenter();
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** How many columns of a terminal a text takes, which is not its length: `語` takes two. */
export function columnsOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII takes one column a character
  if (/^[\u0000-\u007f]*$/.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of segmenter.segment(text)) columns += wide.test(segment) ? 2 : 1;
  return columns;
}

const columnsOfAll = (spans: readonly Span[]): number =>
  spans.reduce((columns, { text }) => columns + columnsOf(text), 0);

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

const graphemesOf = ({ text, paint }: Span): Span[] =>
  [...segmenter.segment(text)].map(({ segment }) => ({ text: segment, paint }));

/** Neighbors of one style are styled at once. */
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
