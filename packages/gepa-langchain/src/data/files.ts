import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { FileFormatError, type ProgramExample } from 'gepa-core';
import { isNode } from '../program/node.ts';
import { examplesOfRows, type Row, type RowOptions } from './rows.ts';

/**
 * Reads examples from a CSV file with a header; every value is a string. A row whose input is empty has none.
 * @throws {FileFormatError} when it is no CSV.
 * @throws {OptionsError} when rows have no input.
 */
export async function readCsv(path: string, options?: RowOptions): Promise<ProgramExample[]> {
  const text = await readFile(path, 'utf8');
  let rows: Row[];
  try {
    rows = parse(text, { bom: true, columns: true, skip_empty_lines: true });
  } catch (cause) {
    throw new FileFormatError(`${path} is no CSV file with a header: ${(cause as Error).message}`, { cause });
  }
  return examplesOfRows(rows, path, options, (value) => value === '');
}

/**
 * Reads examples from a file with a JSON object in each line.
 * @throws {FileFormatError} when a line is none.
 * @throws {OptionsError} when rows have no input.
 */
export async function readJsonl(path: string, options?: RowOptions): Promise<ProgramExample[]> {
  const lines = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '').split('\n');
  const rows = lines.flatMap((line, i) =>
    line.trim() === '' ? [] : [parseLine(line, `${path}, line ${i + 1}`)],
  );
  return examplesOfRows(rows, path, options);
}

function parseLine(line: string, where: string): Row {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new FileFormatError(`${where} is no JSON: ${(cause as Error).message}`, { cause });
  }
  if (!isNode(value) || Array.isArray(value)) throw new FileFormatError(`${where} is no JSON object.`);
  return value;
}
