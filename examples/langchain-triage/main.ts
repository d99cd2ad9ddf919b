import { join } from 'node:path';
import { describeComponents, gepa, summarize } from 'gepa-langchain';
import { longRun } from '../shared/long-run.ts';
import { connect } from '../shared/models.ts';
import { createTriageChain } from './chain.ts';
import { test, train, validation } from './data.ts';
import { triageMetric } from './metric.ts';

const models = await connect();
console.log(`Support triage, two prompts in a LangChain chain, on ${models.label}.\n`);

const chain = createTriageChain(models.task);
const target = gepa(chain);
console.log(`${describeComponents(target)}\n`);

const run = longRun('triage', 'npm start');
const compiled = await target.compile({
  trainset: train,
  valset: validation,
  testset: test,
  metric: triageMetric,
  reflectionModel: models.reflection,
  maxMetricCalls: 600,
  runDir: run.runDir,
  report: run.report,
  signal: run.signal,
  progress: true,
});

console.log(`\n${summarize(compiled.result, { afterProgress: true })}`);
run.close(compiled.result, () => {
  const file = join(import.meta.dirname, 'triage.gepa.json');
  compiled.save(file);
  console.log(`\nSaved to ${file}: gepa(chain).load(...) applies the texts to the chain.`);
});

await models.close();
