import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { InMemoryStore } from '@mastra/core/storage';
import { OptionsError } from 'gepa-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gepa } from '../gepa.ts';
import { type OpenAIServer, startOpenAIServer, systemOf } from '../testing/openai-server.ts';
import { fromDataset } from './dataset.ts';
import type { MastraExample } from './example.ts';

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer((request) => {
    const question = String(request.messages.at(-1)?.content);
    return question === 'bad' ? { status: 400, error: 'bad request' } : `${systemOf(request)} ${question}`;
  });
});
afterAll(() => server.close());

// Mastra has datasets since 1.4 and can record external experiments since 1.64.
const { Dataset } = await import('@mastra/core/datasets').catch(() => ({ Dataset: undefined }));
const hasDatasets = Dataset !== undefined;
const hasExperiments = hasDatasets && 'createExperiment' in Dataset.prototype;

const newDataset = async (items: { input: unknown; groundTruth?: unknown; externalId?: string }[]) => {
  const agent = new Agent({ id: 'a', name: 'A', instructions: 'Poor', model: server.model });
  const mastra = new Mastra({ storage: new InMemoryStore(), agents: { agent }, logger: false });
  const dataset = await mastra.datasets.create({ name: 'questions' });
  for (let i = 0; i < items.length; i += 50) await dataset.addItems({ items: items.slice(i, i + 50) });
  return { agent, dataset };
};

it.runIf(hasDatasets)('fromDataset reads all pages in a stable order', async () => {
  const items = Array.from({ length: 230 }, (_, i) => ({ input: `question ${i}`, groundTruth: i }));
  const { dataset } = await newDataset(items);
  const examples = await fromDataset<string, number>(dataset);
  expect(examples).toHaveLength(230);
  expect(new Set(examples.map(({ input }) => input)).size).toBe(230);
  expect(await fromDataset(dataset)).toEqual(examples);
  const example = examples.find(({ input }) => input === 'question 7')!;
  expect(example).toMatchObject({ expected: 7, id: example.itemId });
});

it.runIf(hasDatasets)('fromDataset reads an older version of a dataset', async () => {
  const { dataset } = await newDataset([{ input: 'one' }]);
  const { version } = await dataset.getDetails();
  await dataset.addItem({ input: 'two' });
  expect(await fromDataset(dataset)).toHaveLength(2);
  expect(await fromDataset(dataset, { version })).toMatchObject([{ input: 'one' }]);
});

it.runIf(hasDatasets)(
  'fromDataset uses the external ids of items in versions of Mastra that store them',
  async ({ skip }) => {
    const { dataset } = await newDataset([{ input: 'one', externalId: 'first' }]);
    const { items } = (await dataset.listItems()) as { items: { externalId?: unknown }[] };
    skip(items[0]?.externalId === undefined, 'This version of Mastra stores no external ids.');
    expect(await fromDataset(dataset)).toMatchObject([{ id: 'first', input: 'one' }]);
  },
);

it.runIf(hasDatasets)(
  'fromDataset refuses an empty dataset, and one without the ground truth that is needed',
  async () => {
    await expect(fromDataset((await newDataset([])).dataset)).rejects.toThrow('has no items');
    const { dataset } = await newDataset([{ input: 'one', groundTruth: 1 }, { input: 'two' }]);
    const reading = fromDataset(dataset, { needsGroundTruth: true });
    await expect(reading).rejects.toThrow(OptionsError);
    await expect(reading).rejects.toThrow('1 of the 2 items');
  },
);

it.runIf(hasExperiments)(
  'recordExperiment records the testset scores, outputs and errors of the best or the seed candidate',
  async () => {
    const { agent, dataset } = await newDataset([
      { input: 'one', groundTruth: 1 },
      { input: 'two', groundTruth: 2 },
      { input: 'bad', groundTruth: 3 },
    ]);
    const testset = await fromDataset(dataset);
    const compiled = await gepa(agent, { rename: { 'a.instructions': 'prompt' } }).compile({
      trainset: [{ input: 'x' }] as MastraExample<string>[],
      testset,
      metric: ({ output }) => output.text.includes('Better'),
      propose: async () => ({ prompt: 'Better' }),
      maxIterations: 1,
    });
    const { experimentId } = await compiled.recordExperiment(dataset, { name: 'first try' });
    expect(await dataset.getExperiment({ experimentId })).toMatchObject({
      name: 'first try',
      status: 'completed',
      totalItems: 3,
      succeededCount: 2,
      failedCount: 1,
    });
    const { results } = await dataset.listExperimentResults({ experimentId });
    const byInput = Object.fromEntries(results.map((result) => [String(result.input), result]));
    expect(byInput.one).toMatchObject({ output: { text: 'Better one' }, groundTruth: 1 });
    expect(byInput.bad).toMatchObject({ error: { message: 'bad request' } });
    const seed = await compiled.recordExperiment(dataset, { candidate: 'seed' });
    const { results: seedResults } = await dataset.listExperimentResults({ experimentId: seed.experimentId });
    expect(seedResults.find(({ input }) => input === 'one')).toMatchObject({ output: { text: 'Poor one' } });
  },
);

it.runIf(hasExperiments)('recordExperiment refuses examples that are not from a dataset', async () => {
  const { agent, dataset } = await newDataset([{ input: 'one' }]);
  const compiled = await gepa(agent).compile({
    trainset: [{ input: 'x' }],
    metric: () => 0,
    propose: async () => ({}),
    maxIterations: 1,
  });
  await expect(compiled.recordExperiment(dataset)).rejects.toThrow('fromDataset()');
});
