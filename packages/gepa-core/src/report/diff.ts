import type { Candidate } from '../component.ts';
import { countOf } from '../text/format.ts';
import { visible } from '../text/visible.ts';
import { type Colors, colorsOf } from './colors.ts';
import { type DiffPart, type DiffRow, diffRows } from './diff-rows.ts';
import { reportWidth, type Span, wrapSpans } from './wrap.ts';

/** Options for `diffTexts` and `diffCandidates`. */
export interface DiffOptions {
  /** Color changed words instead of marking them as `[-old-]{+new+}`. Default: `false`. */
  readonly color?: boolean;
  /** Leave out unchanged lines far from any change, and the middle of long unchanged passages. Default: `true`. */
  readonly collapse?: boolean;
  /** The width in columns at which lines are wrapped. Default: that of the terminal, at most 100. */
  readonly width?: number;
}

/**
 * A readable diff of two texts: unchanged lines are indented, removed lines start with `-`, added lines with `+`, and
 * lines with changed words with `~`.
 */
export function diffTexts(before: string, after: string, options: DiffOptions = {}): string {
  const { color = false, collapse = true, width = reportWidth() } = options;
  const style = styleOf(color);
  const rows = diffRows(before, after);
  const shown = collapse ? collapsed(rows) : rows;
  return shown.flatMap((row) => renderRow(row, style, width)).join('\n');
}

/** A readable diff of every component that changed; a last line names the others. */
export function diffCandidates<Name extends string>(
  seed: Candidate<Name>,
  best: Candidate<Name>,
  options: DiffOptions = {},
): string {
  const { bold, dim } = colorsOf(options.color ?? false);
  const names = [...new Set([...Object.keys(seed), ...Object.keys(best)] as Name[])];
  const isUnchanged = (name: Name) => seed[name] === best[name];
  const sections = names
    .filter((name) => !isUnchanged(name))
    .map((name) => {
      const title = `${dim('──')} ${bold(visible(name))} ${dim('──')}`;
      return `${title}\n${diffTexts(seed[name] ?? '', best[name] ?? '', options)}`;
    });
  const unchanged = names.filter(isUnchanged).map(visible);
  return [...sections, ...(unchanged.length === 0 ? [] : [dim(`Unchanged: ${unchanged.join(', ')}`)])].join(
    '\n\n',
  );
}

/** A row of the output; `hidden` replaces unchanged lines. */
type ShownRow = DiffRow | { readonly kind: 'hidden'; readonly lines: number };

const CONTEXT_LINES = 2;
const MIN_HIDDEN_LINES = 3;

function collapsed(rows: readonly DiffRow[]): ShownRow[] {
  const near = new Set<number>();
  rows.forEach(({ kind }, i) => {
    if (kind === 'same') return;
    for (let j = i - CONTEXT_LINES; j <= i + CONTEXT_LINES; j++) near.add(j);
  });
  const shown: ShownRow[] = [];
  for (let i = 0; i < rows.length; ) {
    let end = i;
    while (end < rows.length && !near.has(end)) end++;
    if (end - i >= MIN_HIDDEN_LINES) {
      shown.push({ kind: 'hidden', lines: end - i });
      i = end;
    } else {
      for (; i < Math.min(end + 1, rows.length); i++) shown.push(elided(rows[i]!));
    }
  }
  return shown;
}

function elided(row: DiffRow): DiffRow {
  if (row.kind === 'same') return { ...row, text: withoutMiddle(row.text) };
  if (row.kind !== 'changed') return row;
  const parts = row.parts.map((part) =>
    part.kind === 'same' ? { ...part, text: withoutMiddle(part.text) } : part,
  );
  return { ...row, parts };
}

const LONG_PASSAGE = 200;

/** About 60 characters of either end, cut between words if possible. */
function withoutMiddle(text: string): string {
  if (text.length <= LONG_PASSAGE) return text;
  const head = /^.{1,60}(?=\s)/su.exec(text) ?? /^.{1,60}/su.exec(text);
  const end = text.slice(-LONG_PASSAGE);
  const tail = /(?<=\s).{1,60}$/su.exec(end) ?? /.{1,60}$/su.exec(end);
  return `${head?.[0]} … ${tail?.[0]}`;
}

interface RowStyle {
  readonly marker: Readonly<Record<ShownRow['kind'], string>>;
  readonly line: Readonly<Record<DiffPart['kind'], (text: string) => string>>;
  readonly part: (part: DiffPart) => Span;
  readonly hidden: (text: string) => string;
}

const asIs = (text: string): string => text;

function styleOf(color: boolean): RowStyle {
  const colors = colorsOf(color);
  const { red, green, yellow, dim } = colors;
  return {
    marker: { same: ' ', removed: red('-'), added: green('+'), changed: yellow('~'), hidden: ' ' },
    line: { same: color ? dim : asIs, removed: red, added: green },
    part: color ? coloredPart(colors) : markedPart,
    hidden: dim,
  };
}

function markedPart({ kind, text }: DiffPart): Span {
  if (kind === 'same') return { text, paint: asIs };
  return { text: kind === 'removed' ? `[-${text}-]` : `{+${text}+}`, paint: asIs };
}

function coloredPart({ red, green, strikethrough, inverse }: Colors): (part: DiffPart) => Span {
  const removed = (text: string) => red(strikethrough(text));
  const removedSpace = (text: string) => red(inverse(text));
  const addedSpace = (text: string) => green(inverse(text));
  return ({ kind, text }) => {
    if (kind === 'same') return { text, paint: asIs };
    const isSpace = text.trim() === '';
    if (kind === 'removed') return { text, paint: isSpace ? removedSpace : removed };
    return { text, paint: isSpace ? addedSpace : green };
  };
}

function renderRow(row: ShownRow, style: RowStyle, width: number): string[] {
  if (row.kind === 'hidden') return [style.hidden(`  … ${countOf(row.lines, 'unchanged line')}`)];
  const spans =
    row.kind === 'changed'
      ? row.parts.map((part) => style.part({ ...part, text: visible(part.text) }))
      : [{ text: visible(row.text), paint: style.line[row.kind] }];
  const marker = style.marker[row.kind];
  return wrapSpans(spans, Math.max(20, width - 4)).map((line, i) =>
    line === '' ? marker.trimEnd() : `${marker} ${i === 0 ? '' : '  '}${line}`,
  );
}
