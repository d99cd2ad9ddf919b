// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Makes control characters visible (`␛` for an escape), so that a text from outside cannot steer the terminal.
 * Line breaks stay; a tab becomes four spaces, so that its width is known.
 */
export function visible(text: string): string {
  return text.replaceAll('\t', '    ').replace(controls, picture);
}

function picture(control: string): string {
  const code = control.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '␡' : '�';
}
