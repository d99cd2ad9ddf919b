import { GepaError } from 'gepa-core';

/** A token of a mustache template, as in mustache.js. */
export type MustacheToken =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tag'; readonly sigil: string; readonly name: string };

interface Delimiters {
  readonly open: string;
  readonly close: string;
}

const defaultDelimiters: Delimiters = { open: '{{', close: '}}' };

/**
 * Splits a mustache template into tokens as mustache.js does. Comments and changes of delimiters render as nothing, so
 * they are left out, and so is a line that contains nothing else.
 */
export function tokenizeMustache(template: string): MustacheToken[] {
  const tokens: MustacheToken[] = [];
  let line: Line = { start: 0, hasHiddenTag: false, hasContent: false };
  const endLine = () => {
    if (line.hasHiddenTag && !line.hasContent) tokens.splice(line.start);
    line = { start: tokens.length, hasHiddenTag: false, hasContent: false };
  };
  for (const token of scan(template)) {
    if (token.type === 'tag') {
      if (token.sigil === '!' || token.sigil === '=') line.hasHiddenTag = true;
      else {
        line.hasContent = true;
        tokens.push(token);
      }
      continue;
    }
    for (const text of token.text.split(/(?<=\n)/)) {
      if (/\S/.test(text)) line.hasContent = true;
      tokens.push({ type: 'text', text });
      if (text.endsWith('\n')) endLine();
    }
  }
  endLine();
  return tokens;
}

/** The current line. */
interface Line {
  /** The index of its first token. */
  start: number;
  /** Whether it has a comment or a change of delimiters. */
  hasHiddenTag: boolean;
  /** Whether it has anything that renders. */
  hasContent: boolean;
}

function* scan(template: string): Generator<MustacheToken> {
  let delimiters = defaultDelimiters;
  let at = 0;
  while (at < template.length) {
    const open = template.indexOf(delimiters.open, at);
    if (open === -1) {
      yield { type: 'text', text: template.slice(at) };
      return;
    }
    if (open > at) yield { type: 'text', text: template.slice(at, open) };
    const tag = readTag(template, open + delimiters.open.length, delimiters);
    yield { type: 'tag', sigil: tag.sigil, name: tag.name };
    if (tag.sigil === '=') delimiters = readDelimiters(tag.name);
    at = tag.end;
  }
}

const tagHead = /\s*([#^/>{&=!]?)\s*/y;

function readTag(template: string, from: number, { close }: Delimiters) {
  tagHead.lastIndex = from;
  const [head, sigil = ''] = tagHead.exec(template)!;
  const start = from + head.length;
  const closing = sigil === '{' ? `}${close}` : close;
  const nameEnd = template.indexOf(sigil === '=' ? '=' : closing, start);
  const end = nameEnd === -1 ? -1 : template.indexOf(closing, nameEnd);
  if (end === -1) {
    throw new GepaError(
      `The mustache tag that opens before character ${from + 1} is not closed by "${closing}".`,
    );
  }
  return { sigil, name: template.slice(start, nameEnd).trimEnd(), end: end + closing.length };
}

function readDelimiters(content: string): Delimiters {
  const [open, close] = content.split(/\s+/);
  if (open === undefined || close === undefined) {
    throw new GepaError(`"${content}" are not valid mustache delimiters. Write two, separated by a space.`);
  }
  return { open, close };
}

/** The delimiters around escaped braces. */
const escapeDelimiters: Delimiters = { open: '<%', close: '%>' };

/**
 * Escapes literal text for a mustache template. Mustache has no escape character, so braces that would open a tag are
 * put between two changes of delimiters. The line then has content (the braces), so mustache does not drop it.
 */
export function escapeMustache(literal: string, beforeTag: boolean): string {
  const { open, close } = escapeDelimiters;
  const opening = beforeTag ? /\{{2,}|\{$/g : /\{{2,}/g;
  return literal.replace(opening, (braces) => `{{=${open} ${close}=}}${braces}${open}={{ }}=${close}`);
}
