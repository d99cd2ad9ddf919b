import { Agent } from '@mastra/core/agent';
import * as evals from '@mastra/core/evals';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { failureKind, OptionsError, type Usage } from 'gepa-core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { MastraExample } from '../data/example.ts';
import { gepa } from '../gepa.ts';
import { systemOf, useOpenAIServer } from '../testing/openai-server.ts';
import { fromScorers } from './from-scorers.ts';

const server = useOpenAIServer((request) => {
  if (systemOf(request).includes('You judge no more')) return { status: 429, error: 'rate limit' };
  if (systemOf(request).includes('You judge')) return '{"score": 0.5}';
  const { tools = [], messages } = request;
  if (tools.length > 0 && !messages.some(({ role }) => role === 'tool'))
    return { calls: [{ name: tools[0]!.function.name, args: {} }] };
  return `Answer by ${systemOf(request)}`;
});

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

it('a scorer without a reason gives its description and what its steps found as feedback, shortened', async () => {
  const includes = evals
    .createScorer({ id: 'includes', description: 'Checks for "Paris".' })
    .preprocess(() => ({ text: 'x'.repeat(500), found: false, rawOutput: 'copy' }))
    .analyze(() => ['no city'])
    .generateScore(() => 0);
  expect(await fromScorers(includes)(args)).toEqual({
    score: 0,
    feedback: `Checks for "Paris". (found: false, text: "${'x'.repeat(399)}…; ["no city"])`,
  });
});

it('a list of scorers has objectives by the ids of the scorers, made different where they are the same', async () => {
  const metric = fromScorers([matches, matches, { scorer: toxicity, threshold: { max: 0.3 } }]);
  expect(await metric(args)).toMatchObject({
    objectives: { matches: 0.25, matches2: 0.25, toxicity: 0.9 },
    feedback: expect.stringContaining('toxicity 0.9: Wanted: at most 0.3.'),
  });
});

it('the score of a threshold with a range is 1 within it, and falls with the distance', async () => {
  const score = async (min: number, max: number) =>
    ((await fromScorers({ scorer: toxicity, threshold: { min, max } })(args)) as { score: number }).score;
  expect([await score(0, 0.2), await score(0.3, 0.5)]).toEqual([1, 0.8]);
});

// Older versions of Mastra have no trajectories.
const hasTrajectories = 'extractTrajectory' in evals && 'extractWorkflowTrajectory' in evals;

/** Scores 1 when the path has the expected steps. */
const path = () =>
  evals.createScorer({ id: 'path', description: 'path', type: 'trajectory' }).generateScore(({ run }) => {
    const { steps } = run.output as { steps: { name: string }[] };
    const expected = run.expectedTrajectory?.steps?.map(({ name }) => name);
    return JSON.stringify(steps.map(({ name }) => name)) === JSON.stringify(expected) ? 1 : 0;
  });

/** The result of the metric for the first rollout of the seed. */
async function firstResult(
  program: Parameters<typeof gepa>[0],
  example: MastraExample<unknown>,
  metric: ReturnType<typeof fromScorers>,
) {
  const results: unknown[] = [];
  await gepa(program).compile({
    trainset: [example as never],
    metric: async (args) => {
      const result = await metric(args as never);
      results.push(result);
      return result;
    },
    propose: async () => ({}),
    maxIterations: 1,
  });
  return results[0];
}

it.runIf(hasTrajectories)(
  'trajectory scorers get the tool calls of an agent, and the expected ones',
  async () => {
    const lookup = createTool({
      id: 'lookup',
      description: 'Looks it up.',
      inputSchema: z.object({}),
      execute: async () => 'found',
    });
    const agent = new Agent({
      id: 'a',
      name: 'A',
      instructions: 'Ask',
      model: server.model,
      tools: { lookup },
    });
    const example = (name: string) => ({ input: 'x', expectedTrajectory: { steps: [{ name }] } });
    expect(await firstResult(agent, example('lookup'), fromScorers(path()))).toMatchObject({ score: 1 });
    expect(await firstResult(agent, example('other'), fromScorers({ trajectory: [path()] }))).toMatchObject({
      score: 0,
    });
  },
);

