import { escapeRegExp } from '../../util/escape-reg-exp.ts';

/** A part of a readable text: a literal or a variable. */
export type Piece = { readonly literal: string } | { readonly variable: string };

/** Splits a text at every `{name}` of the given variables; all other braces are literal. */
export function splitText(text: string, variables: readonly string[]): Piece[] {
  if (variables.length === 0) return text === '' ? [] : [{ literal: text }];
  const longestFirst = [...variables].sort((a, b) => b.length - a.length);
  const placeholder = new RegExp(`\\{(${longestFirst.map(escapeRegExp).join('|')})\\}`, 'g');
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(placeholder)) {
    if (match.index > end) pieces.push({ literal: text.slice(end, match.index) });
    pieces.push({ variable: match[1]! });
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ literal: text.slice(end) });
  return pieces;
}

/** Joins pieces to a readable text. */
export function joinText(pieces: readonly Piece[]): string {
  return pieces.map((piece) => ('literal' in piece ? piece.literal : `{${piece.variable}}`)).join('');
}
