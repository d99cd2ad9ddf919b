import { OptionsError, type ProgramExample } from 'gepa-core';

/** Which columns of a row make an example. */
export interface RowOptions {
  /** The column that is the program's input, or the columns that together are (an object). Default `'input'`. */
  readonly input?: string | readonly string[];
  /** The same for what is expected. Default `'expected'`, where there is such a column. */
  readonly expected?: string | readonly string[];
  /** Default `'id'`, where there is such a column. */
  readonly id?: string;
}

export type Row = Readonly<Record<string, unknown>>;

/**
 * Makes examples of rows. What no option names goes into `metadata`.
 * @param isBlank whether a value stands for none; a row whose input is nothing else has none.
 * @throws {OptionsError} naming the rows without an input.
 */
export function examplesOfRows(
  rows: readonly Row[],
  where: string,
  options: RowOptions = {},
  isBlank: (value: unknown) => boolean = () => false,
): ProgramExample[] {
  const { input = 'input', expected = 'expected', id = 'id' } = options;
  const used = [input, expected, id].flat();
  const isGiven = (row: Row) =>
    [input].flat().every((key) => has(row, key)) && ![input].flat().every((key) => isBlank(row[key]));
  const lacking = rows.flatMap((row, i) => (isGiven(row) ? [] : [i + 1]));
  if (lacking.length > 0) {
    const shown = lacking.slice(0, 5).join(', ') + (lacking.length > 5 ? ', …' : '');
    throw new OptionsError([
      `${where}: ${lacking.length === 1 ? 'row' : 'rows'} ${shown} of ${rows.length} ${lacking.length === 1 ? 'has' : 'have'} no input. ` +
        `The input is ${[input]
          .flat()
          .map((key) => `"${key}"`)
          .join(
            ' and ',
          )}; the columns of the first row are ${Object.keys(rows[0] ?? {}).join(', ') || 'none'}.`,
    ]);
  }
  return rows.map((row) => {
    const rest = Object.entries(row).filter(([key]) => !used.includes(key));
    const expectation = pick(row, expected);
    return {
      input: pick(row, input),
      ...(expectation === undefined ? {} : { expected: expectation }),
      ...(has(row, id) ? { id: String(row[id]) } : {}),
      ...(rest.length === 0 ? {} : { metadata: Object.fromEntries(rest) }),
    };
  });
}

function has(row: Row, key: string): boolean {
  return row[key] !== undefined && row[key] !== null;
}

function pick(row: Row, columns: string | readonly string[]): unknown {
  if (typeof columns === 'string') return has(row, columns) ? row[columns] : undefined;
  return Object.fromEntries(columns.map((key) => [key, row[key]]));
}
