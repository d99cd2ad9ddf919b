import type { Dataset } from '@mastra/core/datasets';
import { OptionsError } from 'gepa-core';
import type { MastraExample } from './example.ts';

/** An example that stands in a Mastra dataset. */
export interface DatasetExample<Input = unknown, Expected = unknown> extends MastraExample<Input, Expected> {
  readonly id: string;
  /** The item's id in the dataset. */
  readonly itemId: string;
}

export interface DatasetOptions {
  /** The version to read. Default: the current one. */
  readonly version?: number;
  /** Whether an item without ground truth is refused. Default `false`. */
  readonly needsGroundTruth?: boolean;
}

const itemsPerPage = 100;

/**
 * All items of a Mastra dataset as examples, oldest first: the same order each time. `expected` is the ground truth,
 * `id` the item's external id where it has one.
 *
 * @typeParam Input What the program takes; a dataset does not tell.
 * @throws {OptionsError} when the dataset is empty, or lacks ground truth that is needed.
 */
export async function fromDataset<Input = string, Expected = unknown>(
  dataset: Dataset,
  { version, needsGroundTruth = false }: DatasetOptions = {},
): Promise<DatasetExample<Input, Expected>[]> {
  const items = await allItems(dataset, version);
  if (items.length === 0) throw new OptionsError([`The dataset ${dataset.id} has no items.`]);
  const lacking = items.filter(({ groundTruth }) => groundTruth === undefined || groundTruth === null);
  if (needsGroundTruth && lacking.length > 0) {
    throw new OptionsError([
      `${lacking.length} of the ${items.length} items of the dataset ${dataset.id} have no ground truth, such as ${lacking[0]!.id}: add it, or use a metric that gets by without.`,
    ]);
  }
  return items
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || compare(a.id, b.id))
    .map(({ id, externalId, input, groundTruth, metadata, requestContext }) => ({
      id: externalId ?? id,
      itemId: id,
      input: input as Input,
      ...(groundTruth === undefined || groundTruth === null ? {} : { expected: groundTruth as Expected }),
      ...(metadata ? { metadata } : {}),
      ...(requestContext ? { requestContext } : {}),
    }));
}

type Items = Extract<Awaited<ReturnType<Dataset['listItems']>>, readonly unknown[]>;

async function allItems(dataset: Dataset, version: number | undefined): Promise<Items> {
  const items: Items = [];
  for (let page = 0; ; page++) {
    const listed = await dataset.listItems({
      page,
      perPage: itemsPerPage,
      ...(version === undefined ? {} : { version }),
    });
    // Some storages give the items of a version all at once.
    if (Array.isArray(listed)) return [...listed];
    items.push(...listed.items);
    if (!listed.pagination.hasMore) return items;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
