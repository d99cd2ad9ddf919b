import { join } from 'node:path';
import { describeComponents, gepa, summarize } from 'gepa-mastra';
import { test, train, validation } from '../langchain-triage/data.ts';
import { triageMetric } from '../langchain-triage/metric.ts';
import { connect } from '../mastra-agent/models.ts';
import { longRun } from '../shared/long-run.ts';
import { createTriage } from './workflow.ts';

const models = await connect();
console.log(`Support triage by two Mastra agents in a workflow, on ${models.label}.\n`);

const { mastra, workflow } = createTriage(models.task);
// The steps are functions that call agents by mastra.getAgent(…).
const target = gepa(workflow, { parts: mastra });
console.log(`${describeComponents(target)}\n`);

const run = longRun('mastra-workflow', 'npm run start:mastra-workflow');
const compiled = await target.compile({
  trainset: train,
  valset: validation,
  testset: test,
  metric: ({ output, ...args }) => triageMetric({ ...args, output: output as never }),
  reflectionModel: models.reflection,
  maxMetricCalls: 600,
  runDir: run.runDir,
  report: run.report,
  signal: run.signal,
  progress: true,
});

console.log(`\n${summarize(compiled.result, { afterProgress: true })}`);
run.close(compiled.result, () => {
  const file = join(import.meta.dirname, 'workflow.gepa.json');
  compiled.save(file);
  console.log(
    `\nSaved to ${file}: gepa(workflow, { parts: mastra }).load(...) returns a workflow with these texts.`,
  );
});

await models.close();
