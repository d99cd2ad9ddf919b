// @module-tag slow
import { gepa } from 'gepa-langchain';
import { expect, it } from 'vitest';
import { train, validation } from '../langchain-triage/data.ts';
import { connect } from '../shared/models.ts';
import { createTriageAgent } from './agent.ts';
import { toExample } from './example.ts';
import { agentMetric } from './metric.ts';

it('the LangGraph agent improves on a small budget, and still looks up accounts', async () => {
  const models = await connect({ latencyMs: [0, 0] });
  const agent = createTriageAgent(models.task);
  const target = gepa(agent);
  expect(Object.keys(target.components)).toEqual(['system']);
  const compiled = await target.compile({
    trainset: train.map(toExample),
    valset: validation.slice(0, 12).map(toExample),
    metric: agentMetric,
    reflectionModel: models.reflection,
    maxMetricCalls: 120,
  });
  const { bestScore, seedScore, bestCandidate } = compiled.result;
  expect(bestScore).toBeGreaterThan(seedScore + 0.1);
  expect(compiled.program.options.systemPrompt).toBe(bestCandidate.system);
  const { messages } = await compiled.program.invoke(toExample(validation[0]!).input);
  expect(messages.map((message) => message.type)).toEqual(['human', 'ai', 'tool', 'ai']);
  expect(agent.options.systemPrompt).toContain('Look up the account first.');
  await models.close();
});
