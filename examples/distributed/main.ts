import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { bullmq } from 'gepa-core/bullmq';
import { gepa, summarize } from 'gepa-langchain';
import { createTriageChain } from '../langchain-triage/chain.ts';
import { test, train, validation } from '../langchain-triage/data.ts';
import { triageMetric } from '../langchain-triage/metric.ts';
import { openEndpoint } from '../shared/endpoint.ts';
import { longRun } from '../shared/long-run.ts';
import { modelsOf } from '../shared/models.ts';
import { startRedis } from './redis.ts';

const redis = await startRedis();
if (redis === undefined) {
  console.log(
    'This example needs Redis or Valkey. Install one (Debian: apt-get install redis-server), or name one: REDIS_URL=redis://host:6379 npm run start:distributed',
  );
  process.exit(1);
}

const endpoint = await openEndpoint();
const { url, apiKey } = endpoint;
const env = {
  ...process.env,
  REDIS_URL: redis.url,
  // Workers have models and keys of their own; here both are on this machine.
  OPENAI_API_KEY: apiKey,
  ...(url === undefined ? {} : { OPENAI_BASE_URL: url }),
  GEPA_TASK_MODEL: endpoint.task,
  GEPA_REFLECTION_MODEL: endpoint.reflection,
};
const workers = [1, 2].map(() =>
  fork(join(import.meta.dirname, 'worker.ts'), { env, execArgv: ['--conditions=gepa-source'] }),
);
console.log(`Support triage with two workers on the queue gepa-triage, on ${endpoint.label}.\n`);

const models = modelsOf(endpoint);
const run = longRun('distributed', 'npm run start:distributed');
const compiled = await gepa(createTriageChain(models.task)).compile({
  trainset: train,
  valset: validation,
  testset: test,
  metric: triageMetric,
  reflectionModel: models.reflection,
  rollouts: bullmq({ connection: { url: redis.url }, queue: 'gepa-triage' }),
  maxMetricCalls: 400,
  runDir: run.runDir,
  report: run.report,
  signal: run.signal,
  progress: true,
});

console.log(`\n${summarize(compiled.result, { afterProgress: true })}`);
run.close(compiled.result);

for (const worker of workers) worker.kill('SIGTERM');
await Promise.all(workers.map((worker) => worker.exitCode ?? once(worker, 'exit')));
await redis.stop();
await models.close();
