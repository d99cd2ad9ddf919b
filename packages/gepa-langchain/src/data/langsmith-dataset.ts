import { OptionsError, type ProgramExample } from 'gepa-core';
import { examplesOfRows } from 'gepa-core/adapter';
import type { Client } from 'langsmith';
import { langSmithClient } from '../langsmith/client.ts';

export interface LangSmithDatasetOptions {
  /** Reads only the examples of these splits. Default: all. */
  readonly splits?: readonly string[];
  /** Reads the dataset as of a tag or a time. Default: the latest version. */
  readonly asOf?: string | Date;
  /** Default: a client configured by the environment (`LANGSMITH_API_KEY`, `LANGSMITH_ENDPOINT`). */
  readonly client?: Client;
}

/**
 * Reads the examples of a LangSmith dataset: `inputs` become `input`, `outputs` become `expected`.
 * @throws {OptionsError} when the dataset has no examples, or `langsmith` is not installed.
 */
export async function readLangSmithDataset(
  datasetName: string,
  { splits, asOf, client }: LangSmithDatasetOptions = {},
): Promise<ProgramExample[]> {
  const source = await langSmithClient(client);
  const rows: Record<string, unknown>[] = [];
  const query = { datasetName, splits: splits && [...splits], asOf };
  for await (const { id, inputs, outputs, metadata } of source.listExamples(query)) {
    rows.push({ ...metadata, id, input: inputs, ...(outputs == null ? {} : { expected: outputs }) });
  }
  const dataset = `The LangSmith dataset "${datasetName}"${splits ? ` (${splits.join(', ')})` : ''}`;
  if (rows.length === 0) throw new OptionsError([`${dataset} has no examples.`]);
  return examplesOfRows(rows, dataset);
}
