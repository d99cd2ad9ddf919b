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
  // The component: its text, and the description of the rule language for the reflection model.
  seedCandidate: { policy: { text: 'take the longest waiting', description: language } },
  // Runs the program. A policy that cannot be parsed throws: it scores 0, and the error is its feedback.
  run: ({ policy }, day) => describeDay(schedule(parsePolicy(policy), day)),
  // Returns the score, and what went wrong.
  metric: bakeryMetric,
  reflectionModel: apiKey
    ? openAiModel({ model, apiKey, baseUrl: baseUrl || undefined })
    : simulatedReflection(),
  trainset: train,
  valset: validation,
  testset: test,
  // The simulator is free; only the reflections cost money, about one per iteration.
  maxIterations: 60,
  runDir: run.runDir,
  report: run.report,
  signal: run.signal,
  progress: true,
});

console.log(`\n${summarize(result, { afterProgress: true })}`);
run.close(result);
