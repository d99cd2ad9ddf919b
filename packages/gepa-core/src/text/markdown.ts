import { fenced } from './fence.ts';
import type { Plain } from './plain.ts';
import { shorten } from './shorten.ts';

/**
 * Formats plain data as readable Markdown: strings without quotes, lists and fields indented. A string of several
 * lines, or one that looks like markup, is put in a fence. A string of more than `limit` or `room` characters is
 * shortened in the middle. A result longer than `room` characters ends early.
 */
export function toMarkdown(value: Plain, limit: number, room = Infinity): string {
  if (typeof value === 'string') return textBlock(shorten(value, Math.min(limit, room)));
  const lines: string[] = [];
  let length = -1;
  for (const line of block(value, Math.min(limit, room))) {
    lines.push(line);
    length += line.length + 1;
    if (length > room) break;
  }
  return lines.join('\n');
}

function* block(value: Plain, limit: number): Generator<string> {
  const short = typeof value === 'object' ? oneLine(value) : undefined;
  if (short !== undefined) yield short;
  else if (typeof value === 'string') yield* textBlock(shorten(value, limit)).split('\n');
  else if (typeof value !== 'object' || value === null) yield String(value);
  else if (Array.isArray(value)) {
    if (isRow(value)) yield* textBlock(shorten(JSON.stringify(value), limit)).split('\n');
    else if (isTable(value)) yield* table(value as readonly Row[]);
    else for (const item of value) yield* indent(block(item, limit), '- ', '  ');
  } else {
    const fields = fieldsOf(value);
    if (fields.length === 0) yield '{}';
    for (const [key, item] of fields) {
      const inline = typeof item === 'object' ? oneLine(item) : undefined;
      if (inline !== undefined) yield `${fieldName(key)}: ${isFields(item) ? `{ ${inline} }` : inline}`;
      else yield* field(fieldName(key), block(item, limit), isLeaf(item));
    }
  }
}

/** The fields of an object; a message is its content under its role. */
function fieldsOf(value: object): [string, Plain][] {
  const fields = Object.entries(value) as [string, Plain][];
  const { role, content } = value as { readonly role?: Plain; readonly content?: Plain };
  const isMessage = fields.length === 2 && typeof role === 'string' && content !== undefined;
  return isMessage ? [[role, content]] : fields;
}

/** A longer line is hard to read. */
const MAX_LINE_CHARACTERS = 120;
const MAX_FIELDS = 8;
/** Matches text that would be mistaken for several fields, or for a mark. */
const separators = /[\n\r\u2028\u2029{}[\]"`]|, |: |^$|^\s|\s$/;

/** A few fields with short values as one line: `queue: labs, priority: low`. `undefined` for anything else. */
function oneLine(value: Plain): string | undefined {
  if (!isFields(value)) return undefined;
  const fields = fieldsOf(value);
  if (fields.length === 0 || fields.length > MAX_FIELDS) return undefined;
  let line = '';
  for (const [key, item] of fields) {
    const shown = isFields(item) ? oneLine(item) : Array.isArray(item) ? undefined : String(item);
    if (shown === undefined || line.length + shown.length > MAX_LINE_CHARACTERS) return undefined;
    if (separators.test(key) || markup.test(key) || (!isFields(item) && separators.test(shown)))
      return undefined;
    line += `${line === '' ? '' : ', '}${label(key)}: ${isFields(item) ? `{ ${shown} }` : shown}`;
  }
  return line.length <= MAX_LINE_CHARACTERS ? line : undefined;
}

function isFields(value: Plain): value is Readonly<Record<string, Plain>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a list has only numbers, booleans and nulls, and is written on one line. */
export function isRow(list: readonly Plain[]): boolean {
  return list.every((item) => typeof item !== 'object' && typeof item !== 'string');
}

/** Fewer entries are no shorter as a table. */
const MIN_ROWS = 3;
/** Matches what would end a cell. */
const cellEnds = /[\n\r\u2028\u2029|]/;

type Row = Readonly<Record<string, string | number | boolean | null>>;

/** Whether entries have the same fields, at least two, with short values. */
function isTable(list: readonly Plain[]): boolean {
  const [first] = list;
  if (list.length < MIN_ROWS || first === undefined || !isFields(first)) return false;
  const keys = Object.keys(first);
  if (keys.length < 2 || keys.length > MAX_FIELDS || keys.includes('role')) return false;
  return list.every((entry) => {
    if (!isFields(entry) || Object.keys(entry).length !== keys.length) return false;
    const cells = keys.map((key) => entry[key]);
    const isFlat = cells.every((cell) => cell === null || (cell !== undefined && typeof cell !== 'object'));
    const line = [...keys, ...cells].map(String);
    const length = cells.map(String).join(' | ').length;
    return isFlat && length <= MAX_LINE_CHARACTERS && !line.some((cell) => cellEnds.test(cell));
  });
}

/** Entries as rows under the names of their fields. */
function* table(rows: readonly Row[]): Generator<string> {
  const keys = Object.keys(rows[0]!);
  yield `| ${keys.map(label).join(' | ')} |`;
  yield `|${' --- |'.repeat(keys.length)}`;
  for (const row of rows) yield `| ${keys.map((key) => row[key]).join(' | ')} |`;
}

function* field(name: string, lines: Iterable<string>, isLeaf: boolean): Generator<string> {
  const leaf = isLeaf ? [...lines] : undefined;
  if (leaf?.length === 1) yield `${name}: ${leaf[0]}`;
  else {
    yield `${name}:`;
    yield* indent(leaf ?? lines, '  ', '  ');
  }
}

function isLeaf(value: Plain): boolean {
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0;
}

function* indent(lines: Iterable<string>, first: string, others: string): Generator<string> {
  let start = first;
  for (const line of lines) {
    yield start + line;
    start = others;
  }
}

/** Matches the start of a line that Markdown would interpret as a heading, fence, list, quote or table. */
const markup = /^(?:[\s#>|=]|`{3}|~{3}|[-*+](?:\s|$)|[-*_]{3}|\d+[.)]\s)/;

function textBlock(text: string): string {
  if (text === '') return '(empty)';
  const isPlainLine = !/[\n\r\u2028\u2029]/.test(text) && !markup.test(text) && text.trimEnd() === text;
  return isPlainLine ? text : fenced(text);
}

function fieldName(key: string): string {
  const name = label(key);
  return markup.test(name) ? JSON.stringify(name) : name;
}

/** A key as a heading: on one line, at most 80 characters. */
export function label(key: string): string {
  return shorten(key.replaceAll(/\s+/g, ' ').trim(), 80) || '(no name)';
}
