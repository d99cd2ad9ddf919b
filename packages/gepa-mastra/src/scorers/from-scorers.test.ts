import { Agent } from '@mastra/core/agent';
import * as evals from '@mastra/core/evals';
import { failureKind, OptionsError, type Usage } from 'gepa-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MastraExample } from '../data/example.ts';
import { gepa } from '../gepa.ts';
import { type OpenAIServer, startOpenAIServer, systemOf } from '../testing/openai-server.ts';
import { fromScorers } from './from-scorers.ts';

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer((request) => {
    if (systemOf(request).includes('You judge no more')) return { status: 429, error: 'rate limit' };
    if (systemOf(request).includes('You judge')) return '{"score": 0.5}';
    return `Answer by ${systemOf(request)}`;
  });
});
afterAll(() => server.close());

const { signal } = new AbortController();
const example: MastraExample<string> = { input: 'question', expected: 'truth' };
const args = { example, output: { text: 'answer' }, trace: undefined, signal };

const matches = evals
  .createScorer({ id: 'matches', description: 'matches' })
  .generateScore(({ run }) => (run.groundTruth === 'truth' ? 0.25 : 0))
  .generateReason(({ score }) => `It matches by ${score}.`);
const toxicity = evals.createScorer({ id: 'toxicity', description: 'toxicity' }).generateScore(() => 0.1);
const never = evals
  .createScorer({ id: 'never', description: 'never' })
  .preprocess(() => evals.notScorable('no refund'))
  .generateScore(() => 1);

it('a scorer gets expected as ground truth, and its score and reason become score and feedback', async () => {
  expect(await fromScorers(matches)(args)).toEqual({ score: 0.25, feedback: 'It matches by 0.25.' });
});

it('lowerIsBetter inverts scores, and max scales them', async () => {
  expect(await fromScorers({ scorer: toxicity, lowerIsBetter: true })(args)).toEqual({ score: 0.9 });
  expect(await fromScorers({ scorer: matches, max: 0.5 })(args)).toMatchObject({ score: 0.5 });
});

it('several scorers become objectives, and the score is their weighted mean', async () => {
  const metric = fromScorers({
    truth: { scorer: matches, weight: 3 },
    safety: { scorer: toxicity, lowerIsBetter: true },
  });
  expect(await metric(args)).toEqual({
    score: (0.25 * 3 + 0.9) / 4,
    objectives: { truth: 0.25, safety: 0.9 },
    feedback: 'truth 0.25: It matches by 0.25.\nsafety 0.9',
  });
});

// Older versions of Mastra do not have notScorable.
it.runIf('notScorable' in evals)(
  'a rollout that is not scorable gets the notScorable score, with the reason as feedback',
  async () => {
    const feedback = 'There was nothing to judge: no refund.';
    expect(await fromScorers(never)(args)).toEqual({ score: 0, feedback });
    expect(await fromScorers({ scorer: never, notScorable: 1 })(args)).toEqual({ score: 1, feedback });
  },
);

it('model calls of judges are counted without changing the scorer', async () => {
  const judge = { model: server.model, instructions: 'You judge.' };
  const judged = evals
    .createScorer({ id: 'judged', description: 'judged', judge })
    .generateScore({ description: 'Score it.', createPrompt: () => 'How good is it?' })
    .generateReason({ description: 'Say why.', judge, createPrompt: () => 'Why is it so?' });
  const before = JSON.stringify(judged);
  const requestsBefore = server.requests.length;
  const { score, usage } = (await fromScorers(judged)(args)) as { score: number; usage: Usage };
  expect(score).toBe(0.5);
  expect(usage.modelCalls).toBe(server.requests.length - requestsBefore);
  expect(usage).toMatchObject({ modelCalls: 2, byModel: { 'local/simulated': { outputTokens: 4 } } });
  expect(JSON.stringify(judged)).toBe(before);
  expect(await judged.run(args as never)).toMatchObject({ score: 0.5 });
});

it('a rate limit of a judge model is a transient error, so that it is retried', async () => {
  const judged = evals
    .createScorer({
      id: 'judged',
      description: 'judged',
      judge: { model: server.model, instructions: 'You judge no more.' },
    })
    .generateScore({ description: 'Score it.', createPrompt: () => 'How good is it?' });
  const judging = async () => fromScorers(judged)(args);
  const failure: unknown = await judging().catch((error: unknown) => error);
  expect(failureKind(failure)).toBe('transient');
});

it('a scorer of type agent gets the messages and the request context of the rollout', async () => {
  const seen: { input: unknown; output: unknown; requestContext: unknown }[] = [];
  const scorer = evals
    .createScorer({ id: 'agentic', description: 'agentic', type: 'agent' })
    .generateScore(({ run }) => {
      seen.push({ input: run.input, output: run.output, requestContext: run.requestContext });
      return JSON.stringify(run.output).includes('Better') ? 1 : 0;
    });
  const agent = new Agent({ id: 'a', name: 'A', instructions: 'Poor', model: server.model });
  const examples = [{ input: 'question', requestContext: { tier: 'gold' } }];
  const { result } = await gepa(agent).compile({
    trainset: examples,
    valset: examples,
    metric: fromScorers(scorer),
    propose: async () => ({ 'a.instructions': 'Better' }),
    maxIterations: 1,
  });
  expect([result.seedScore, result.bestScore]).toEqual([0, 1]);
  expect(seen[0]).toMatchObject({
    input: { inputMessages: [{ role: 'user', content: { parts: [{ text: 'question' }] } }] },
    output: [{ role: 'assistant' }],
  });
});

it('compile refuses examples without the ground truth that a scorer needs, before any paid call', async () => {
  const agent = new Agent({ id: 'a', name: 'A', instructions: 'Poor', model: server.model });
  const before = server.requests.length;
  const running = gepa(agent).compile({
    trainset: [{ input: 'x', expected: 'y' }, { input: 'z' }],
    metric: fromScorers({ scorer: matches, needsGroundTruth: true }),
    propose: async () => ({}),
    maxIterations: 1,
  });
  await expect(running).rejects.toThrow(OptionsError);
  await expect(running).rejects.toThrow('1 of the 2 examples of the trainset');
  expect(server.requests.length).toBe(before);
});

it('a metric from scorers throws the error of a scorer', async () => {
  const broken = evals.createScorer({ id: 'broken', description: 'broken' }).generateScore(() => {
    throw new Error('no judge');
  });
  await expect(fromScorers(broken)(args)).rejects.toThrow('no judge');
});

it.each([
  ['an empty record', {}, 'at least one scorer'],
  ['weights that are all 0', { matches: { scorer: matches, weight: 0 } }, 'weights of all'],
  ['a negative weight', { matches: { scorer: matches, weight: -1 } }, '`weight` of the scorer "matches"'],
  ['a max of 0', { matches: { scorer: matches, max: 0 } }, '`max` of the scorer "matches"'],
])('fromScorers refuses %s', (_, scorers, problem) => {
  expect(() => fromScorers(scorers)).toThrow(OptionsError);
  expect(() => fromScorers(scorers)).toThrow(problem);
});
