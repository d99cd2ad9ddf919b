import { Agent } from '@mastra/core/agent';
import { createScorer } from '@mastra/core/evals';
import { expect, it } from 'vitest';
import { fromDataset } from '../data/dataset.ts';
import type { MastraExample } from '../data/example.ts';
import { hasExperiments, newDataset } from '../fixtures/new-dataset.ts';
import { gepa } from '../gepa.ts';
import { fromScorers } from '../scorers/from-scorers.ts';
import { systemOf, useOpenAIServer } from '../testing/openai-server.ts';

const server = useOpenAIServer((request) => {
  const question = String(request.messages.at(-1)?.content);
  return question === 'bad' ? { status: 400, error: 'bad request' } : `${systemOf(request)} ${question}`;
});

it.runIf(hasExperiments)(
  'recordExperiment records the testset scores, outputs and errors of the best or the seed candidate',
  async () => {
    const { agent, dataset } = await newDataset(server.model, [
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

it.runIf(hasExperiments)(
  'recordExperiment records the scores of scorers under their ids, with reasons, and the target',
  async () => {
    const { agent, dataset } = await newDataset(server.model, [{ input: 'one', groundTruth: 'Poor one' }]);
    const matches = createScorer({ id: 'matches', description: 'm', type: 'agent' })
      .generateScore(() => 0.5)
      .generateReason(() => 'Half.');
    const rude = createScorer({ id: 'rude', description: 'r' }).generateScore(() => 0.2);
    const compiled = await gepa(agent).compile({
      trainset: await fromDataset(dataset),
      metric: fromScorers({ truth: matches, manners: { scorer: rude, lowerIsBetter: true } }),
      propose: async () => ({}),
      maxIterations: 1,
    });
    const { experimentId } = await compiled.recordExperiment(dataset);
    expect(await dataset.getExperiment({ experimentId })).toMatchObject({
      targetType: 'agent',
      targetId: 'a',
      status: 'completed',
      succeededCount: 1,
      metadata: { gepa_target: { type: 'agent', id: 'a' } },
    });
    const store = await agent.getMastraInstance()?.getStorage()?.getStore('scores');
    const pagination = { page: 0, perPage: 10 };
    const { scores = [] } = (await store?.listScoresByRunId({ runId: experimentId, pagination })) ?? {};
    expect(scores[0]).toMatchObject({ entityType: 'AGENT', entity: { id: 'a' }, runId: experimentId });
    expect(scores.map(({ scorerId, score, reason }) => [scorerId, score, reason]).sort()).toEqual([
      ['gepa', 0.65, 'truth 0.5: Half.\nmanners 0.8: r'],
      ['matches', 0.5, 'Half.'],
      ['rude', 0.2, 'r'],
    ]);
  },
);

it.runIf(hasExperiments)(
  'recordExperiment records an agent that the instance of the dataset does not know without a target',
  async () => {
    const { dataset } = await newDataset(server.model, [{ input: 'one' }]);
    const { agent: other } = await newDataset(server.model, [{ input: 'x' }]);
    const unknown = new Agent({ id: 'u', name: 'U', instructions: 'Poor', model: server.model });
    for (const agent of [other, unknown]) {
      const compiled = await gepa(agent).compile({
        trainset: await fromDataset(dataset),
        metric: () => 0.5,
        propose: async () => ({}),
        maxIterations: 1,
      });
      const { experimentId } = await compiled.recordExperiment(dataset);
      expect(await dataset.getExperiment({ experimentId })).toMatchObject({
        targetType: null,
        status: 'completed',
        succeededCount: 1,
      });
    }
    expect((await dataset.listExperiments()).experiments).toHaveLength(2);
  },
);

it.runIf(hasExperiments)('recordExperiment refuses examples that are not from a dataset', async () => {
  const { agent, dataset } = await newDataset(server.model, [{ input: 'one' }]);
  const compiled = await gepa(agent).compile({
    trainset: [{ input: 'x' }],
    metric: () => 0,
    propose: async () => ({}),
    maxIterations: 1,
  });
  await expect(compiled.recordExperiment(dataset)).rejects.toThrow('fromDataset()');
});
