// @module-tag slow
import { gepa } from 'gepa-langchain';
import { expect, it } from 'vitest';
import { train, validation } from '../langchain-triage/data.ts';
import { connect } from '../shared/models.ts';
import { teamMetric, toExample } from './metric.ts';
import { createTriageTeam } from './program.ts';

it('the agents of a supervisor are searched through parts, and are as before outside of the compiled program', async () => {
  const models = await connect({ latencyMs: [0, 0] });
  const { program, issueAgent, queueAgent } = createTriageTeam(models.task);
  const target = gepa(program, { parts: { issueAgent, queueAgent } });
  expect(Object.keys(target.components)).toEqual(['issueAgent.system', 'queueAgent.system']);
  const compiled = await target.compile({
    trainset: train.map(toExample),
    valset: validation.slice(0, 12).map(toExample),
    metric: teamMetric,
    reflectionModel: models.reflection,
    maxMetricCalls: 120,
  });
  const { candidates, bestScore, seedScore, warnings } = compiled.result;
  expect(candidates.length).toBeGreaterThan(1);
  expect(bestScore).toBeGreaterThanOrEqual(seedScore);
  expect(warnings.join()).not.toContain('read');

  const ticket = toExample(validation[0]!);
  const scoreOf = async (team: typeof program) => {
    const output = await team.invoke(ticket.input as never);
    return teamMetric({ example: ticket, output: output as never, trace: undefined } as never);
  };
  expect(await scoreOf(compiled.program)).toMatchObject({ score: expect.any(Number) });
  expect(issueAgent.options.systemPrompt).toContain('You read support tickets');
  target.dispose();
  await models.close();
});
