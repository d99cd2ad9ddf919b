import { GepaError } from 'gepa-core';

/** A stretch of a mustache template as mustache.js reads it. */
export type MustacheToken =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tag'; readonly sigil: string; readonly name: string };

interface Delimiters {
  readonly open: string;
  readonly close: string;
}

const standard: Delimiters = { open: '{{', close: '}}' };

/**
 * Takes a mustache template apart the way mustache.js does. Comments and changes of delimiters render as nothing,
 * so they are left out, and with them the line they had to themselves.
 */
export function tokenizeMustache(template: string): MustacheToken[] {
  const tokens: MustacheToken[] = [];
  let line: Line = { from: 0, silent: false, spoken: false };
  const endLine = () => {
    if (line.silent && !line.spoken) tokens.splice(line.from);
    line = { from: tokens.length, silent: false, spoken: false };
  };
  for (const token of scan(template)) {
    if (token.type === 'tag') {
      if (token.sigil === '!' || token.sigil === '=') line.silent = true;
      else {
        line.spoken = true;
        tokens.push(token);
      }
      continue;
    }
    for (const stretch of token.text.split(/(?<=\n)/)) {
      if (/\S/.test(stretch)) line.spoken = true;
      tokens.push({ type: 'text', text: stretch });
      if (stretch.endsWith('\n')) endLine();
    }
  }
  endLine();
  return tokens;
}

/** How far the current line has been read: where its tokens begin, and whether it holds anything to keep. */
interface Line {
  from: number;
  silent: boolean;
  spoken: boolean;
}

function* scan(template: string): Generator<MustacheToken> {
  let delimiters = standard;
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

function readTag(template: string, from: number, { close }: Delimiters) {
  const [head, sigil = ''] = /^\s*([#^/>{&=!]?)\s*/.exec(template.slice(from))!;
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
    throw new GepaError(`"${content}" are no mustache delimiters.`);
  }
  return { open, close };
}

// For the braces inside a change of delimiters.
const other: Delimiters = { open: '<%', close: '%>' };

/**
 * Makes literal text safe to stand in a mustache template. Mustache has no escape character: braces that would open
 * a tag are put between two changes of delimiters. Standing on a line with a brace, these never make mustache drop
 * the line as it drops lines that hold nothing but such tags.
 */
export function escapeMustache(literal: string, beforeTag: boolean): string {
  const opening = beforeTag ? /\{{2,}|\{$/g : /\{{2,}/g;
  return literal.replace(
    opening,
    (braces) => `{{=${other.open} ${other.close}=}}${braces}${other.open}={{ }}=${other.close}`,
  );
}
