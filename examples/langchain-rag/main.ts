import { join } from 'node:path';
import { describeComponents, fromEvaluators, gepa, summarize } from 'gepa-langchain';
import { test, train, validation } from '../langchain-triage/data.ts';
import { longRun } from '../shared/long-run.ts';
import { connect } from '../shared/models.ts';
import { createHandbookChain } from './chain.ts';
import { judges } from './evaluators.ts';

const models = await connect();
console.log(`Support triage with a handbook: a retriever and an answer prompt, on ${models.label}.\n`);

const chain = createHandbookChain(models.task);
const target = gepa(chain, { include: ['system'] });
console.log(`${describeComponents(target)}\n`);

const run = longRun('rag', 'npm run start:rag');
const compiled = await target.compile({
  trainset: train,
  valset: validation,
  testset: test,
  metric: fromEvaluators(judges),
  frontierType: 'hybrid',
  reflectionModel: models.reflection,
  maxMetricCalls: 500,
  runDir: run.runDir,
  report: run.report,
  signal: run.signal,
  progress: true,
});

console.log(`\n${summarize(compiled.result, { afterProgress: true })}`);
run.close(compiled.result, () => {
  const file = join(import.meta.dirname, 'rag.gepa.json');
  compiled.save(file);
  console.log(`\nSaved to ${file}: gepa(chain).load(...) applies the texts to the chain.`);
});

await models.close();
