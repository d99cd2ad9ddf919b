import { OptionsError, type ProgramExample } from 'gepa-core';
import type { Client } from 'langsmith';
import { optionalPackage } from '../optional-package.ts';
import { examplesOfRows } from './rows.ts';

export interface LangSmithDatasetOptions {
  /** Only the examples of these splits. Default: all. */
  readonly splits?: readonly string[];
  /** The state of the dataset at a tag or a time. Default: the latest. */
  readonly asOf?: string | Date;
  /** Default: one made from the environment (`LANGSMITH_API_KEY`, `LANGSMITH_ENDPOINT`). */
  readonly client?: Client;
}

/**
 * Reads the examples of a LangSmith dataset: `inputs` become `input`, `outputs` become `expected`.
 * @throws {OptionsError} when there are none, or `langsmith` is not installed.
 */
export async function readLangSmithDataset(
  datasetName: string,
  { splits, asOf, client }: LangSmithDatasetOptions = {},
): Promise<ProgramExample[]> {
  const source = client ?? new (await langsmith()).Client();
  const rows: Record<string, unknown>[] = [];
  const query = { datasetName, ...(splits ? { splits: [...splits] } : {}), ...(asOf ? { asOf } : {}) };
  for await (const { id, inputs, outputs, metadata } of source.listExamples(query)) {
    rows.push({ ...metadata, id, input: inputs, ...(outputs == null ? {} : { expected: outputs }) });
  }
  const where = `The LangSmith dataset "${datasetName}"${splits ? ` (${splits.join(', ')})` : ''}`;
  if (rows.length === 0) throw new OptionsError([`${where} has no examples.`]);
  return examplesOfRows(rows, where);
}

/** @throws {OptionsError} when it is not installed. */
export function langsmith(): Promise<typeof import('langsmith')> {
  return optionalPackage('langsmith', 'A client of LangSmith', () => import('langsmith'));
}
