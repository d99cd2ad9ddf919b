import type { ParseArgsConfig } from 'node:util';
import { UsageError } from './usage-error.ts';

/** Where a command writes. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly color: boolean;
}

/** The options and arguments of one call of a command. */
export interface Call {
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
}

export interface Command {
  readonly name: string;
  /** After the name: `RUN [-o FILE]`. */
  readonly usage: string;
  readonly summary: string;
  /** One line for each option. */
  readonly help: readonly (readonly [option: string, meaning: string])[];
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** How many arguments it takes. */
  readonly arguments: readonly [least: number, most: number];
  run(call: Call, io: Io): Promise<void> | void;
}

/**
 * A text option.
 *
 * @throws {UsageError} when it is empty, as after `--port "$PORT"` without the variable.
 */
export function textOf({ values }: Call, name: string): string | undefined {
  const value = values[name];
  if (value === '') throw new UsageError(`--${name} is empty; give a value, or leave it out.`);
  return typeof value === 'string' ? value : undefined;
}
