import { join } from 'node:path';
import { describeComponents, gepa, summarize } from 'gepa-mastra';
import { test, train, validation } from '../langchain-triage/data.ts';
import { longRun } from '../shared/long-run.ts';
import { createTriageAgent } from './agent.ts';
import { toExample } from './example.ts';
import { agentMetric } from './metric.ts';
import { connect } from './models.ts';

const models = await connect();
console.log(`Support triage by a Mastra agent with a tool, on ${models.label}.\n`);

const agent = createTriageAgent(models.task);
const target = gepa(agent);
console.log(`${describeComponents(target)}\n`);

const run = longRun('mastra-agent', 'npm run start:mastra');
const compiled = await target.compile({
  trainset: train.map(toExample),
  valset: validation.map(toExample),
  testset: test.map(toExample),
  metric: agentMetric,
  reflectionModel: models.reflection,
  maxMetricCalls: 500,
  runDir: run.runDir,
  report: run.report,
  signal: run.signal,
  progress: true,
});

console.log(`\n${summarize(compiled.result, { afterProgress: true })}`);
run.close(compiled.result, () => {
  const file = join(import.meta.dirname, 'agent.gepa.json');
  compiled.save(file);
  console.log(`\nSaved to ${file}: gepa(agent).load(...) returns an agent with these texts.`);
});

await models.close();
