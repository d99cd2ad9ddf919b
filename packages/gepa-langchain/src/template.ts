import { parseFString, parseTemplate } from '@langchain/core/prompts';
import { GepaError } from 'gepa-core';
import { escapeMustache, type MustacheToken, tokenizeMustache } from './template/mustache.ts';
import { joinText, type Piece, splitText } from './template/pieces.ts';

/** How a text of a LangChain program is written: in one of LangChain's template formats, or as it is. */
export type TemplateFormat = 'f-string' | 'mustache' | 'plain';

/** A template as people read it. */
export interface DecodedTemplate {
  /** Free of escaping, every variable as `{name}`; mustache sections as `{#name}` … `{/name}`. */
  readonly text: string;
  /** What stands for a variable, in order of first appearance. `undefined`: the text is no template. */
  readonly variables: readonly string[] | undefined;
  /**
   * Whether the text also holds the literal `{name}` of one of its own variables. Such a text cannot be turned back:
   * the literal would become the variable.
   */
  readonly ambiguous: boolean;
}

/**
 * Turns a template into readable text.
 * @throws when the template does not parse.
 */
export function decodeTemplate(template: string, format: TemplateFormat): DecodedTemplate {
  if (format === 'plain') return { text: template, variables: undefined, ambiguous: false };
  const pieces = piecesOf(template, format);
  const text = joinText(pieces);
  const variables = [...new Set(variablesIn(pieces))];
  const ambiguous = variablesIn(splitText(text, variables)).join('\n') !== variablesIn(pieces).join('\n');
  return { text, variables, ambiguous };
}

/**
 * Turns a readable text into a template in which exactly the variables of the original are variables, each in the
 * form it has there, and every other brace is literal.
 * @param original the template whose place the new one takes
 * @throws GepaError when the text cannot be a template of this format: mustache sections that do not match up.
 */
export function encodeTemplate(text: string, original: string, format: TemplateFormat): string {
  if (format === 'plain') return text;
  const pieces = splitText(text, variablesIn(piecesOf(original, format)));
  const template = format === 'f-string' ? encodeFString(pieces) : encodeMustache(pieces, original);
  try {
    parseTemplate(template, format);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GepaError(
      `The text cannot be written as a ${format} template: ${reason}. ` +
        'Each {#section} must stand before its {/section}, as in the original text.',
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
        token.type === 'text' ? { literal: token.text } : { variable: shownAs(token) },
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
    if (token.type === 'tag' && !tags.has(shownAs(token))) tags.set(shownAs(token), writeTag(token));
  }
  return pieces
    .map((piece, i) =>
      'literal' in piece ? escapeMustache(piece.literal, i + 1 < pieces.length) : tags.get(piece.variable)!,
    )
    .join('');
}

type Tag = Extract<MustacheToken, { type: 'tag' }>;

/** LangChain does not escape values, so that `{{x}}`, `{{{x}}}` and `{{&x}}` render alike and read alike. */
function shownAs({ sigil, name }: Tag): string {
  return sigil === '{' || sigil === '&' ? name : sigil + name;
}

function writeTag({ sigil, name }: Tag): string {
  return sigil === '{' ? `{{{${name}}}}` : `{{${sigil}${name}}}`;
}
