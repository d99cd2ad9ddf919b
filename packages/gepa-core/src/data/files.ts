import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { checkArgument, checkOptions } from '../check-options.ts';
import { FileAccessError, FileFormatError, OptionsError } from '../errors.ts';
import { aText } from '../kinds.ts';
import { fileProblem } from '../node/file-problem.ts';
import type { ProgramExample } from '../program/target.ts';
import { messageOf } from '../text/error-message.ts';
import { columnKinds, examplesOfRows, type Row, type RowOptions } from './rows.ts';

/** A schema of zod 3.24 or later, or of another library that follows standardschema.dev. */
export interface ExampleSchema<Example> {
  readonly '~standard': {
    validate(value: unknown): SchemaResult<Example> | Promise<SchemaResult<Example>>;
  };
}

type SchemaResult<Value> =
  | { readonly value: Value; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        // `| undefined` as in the standard, for projects with `exactOptionalPropertyTypes`.
        readonly path?: readonly unknown[] | undefined;
      }[];
    };

/** Options for `readCsv` and `readJsonl`. */
export interface ReadOptions<Example = ProgramExample> extends RowOptions {
  /** Checks and converts each example, `{ input, expected?, id?, metadata? }`; gives the examples their type. */
  readonly schema?: ExampleSchema<Example> | undefined;
}

const readKinds = {
  ...columnKinds,
  schema: {
    words: 'a schema of zod 3.24 or later, or of another library that follows standardschema.dev',
    is: (value: unknown) =>
      typeof (value as Partial<ExampleSchema<unknown>> | null)?.['~standard']?.validate === 'function',
  },
} satisfies Record<keyof ReadOptions, unknown>;

/**
 * Reads examples from a CSV file with a header row. Every value is a string; an empty input or id counts as missing. The
 * columns are separated by commas, or by semicolons or tabs if the header row has no comma.
 *
 * @throws {FileAccessError} when the file cannot be read.
 * @throws {FileFormatError} when the file is not valid CSV, or two columns have one name.
 * @throws {OptionsError} when an option names a column that does not exist, rows have no input, or do not fit the schema.
 */
export async function readCsv<Example = ProgramExample>(
  path: string,
  options: ReadOptions<Example> = {},
): Promise<Example[]> {
  const text = await readText(path, options);
  const separator = separatorOf(text);
  let rows: Row[];
  try {
    rows = parse(text, { bom: true, columns: checkedHeader, delimiter: separator, skip_empty_lines: true });
  } catch (cause) {
    throw new FileFormatError(
      `${path} is not a CSV file with a header row (read with ${JSON.stringify(separator)} between the columns): ${messageOf(cause)}`,
      { cause },
    );
  }
  return checked(rows, path, options, (value) => value === '');
}

/**
 * Reads examples from a JSON Lines file: one JSON object per line.
 * Rows that are examples already (`input`, `metadata` and no other columns) stay as they are.
 *
 * @throws {FileAccessError} when the file cannot be read.
 * @throws {FileFormatError} when a line is not a JSON object.
 * @throws {OptionsError} when an option names a column that does not exist, rows have no input, or do not fit the schema.
 */
export async function readJsonl<Example = ProgramExample>(
  path: string,
  options: ReadOptions<Example> = {},
): Promise<Example[]> {
  const lines = (await readText(path, options)).replace(/^\uFEFF/, '').split('\n');
  const rows = lines.flatMap((line, i) =>
    line.trim() === '' ? [] : [parseLine(line, `${path}, line ${i + 1}`)],
  );
  return checked(rows, path, options);
}

async function readText(path: string, options: object): Promise<string> {
  checkArgument('The path', path, aText);
  checkOptions(options, readKinds);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new FileAccessError(
      `The examples ${resolve(path)} cannot be read: ${fileProblem(cause)}. Relative paths start at the working directory.`,
      { cause },
    );
  }
}

const LONGEST_HEADER = 10_000;

/** The first of these in the header row, outside of quotes: a spreadsheet writes semicolons where the comma is decimal. */
function separatorOf(text: string): string {
  const header =
    /^(?:[^"\r\n]|"(?:[^"]|"")*")*/
      .exec(text.trimStart().slice(0, LONGEST_HEADER))?.[0]
      .replaceAll(/"(?:[^"]|"")*"/g, '') ?? '';
  return [',', ';', '\t'].find((separator) => header.includes(separator)) ?? ',';
}

function checkedHeader(names: readonly string[]): string[] {
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw new Error(`the header row has two columns ${JSON.stringify(repeated)}.`);
  return [...names];
}

async function checked<Example>(
  rows: readonly Row[],
  path: string,
  { schema, ...columns }: ReadOptions<Example>,
  isBlank?: (value: unknown) => boolean,
): Promise<Example[]> {
  const examples = examplesOfRows(rows, path, columns, isBlank);
  if (schema === undefined) return examples as Example[];
  const results = await Promise.all(examples.map((example) => schema['~standard'].validate(example)));
  const problems: string[] = [];
  const valid = results.flatMap((result, row) => {
    if (result.issues === undefined) return [result.value];
    const [{ message, path: field = [] } = { message: 'invalid' }] = result.issues;
    problems.push(
      `${path}: row ${row + 1} does not fit the schema at ${field.map(keyOf).join('.') || 'the example'}: ${message}`,
    );
    return [];
  });
  if (problems.length > 0) throw new OptionsError(problems.slice(0, 5));
  return valid;
}

function keyOf(segment: unknown): string {
  return String(typeof segment === 'object' && segment !== null && 'key' in segment ? segment.key : segment);
}

function parseLine(line: string, where: string): Row {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new FileFormatError(`${where} is not valid JSON: ${messageOf(cause)}`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FileFormatError(`${where} is not a JSON object.`);
  }
  return value as Row;
}
