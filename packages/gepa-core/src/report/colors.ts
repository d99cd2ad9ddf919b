import picocolors from 'picocolors';

/** Functions that add colors and styles to a text, or return it unchanged if colors are disabled. */
export type Colors = ReturnType<typeof picocolors.createColors>;

export const colorsOf = (enabled: boolean): Colors => picocolors.createColors(enabled);

/** A stream for reports, such as `process.stdout` or `process.stderr`. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** The width of the terminal in columns. */
  readonly columns?: number;
}

/** Whether a stream is a terminal with cursor control. */
export const isTerminal = (stream: OutputStream): boolean =>
  stream.isTTY === true && environment('TERM') !== 'dumb';

/** Whether to use colors on a stream: it is a terminal, and `NO_COLOR` is not set. */
export const supportsColor = (stream: OutputStream): boolean =>
  isTerminal(stream) && !environment('NO_COLOR');

const environment = (name: string): string | undefined => globalThis.process?.env?.[name];
