import { parseFString, parseTemplate } from '@langchain/core/prompts';
import { GepaError } from 'gepa-core';
import { errorMessage } from '../../util/error-message.ts';
import { escapeMustache, type MustacheToken, tokenizeMustache } from './mustache.ts';
import { joinText, type Piece, splitText } from './pieces.ts';

/** The format of a text in a LangChain program: one of LangChain's template formats, or plain text. */
export type TemplateFormat = 'f-string' | 'mustache' | 'plain';

/** A template in readable form. */
export interface DecodedTemplate {
  /** Without escapes: variables as `{name}`, mustache sections as `{#name}` … `{/name}`. */
  readonly text: string;
  /** The names of the variables, in order of first appearance. Absent for plain text. */
  readonly variables?: readonly string[];
  /**
   * Whether the text also contains `{name}` of one of its variables as a literal. Such a text cannot be encoded: the
   * literal would become a variable.
   */
  readonly ambiguous: boolean;
}

/**
 * Converts a template to readable text.
 * @throws when the template does not parse.
 */
export function decodeTemplate(template: string, format: TemplateFormat): DecodedTemplate {
  if (format === 'plain') return { text: template, ambiguous: false };
  const pieces = piecesOf(template, format);
  const text = joinText(pieces);
  const variables = [...new Set(variablesIn(pieces))];
  const ambiguous = variablesIn(splitText(text, variables)).join('\n') !== variablesIn(pieces).join('\n');
  return { text, variables, ambiguous };
}

/**
 * Converts a readable text to a template. The variables of the original are variables, each in its original form; all
 * other braces are literal.
 * @param original the template that the new one replaces.
 * @throws {GepaError} when the text cannot be written in this format, because its mustache sections do not match.
 */
export function encodeTemplate(text: string, original: string, format: TemplateFormat): string {
  if (format === 'plain') return text;
  const pieces = splitText(text, variablesIn(piecesOf(original, format)));
  const template = format === 'f-string' ? encodeFString(pieces) : encodeMustache(pieces, original);
  try {
    parseTemplate(template, format);
  } catch (cause) {
    throw new GepaError(
      `The text cannot be written as a ${format} template: ${errorMessage(cause)}. ` +
        'Each {#section} must come before its {/section}, as in the original text.',
      { cause },
    );
  }
  return template;
}

function piecesOf(template: string, format: 'f-string' | 'mustache'): Piece[] {
  return format === 'f-string'
    ? parseFString(template).map((node) =>
        node.type === 'literal' ? { literal: node.text } : { variable: node.name },
      )
    : tokenizeMustache(template).map((token) =>
        token.type === 'text' ? { literal: token.text } : { variable: readableName(token) },
      );
}

function variablesIn(pieces: readonly Piece[]): string[] {
  return pieces.flatMap((piece) => ('variable' in piece ? [piece.variable] : []));
}

function encodeFString(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) => ('literal' in piece ? piece.literal.replace(/[{}]/g, '$&$&') : `{${piece.variable}}`))
    .join('');
}

function encodeMustache(pieces: readonly Piece[], original: string): string {
  const tags = new Map<string, string>();
  for (const token of tokenizeMustache(original)) {
    if (token.type === 'tag' && !tags.has(readableName(token)))
      tags.set(readableName(token), writeTag(token));
  }
  return pieces
    .map((piece, i) =>
      'literal' in piece ? escapeMustache(piece.literal, i + 1 < pieces.length) : tags.get(piece.variable)!,
    )
    .join('');
}

type Tag = Extract<MustacheToken, { type: 'tag' }>;

/** The same for `{{x}}`, `{{{x}}}` and `{{&x}}`, which render alike because LangChain does not escape values. */
function readableName({ sigil, name }: Tag): string {
  return sigil === '{' || sigil === '&' ? name : sigil + name;
}

function writeTag({ sigil, name }: Tag): string {
  return sigil === '{' ? `{{{${name}}}}` : `{{${sigil}${name}}}`;
}
