// biome-ignore lint/suspicious/noControlCharactersInRegex: it matches control characters
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Replaces control characters by visible ones (`␛` for an escape), so that text from a program cannot control the
 * terminal. Keeps line breaks and replaces a tab by four spaces, so that its width is known.
 */
export function visible(text: string): string {
  return text.replaceAll('\t', '    ').replace(controls, picture);
}

function picture(control: string): string {
  const code = control.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '␡' : '�';
}
