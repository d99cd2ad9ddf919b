// biome-ignore lint/suspicious/noControlCharactersInRegex: it matches control characters
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Those that JSON does not escape itself. */
const controlsInJson = /[\u007f-\u009f]/g;

/**
 * Characters without a width of their own: soft hyphens, zero-width spaces and joiners, marks, embeddings, overrides and
 * isolates of the writing direction, line and paragraph separators, fillers, tags. Not the joiner within an emoji.
 */
const invisible =
  /[\u00ad\u061c\u115f\u1160\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]|\u034f|\u17b4|\u17b5|(?<!\p{Extended_Pictographic}[\u{1f3fb}-\u{1f3ff}]?\ufe0f?)\u200d|\u200d(?!\p{Extended_Pictographic})/gu;

/**
 * Makes control and invisible characters visible (`␛` for an escape, `\u202e` for a right-to-left override), so that text
 * from a program cannot control the terminal or look like another text. Keeps line breaks and replaces a tab by four
 * spaces, so that its width is known.
 */
export function visible(text: string): string {
  return text.replaceAll('\t', '    ').replace(controls, picture).replace(invisible, escaped);
}

/** JSON with the same characters as `\\u` escapes: the same data, but nothing that could control a terminal. */
export const visibleJson = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(controlsInJson, escapedUnits).replace(invisible, escapedUnits);

const escapedUnits = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

function picture(control: string): string {
  const code = control.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '␡' : '�';
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!.toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
}
