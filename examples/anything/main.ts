import { optimize } from 'gepa-core';
import { summarize } from 'gepa-core/report';
import { longRun } from '../shared/long-run.ts';
import { test, train, validation } from './days.ts';
import { describeDay } from './describe-day.ts';
import { bakeryMetric } from './metric.ts';
import { openAiModel } from './openai-model.ts';
import { language, parsePolicy } from './policy.ts';
import { schedule } from './schedule.ts';
import { simulatedReflection } from './simulated-reflection.ts';

const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl, GEPA_REFLECTION_MODEL } = process.env;
const model = GEPA_REFLECTION_MODEL || 'gpt-4.1';
console.log(`Which order goes into the oven next? A policy for a bakery, written in a small rule language,
improved on ${apiKey ? `the real model ${model}` : 'a simulated reflection model: no key and no network needed'}.\n`);

const run = longRun('anything', 'npm run start:anything');
const result = await optimize({
  // The text that may change, and what a writer of such texts has to know.
  seedCandidate: { policy: { text: 'take the longest waiting', description: language } },
  // How to run it. A policy that cannot be read throws: it scores 0, and the error is its feedback.
  run: ({ policy }, day) => describeDay(schedule(parsePolicy(policy), day)),
  // How good that was, and what went wrong.
  metric: bakeryMetric,
  reflectionModel: apiKey
    ? openAiModel({ model, apiKey, ...(baseUrl ? { baseUrl } : {}) })
    : simulatedReflection(),
  trainset: train,
  valset: validation,
  testset: test,
  // The simulator is free; what costs are the reflections, about one an iteration.
  maxIterations: 60,
  runDir: run.runDir,
  signal: run.signal,
  progress: true,
});

console.log(`\n${summarize(result)}`);
run.close(result);
