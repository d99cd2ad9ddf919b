import { OptionsError } from 'gepa-core';
import { expect, it } from 'vitest';
import { hasDatasets, newDataset } from '../fixtures/new-dataset.ts';
import { fromDataset } from './dataset.ts';

// These tests do not call it.
const model = { id: 'local/simulated', url: 'http://localhost' } as const;

it.runIf(hasDatasets)('fromDataset reads all pages in a stable order', async () => {
  const items = Array.from({ length: 230 }, (_, i) => ({ input: `question ${i}`, groundTruth: i }));
  const { dataset } = await newDataset(model, items);
  const examples = await fromDataset<string, number>(dataset);
  expect(examples).toHaveLength(230);
  expect(new Set(examples.map(({ input }) => input)).size).toBe(230);
  expect(await fromDataset(dataset)).toEqual(examples);
  const example = examples.find(({ input }) => input === 'question 7')!;
  expect(example).toMatchObject({ expected: 7, id: example.itemId });
});

it.runIf(hasDatasets)('fromDataset reads an older version of a dataset', async () => {
  const { dataset } = await newDataset(model, [{ input: 'one' }]);
  const { version } = await dataset.getDetails();
  await dataset.addItem({ input: 'two' });
  expect(await fromDataset(dataset)).toHaveLength(2);
  expect(await fromDataset(dataset, { version })).toMatchObject([{ input: 'one' }]);
});

it.runIf(hasDatasets)(
  'fromDataset uses the external ids of items in versions of Mastra that store them',
  async ({ skip }) => {
    const { dataset } = await newDataset(model, [{ input: 'one', externalId: 'first' }]);
    const { items } = (await dataset.listItems()) as { items: { externalId?: unknown }[] };
    skip(items[0]?.externalId === undefined, 'This version of Mastra stores no external ids.');
    expect(await fromDataset(dataset)).toMatchObject([{ id: 'first', input: 'one' }]);
  },
);

it.runIf(hasDatasets)(
  'fromDataset refuses an empty dataset, and one without the ground truth that is needed',
  async () => {
    await expect(fromDataset((await newDataset(model, [])).dataset)).rejects.toThrow('has no items');
    const { dataset } = await newDataset(model, [{ input: 'one', groundTruth: 1 }, { input: 'two' }]);
    const reading = fromDataset(dataset, { needsGroundTruth: true });
    await expect(reading).rejects.toThrow(OptionsError);
    await expect(reading).rejects.toThrow('1 of the 2 items');
  },
);
