// @module-tag slow
import { gepa } from 'gepa-mastra';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { validation } from '../langchain-triage/data.ts';
import { defaultRule, houseRules } from '../langchain-triage/house-rules.ts';
import { triageMetric } from '../langchain-triage/metric.ts';
import { createTriage } from '../mastra-workflow/workflow.ts';
import { createTriageAgent } from './agent.ts';
import { toExample } from './example.ts';
import { agentMetric } from './metric.ts';
import { connect, type Models } from './models.ts';

let models: Models;
beforeAll(async () => {
  const never = {
    rateLimited: 0,
    serverError: 0,
    proseAroundJson: 0,
    overlookedRule: 0,
  };
  models = await connect({ latencyMs: [0, 0], rates: never });
});
afterAll(() => models.close());

const rules = [...houseRules.map(({ text }) => text), defaultRule].map((rule) => `- ${rule}`).join('\n');
const { signal } = new AbortController();

/** The score of the seed, from a search that proposes nothing. */
const scoreOf = (run: Promise<{ result: { seedScore: number } }>) =>
  run.then(({ result }) => result.seedScore);
const noSearch = { propose: async () => ({}), maxIterations: 1 };

it('the Mastra agent scores between 0.3 and 0.65 as it is, and above 0.85 with the house rules', async () => {
  const examples = validation.map(toExample);
  const search = { ...noSearch, trainset: examples, metric: agentMetric };
  const target = gepa(createTriageAgent(models.task));
  const seed = await scoreOf(target.compile(search));
  expect(seed).toBeGreaterThan(0.3);
  expect(seed).toBeLessThan(0.65);
  const { text } = target.components['triage.instructions']!;
  const ruled = gepa(target.apply({ 'triage.instructions': `${text}\n\n${rules}` }));
  expect(await scoreOf(ruled.compile(search))).toBeGreaterThan(0.85);
});

it('the Mastra workflow scores below 0.55 as it is, and above 0.85 with the house rules', async () => {
  const { mastra, workflow: triage } = createTriage(models.task);
  const target = gepa(triage, { parts: mastra });
  const texts = Object.fromEntries(
    Object.entries(target.components).map(([name, { text }]) => [name, `${text}\n\n${rules}`]),
  );
  const meanOf = async (workflow: typeof triage) => {
    const scores = await Promise.all(
      validation.map(async (example) => {
        const run = await workflow.createRun();
        const outcome = await run.start({ inputData: example.input });
        const output = outcome.status === 'success' ? outcome.result : {};
        const scored = await triageMetric({ example, output: output as never, trace: undefined, signal });
        return (scored as { score: number }).score;
      }),
    );
    return scores.reduce((sum, score) => sum + score, 0) / scores.length;
  };
  expect(await meanOf(triage)).toBeLessThan(0.55);
  expect(await meanOf(target.apply(texts))).toBeGreaterThan(0.85);
});