it.runIf(hasTrajectories)('scorers of a workflow get its output, those of steps and its steps', async () => {
  const schema = z.object({ prompt: z.string() });
  const double = createStep({
    id: 'double',
    inputSchema: schema,
    outputSchema: schema,
    execute: async ({ inputData }) => ({ prompt: inputData.prompt.repeat(2) }),
  });
  const agent = new Agent({ id: 'a', name: 'A', instructions: 'Poor', model: server.model });
  const workflow = createWorkflow({
    id: 'w',
    inputSchema: schema,
    outputSchema: z.object({ text: z.string() }),
  })
    .then(double)
    .then(createStep(agent))
    .commit();
  const seen: Record<string, unknown> = {};
  const scorerOf = (id: string) =>
    evals.createScorer({ id, description: id }).generateScore(({ run }) => {
      seen[id] = [run.input, run.output];
      return 1;
    });
  const metric = fromScorers({
    workflow: [scorerOf('whole')],
    steps: { double: [scorerOf('part')], absent: [scorerOf('absent')] },
    trajectory: [path()],
  });
  const expectedTrajectory = { steps: [{ name: 'double' }, { name: 'a' }] };
  const result = await firstResult(workflow, { input: { prompt: 'x' }, expectedTrajectory }, metric);
  expect(result).toMatchObject({
    objectives: { whole: 1, 'double.part': 1, 'absent.absent': 0, path: 1 },
    feedback: expect.stringContaining('The step absent did not run.'),
  });
  expect(seen).toEqual({
    whole: [{ prompt: 'x' }, { text: 'Answer by Poor' }],
    part: [{ prompt: 'x' }, { prompt: 'xx' }],
  });
});

it('examples with the ground truth under its name in runEvals are refused', async () => {
  const agent = new Agent({ id: 'a', name: 'A', instructions: 'Poor', model: server.model });
  const running = gepa(agent).compile({
    trainset: [{ input: 'x', groundTruth: 'y' }],
    metric: fromScorers(matches),
    propose: async () => ({}),
    maxIterations: 1,
  });
  await expect(running).rejects.toThrow('`groundTruth`: name it `expected`');
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
  await expect(fromScorers({ fine: matches, tone: broken })(args)).rejects.toThrow(
    'The scorer "tone" threw: no judge',
  );
});

it('calls of a judge count, also when another scorer throws meanwhile', async () => {
  const judged = evals
    .createScorer({
      id: 'judged',
      description: 'judged',
      judge: { model: server.model, instructions: 'You judge.' },
    })
    .generateScore({ description: 'Score it.', createPrompt: () => 'How good is it?' });
  let scored = 0;
  const flaky = evals.createScorer({ id: 'flaky', description: 'flaky' }).generateScore(() => {
    scored++;
    if (scored > 1) throw new Error('It throws the second time.');
    return 1;
  });
  const before = server.requests.length;
  const { result } = await gepa(
    new Agent({ id: 'a', name: 'A', instructions: 'Poor', model: server.model }),
  ).compile({
    trainset: [{ input: 'x' }, { input: 'y' }],
    metric: fromScorers({ flaky, judged }),
    propose: async () => ({}),
    maxIterations: 1,
  });
  expect(result.usage.modelCalls).toBe(server.requests.length - before);
  expect(result.spend.judge.usage.modelCalls).toBe(2);
});

it.each([
  ['an empty record', {}, 'at least one scorer'],
  ['an empty list', [], 'at least one scorer'],
  ['nothing', undefined as never, 'it got undefined'],
  ['null', null as never, 'it got null'],
  ['the name of a scorer', 'relevance' as never, 'it got string'],
  ['a list with a hole', [undefined] as never, '"undefined" is not a scorer'],
  ['a null by name', { quality: null as never }, '"quality" is not a scorer'],
  ['a value that is not a scorer', { quality: 1 as never }, '"quality" is not a scorer'],
  ['weights that are all 0', { matches: { scorer: matches, weight: 0 } }, 'weights of all'],
  ['a negative weight', { matches: { scorer: matches, weight: -1 } }, '`weight` of the scorer "matches"'],
  ['a max of 0', { matches: { scorer: matches, max: 0 } }, '`max` of the scorer "matches"'],
])('fromScorers refuses %s', (_, scorers, problem) => {
  expect(() => fromScorers(scorers)).toThrow(OptionsError);
  expect(() => fromScorers(scorers)).toThrow(problem);
});
