/** Tokens that providers add to each call: templates, and instructions about tools and formats. */
const overheadPerCall = 1_000;
/** Tokens that providers add to each message, part of a message, tool and other piece. */
const overheadPerPiece = 50;

const encoder = new TextEncoder();

/**
 * An upper bound on the input tokens of a model call, for `meter.begin()`: the bytes of all that is sent, because a token
 * is at least one byte, and what providers add to it.
 *
 * Bytes say nothing about images, files, and what the provider has stored and the call only refers to. Report `undefined`
 * for a call with one of these, so that the model's context window is reserved, and infinity for one to which the provider
 * adds input without a limit, such as the results of a web search.
 *
 * @param pieces Each message, or part of a message, each tool, the schema of the answer, and the settings: a text, or
 * plain data that is sent as JSON or shorter. `undefined` is left out.
 */
export function maxInputTokens(pieces: Iterable<unknown>): number {
  let tokens = overheadPerCall;
  for (const piece of pieces) {
    const text = typeof piece === 'string' ? piece : JSON.stringify(piece);
    if (text !== undefined) tokens += overheadPerPiece + encoder.encode(text).length;
  }
  return tokens;
}
