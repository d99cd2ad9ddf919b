import type { Dataset } from '@mastra/core/datasets';
import { OptionsError } from 'gepa-core';
import type { MockedTools } from '../program/tool-mocks.ts';
import type { MastraExample } from './example.ts';

/** An example from a Mastra dataset. */
export interface DatasetExample<Input = unknown, Expected = unknown> extends MastraExample<Input, Expected> {
  readonly id: string;
  /** The item's id in the dataset. */
  readonly itemId: string;
}

export interface DatasetOptions {
  /** The version to read. Default: the current one. */
  readonly version?: number;
  /** Whether to throw when an item has no ground truth. Default `false`. */
  readonly needsGroundTruth?: boolean;
}

const itemsPerPage = 100;

/**
 * Reads all items of a Mastra dataset as examples, oldest first. `expected` is the ground truth; `id` is the item's
 * external id, or its id without one.
 *
 * @typeParam Input The input type of the program; datasets are untyped.
 * @throws {OptionsError} when the dataset is empty, or `needsGroundTruth` is set and an item has none.
 */
export async function fromDataset<Input = string, Expected = unknown>(
  dataset: Dataset,
  { version, needsGroundTruth = false }: DatasetOptions = {},
): Promise<DatasetExample<Input, Expected>[]> {
  const items = await allItems(dataset, version);
  if (items.length === 0) throw new OptionsError([`The dataset ${dataset.id} has no items.`]);
  const withoutTruth = items.filter(({ groundTruth }) => groundTruth === undefined || groundTruth === null);
  if (needsGroundTruth && withoutTruth.length > 0) {
    throw new OptionsError([
      `${withoutTruth.length} of the ${items.length} items of the dataset ${dataset.id} have no ground truth, for example ${withoutTruth[0]!.id}: add it, or use a metric that does not need it.`,
    ]);
  }
  return items
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || compare(a.id, b.id))
    .map((item) => {
      const { id, externalId, input, groundTruth, metadata, requestContext } = item;
      // Newer than datasets.
      const { toolMocks, unmockedToolPolicy, expectedTrajectory } = item as MockedTools & {
        readonly expectedTrajectory?: unknown;
      };
      return {
        id: externalId ?? id,
        itemId: id,
        input: input as Input,
        expected: (groundTruth ?? undefined) as Expected | undefined,
        metadata: metadata ?? undefined,
        requestContext: requestContext ?? undefined,
        toolMocks: toolMocks ?? undefined,
        unmockedToolPolicy: unmockedToolPolicy ?? undefined,
        expectedTrajectory: expectedTrajectory ?? undefined,
      };
    });
}

type Items = Extract<Awaited<ReturnType<Dataset['listItems']>>, readonly unknown[]>;

async function allItems(dataset: Dataset, version: number | undefined): Promise<Items> {
  const items: Items = [];
  for (let page = 0; ; page++) {
    const listed = await dataset.listItems({ page, perPage: itemsPerPage, version });
    // Some storages return all items of a version at once.
    if (Array.isArray(listed)) return [...listed];
    items.push(...listed.items);
    if (!listed.pagination.hasMore) return items;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
