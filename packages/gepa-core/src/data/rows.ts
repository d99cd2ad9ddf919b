import { OptionsError } from '../errors.ts';
import { aText, type Kind } from '../kinds.ts';
import type { ProgramExample } from '../program/target.ts';

/**
 * The columns that form an example. All other columns become fields of its `metadata`. A column `metadata` with an object
 * adds the fields of the object.
 */
export interface RowOptions {
  /** The column with the program's input, or several columns, which form an object. Default `'input'`. */
  readonly input?: string | readonly string[] | undefined;
  /** The column or columns with the expected output. Default `'expected'`, if that column exists. */
  readonly expected?: string | readonly string[] | undefined;
  /** The column with the example's id. Default `'id'`, if that column exists. */
  readonly id?: string | undefined;
}

const columns: Kind = {
  words: 'the name of a column, or a list of names',
  is: (value) => aText.is(value) || (Array.isArray(value) && value.length > 0 && value.every(aText.is)),
};

/** What each option must be. */
export const columnKinds = { input: columns, expected: columns, id: aText } satisfies Record<
  keyof RowOptions,
  Kind
>;

export type Row = Readonly<Record<string, unknown>>;

/**
 * Converts rows to examples.
 * @param where names the source in errors.
 * @param isBlank whether a value counts as missing. A row has no input when all its input columns are blank.
 * @throws {OptionsError} listing the rows that have no input, or the columns that `expected` and `id` name and no row has.
 */
export function examplesOfRows(
  rows: readonly Row[],
  where: string,
  options: RowOptions = {},
  isBlank: (value: unknown) => boolean = () => false,
): ProgramExample[] {
  const { input = 'input', expected = 'expected', id = 'id' } = options;
  const used = [input, expected, id].flat();
  const inputs = [input].flat();
  const hasInput = (row: Row) =>
    inputs.every((key) => has(row, key)) && !inputs.every((key) => isBlank(row[key]));
  const missing = rows.flatMap((row, i) => (hasInput(row) ? [] : [i + 1]));
  if (missing.length > 0) {
    const shown = missing.slice(0, 5).join(', ') + (missing.length > 5 ? ', …' : '');
    const subject =
      missing.length === 1 ? `row ${shown} of ${rows.length} has` : `rows ${shown} of ${rows.length} have`;
    const columns = Object.keys(rows[0] ?? {}).join(', ') || 'none';
    throw new OptionsError([
      `${where}: ${subject} no input. The input is ${inputs.map((key) => `"${key}"`).join(' and ')}; ` +
        `the columns of the first row are ${columns}.`,
    ]);
  }
  checkColumns(rows, where, options);
  const hasDefaults = input === 'input' && expected === 'expected' && id === 'id';
  return rows.map((row) => {
    if (hasDefaults && isExample(row)) return row;
    const rest = Object.entries(row)
      .filter(([key]) => !used.includes(key))
      .flatMap(([key, value]) => (key === 'metadata' ? metadataOf(value) : [[key, value] as const]));
    const expectedValue = pick(row, expected);
    return {
      input: pick(row, input),
      ...(expectedValue === undefined ? {} : { expected: expectedValue }),
      ...(has(row, id) && !isBlank(row[id]) ? { id: String(row[id]) } : {}),
      ...(rest.length === 0 ? {} : { metadata: Object.fromEntries(rest) }),
    };
  });
}

/** A misspelled column would give examples without expected outputs or ids. */
function checkColumns(rows: readonly Row[], where: string, { expected, id }: RowOptions): void {
  if (rows.length === 0) return;
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const problems = Object.entries({ expected, id }).flatMap(([option, columns]) =>
    [columns ?? []]
      .flat()
      .filter((column) => !names.includes(column))
      .map(
        (column) =>
          `${where}: \`${option}\` names the column "${column}", but there is none. The columns are ${names.join(', ')}.`,
      ),
  );
  if (problems.length > 0) throw new OptionsError(problems);
}

const exampleFields = ['input', 'expected', 'id', 'metadata'];

/** A row that is an example already, such as a line of a file of examples. */
function isExample(row: Row): row is Row & ProgramExample {
  const { id, metadata } = row;
  return (
    typeof metadata === 'object' &&
    metadata !== null &&
    !Array.isArray(metadata) &&
    (id === undefined || typeof id === 'string') &&
    Object.keys(row).every((key) => exampleFields.includes(key))
  );
}

/** The fields of an object, which a table has as JSON. Any other value becomes the field `metadata`. */
function metadataOf(value: unknown): (readonly [string, unknown])[] {
  const object = typeof value === 'string' ? parsedObject(value) : value;
  const isObject = typeof object === 'object' && object !== null && !Array.isArray(object);
  return isObject ? Object.entries(object) : value === '' || value == null ? [] : [['metadata', value]];
}

function parsedObject(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function has(row: Row, key: string): boolean {
  return row[key] !== undefined && row[key] !== null;
}

function pick(row: Row, columns: string | readonly string[]): unknown {
  if (typeof columns === 'string') return has(row, columns) ? row[columns] : undefined;
  return Object.fromEntries(columns.map((key) => [key, row[key]]));
}
