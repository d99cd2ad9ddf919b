// @module-tag slow
import { fromEvaluators, gepa } from 'gepa-langchain';
import { expect, it } from 'vitest';
import { train, validation } from '../langchain-triage/data.ts';
import { connect } from '../shared/models.ts';
import { createHandbookChain } from './chain.ts';
import { judges } from './evaluators.ts';
import { HandbookRetriever } from './handbook.ts';

it('the retriever of the handbook finds the matching pages', async () => {
  const found = await new HandbookRetriever().invoke('My invoice is 100 days old.');
  expect(found[0]!.pageContent).toContain('invoice');
  expect(found).toHaveLength(4);
});

it('the retrieval chain improves on a small budget, scored by several evaluators', async () => {
  const models = await connect({ latencyMs: [0, 0] });
  const target = gepa(createHandbookChain(models.task), { include: ['system'] });
  expect(Object.keys(target.components)).toEqual(['system']);
  const compiled = await target.compile({
    trainset: train,
    valset: validation.slice(0, 12),
    metric: fromEvaluators(judges),
    reflectionModel: models.reflection,
    maxMetricCalls: 120,
  });
  const { bestScore, seedScore, bestCandidate } = compiled.result;
  expect(bestScore).toBeGreaterThan(seedScore + 0.1);
  expect(bestCandidate.system).toContain('{pages}');
  expect(await compiled.program.invoke(validation[0]!.input)).toHaveProperty('queue');
  await models.close();
});
