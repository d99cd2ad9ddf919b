import picocolors from 'picocolors';

/** Functions that style a text, or leave it alone where colors are off. */
export type Colors = ReturnType<typeof picocolors.createColors>;

export const colorsOf = (enabled: boolean): Colors => picocolors.createColors(enabled);

/** What is asked of an output stream; `process.stdout` and `process.stderr` are such. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal. */
  readonly columns?: number | undefined;
}

/** Whether a stream is a terminal that can move its cursor. */
export const isTerminal = (stream: OutputStream): boolean =>
  stream.isTTY === true && environment('TERM') !== 'dumb';

/** Whether text written to a stream should be colored: it is a terminal, and `NO_COLOR` is not set. */
export const supportsColor = (stream: OutputStream): boolean =>
  isTerminal(stream) && !environment('NO_COLOR');

const environment = (name: string): string | undefined => globalThis.process?.env?.[name];
