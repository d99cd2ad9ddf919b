import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { FileFormatError, type ProgramExample } from 'gepa-core';
import { isNode } from '../program/node.ts';
import { errorMessage } from '../util/error-message.ts';
import { examplesOfRows, type Row, type RowOptions } from './rows.ts';

/**
 * Reads examples from a CSV file with a header row. Every value is a string; an empty input counts as missing.
 * @throws {FileFormatError} when the file is not valid CSV.
 * @throws {OptionsError} when rows have no input.
 */
export async function readCsv(path: string, options?: RowOptions): Promise<ProgramExample[]> {
  const text = await readFile(path, 'utf8');
  let rows: Row[];
  try {
    rows = parse(text, { bom: true, columns: true, skip_empty_lines: true });
  } catch (cause) {
    throw new FileFormatError(`${path} is not a CSV file with a header row: ${errorMessage(cause)}`, {
      cause,
    });
  }
  return examplesOfRows(rows, path, options, (value) => value === '');
}

/**
 * Reads examples from a JSON Lines file: one JSON object per line.
 * @throws {FileFormatError} when a line is not a JSON object.
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
    throw new FileFormatError(`${where} is not valid JSON: ${errorMessage(cause)}`, { cause });
  }
  if (!isNode(value) || Array.isArray(value)) throw new FileFormatError(`${where} is not a JSON object.`);
  return value;
}
