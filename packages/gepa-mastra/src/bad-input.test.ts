import { Agent } from '@mastra/core/agent';
import { MastraLanguageModelV2Mock } from '@mastra/core/test-utils/llm-mock';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { NoComponentsError, tunable } from 'gepa-core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { rolloutFailures } from './fixtures/rollout-failures.ts';
import { gepa } from './gepa.ts';
import { load } from './load.ts';
import { startOpenAIServer, useOpenAIServer } from './testing/openai-server.ts';

const server = useOpenAIServer(() => 'done');

const agentWith = (config: object = {}) =>
  new Agent({ id: 'support', name: 'Support', instructions: 'Be kind.', model: server.model, ...config });
const prompt = {
  inputSchema: z.object({ prompt: z.string() }),
  outputSchema: z.object({ text: z.string() }),
};

it('a workflow rollout fails with the message of the step that threw', async () => {
  const broken = createStep({
    id: 'broken',
    inputSchema: z.object({ text: z.string() }),
    outputSchema: z.object({ text: z.string() }),
    execute: async () => {
      throw new Error('no database');
    },
  });
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(createStep(agentWith()))
    .then(broken)
    .commit();
  expect(await rolloutFailures(workflow, { prompt: 'x' })).toEqual(['no database']);
  expect(gepa(workflow).skipped).toMatchObject([{ location: 'workflow flow, step broken' }]);
});

it('a workflow rollout fails with the message of the mapping that threw', async () => {
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(createStep(agentWith()))
    .map(async () => {
      throw new Error('no such field');
    })
    .commit();
  expect(await rolloutFailures(workflow, { prompt: 'x' })).toEqual(['no such field']);
});

it('an agent rollout fails with the message of the processor that threw', async ({ skip }) => {
  const processor = {
    id: 'check',
    processInput: () => {
      throw new Error('no such customer');
    },
  };
  const [failure] = await rolloutFailures(agentWith({ inputProcessors: [processor] }), 'x');
  skip(
    failure?.endsWith('failed with status: failed') ?? false,
    'This version of Mastra drops the message of the processor.',
  );
  expect(failure).toContain('no such customer');
});

it('a workflow rollout fails with the reason of the processor that blocked its agent', async () => {
  const processor = {
    id: 'guard',
    processInput: ({ abort }: { abort(reason: string): never }) => abort('not about orders'),
  };
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(createStep(agentWith({ inputProcessors: [processor] })))
    .commit();
  const [failure] = await rolloutFailures(workflow, { prompt: 'x' });
  expect(failure).toContain('not about orders');
});

it('a workflow rollout whose step succeeds on a retry is scored', async () => {
  let calls = 0;
  const flaky = await startOpenAIServer(() =>
    calls++ === 0 ? { status: 503, error: 'overloaded' } : 'done',
  );
  const workflow = createWorkflow({ id: 'flow', ...prompt, retryConfig: { attempts: 2, delay: 1 } })
    .then(createStep(agentWith({ model: flaky.model })))
    .commit();
  expect(await rolloutFailures(workflow, { prompt: 'x' })).toEqual([undefined]);
  await flaky.close();
  expect(calls).toBe(2);
});

it('gepa refuses texts for unknown components, and tunables with a taken or duplicate name', () => {
  const texts = { 'suport.instructions': 'Be kind.' };
  expect(() => gepa(agentWith(), { texts })).toThrow('`texts` names "suport.instructions"');
  const taken = tunable('support.instructions', 'Be kind.');
  expect(() => gepa(agentWith(), { tunables: [taken] })).toThrow('call it something else');
  const twice = [tunable('hint', 'a'), tunable('hint', 'b')];
  expect(() => gepa(agentWith(), { tunables: twice })).toThrow('two tunables with the name "hint"');
});

it('compile refuses examples without an input and a reflection model without a provider, before any paid call', async () => {
  const search = { metric: () => 1, maxIterations: 1, propose: async () => ({}) };
  const before = server.requests.length;
  const trainset = [{ question: 'x' }, null, 'x', { input: 'x' }] as never;
  await expect(gepa(agentWith()).compile({ ...search, trainset })).rejects.toThrow(
    'trainset[0], trainset[1], trainset[2].',
  );
  await expect(
    gepa(agentWith()).compile({
      trainset: [{ input: 'x' }],
      metric: () => 1,
      maxIterations: 1,
      reflectionModel: 'gpt-5' as never,
    }),
  ).rejects.toThrow("'openai/gpt-5'");
  expect(server.requests.length).toBe(before);
});

it('a workflow rollout fails when the input does not match the input schema', async () => {
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(createStep(agentWith()))
    .commit();
  const [failure] = await rolloutFailures(workflow, { promt: 'x' });
  expect(failure).toMatch(/prompt/);
});

it('a workflow rollout fails with the name of the step whose input does not match its schema', async () => {
  const strict = createStep({
    id: 'strict',
    inputSchema: z.object({ topic: z.string() }),
    outputSchema: prompt.outputSchema,
    execute: async () => ({ text: '' }),
  });
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(createStep(agentWith()))
    .then(strict as never)
    .commit();
  const [failure] = await rolloutFailures(workflow, { prompt: 'x' });
  expect(failure).toMatch(/The step strict: .*topic/s);
});

it('gepa refuses a workflow that has only function steps, and suggests createStep(agent)', () => {
  const step = createStep({ id: 'only', ...prompt, execute: async () => ({ text: '' }) });
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(step)
    .commit();
  expect(() => gepa(workflow)).toThrow(NoComponentsError);
  expect(() => gepa(workflow)).toThrow('createStep(agent)');
});

it('an aborted run does not wait for a model that ignores the abort signal', async () => {
  const hanging = new MastraLanguageModelV2Mock({
    modelId: 'hanging',
    doGenerate: () => new Promise(() => {}),
    doStream: () => new Promise(() => {}),
  });
  const controller = new AbortController();
  const running = gepa(agentWith({ model: hanging })).compile({
    trainset: [{ input: 'x' }],
    metric: () => 0,
    propose: async () => ({}),
    signal: controller.signal,
  });
  setTimeout(() => controller.abort(new Error('enough')), 30);
  expect((await running).result).toMatchObject({ stopReason: 'aborted', totalMetricCalls: 0 });
});

it('a rollout fails when the structured output does not match its schema', async () => {
  const agent = agentWith();
  const failures: (string | undefined)[] = [];
  await gepa(agent, {
    config: { structuredOutput: { schema: z.object({ a: z.number() }) } } as never,
  }).compile({
    trainset: [{ input: 'x' }],
    metric: () => 1,
    propose: async () => ({}),
    maxIterations: 1,
    onEvent: (event) => {
      if (event.type === 'rollout_finished') failures.push(event.error);
    },
  });
  expect(failures[0]).toMatch(/structured output/i);
});

it.each<[object, string]>([
  [{ include: 'support.instructions' }, 'The option "include" must be an array of names'],
  [{ exclude: [3] }, 'The option "exclude.0" must be a name (got 3)'],
  [{ rename: { 'support.instructions': '' } }, 'The option "rename.support.instructions" must be a name'],
  [{ variables: ['tone'] }, 'The option "variables" must be an object'],
  [{ tools: 'yes' }, 'The option "tools" must be `true` or `false` (got "yes")'],
  [{ tunables: ['hint'] }, 'The option "tunables.0" must be a result of `tunable(name, text)`'],
  [{ requestContext: 'user' }, 'The option "requestContext" must be a request context'],
  [{ config: 3 }, 'The option "config" must be an object of options for calls, or a function'],
  [{ texts: ['a'] }, 'The option "texts" must be an object of instructions by component'],
])('gepa and load refuse options of the wrong type: %j', (options, message) => {
  expect(() => gepa(agentWith(), options)).toThrow(message);
  expect(() => load(agentWith(), 'saved.json', options)).toThrow(message);
});

it('gepa refuses an unknown option and suggests a similar one', () => {
  const agent = new Agent({ id: 'a', name: 'a', instructions: 'Be kind.', model: 'openai/gpt-5' });
  // Typed as object to pass the compiler.
  const mistyped: object = { request_context: {} };
  expect(() => gepa(agent, mistyped)).toThrow(
    'There is no option "request_context"; did you mean "requestContext"?',
  );
});

it('a request context in config, which rollouts would not use, is refused', async () => {
  const config: object = { requestContext: { tenant: 'a' } };
  expect(() => gepa(agentWith(), { config })).toThrow('pass `requestContext` beside `config`');
  const calls = server.requests.length;
  const running = gepa(agentWith(), { config: () => config }).compile({
    trainset: [{ input: 'x' }],
    metric: () => 1,
    propose: async () => ({}),
    maxIterations: 1,
  });
  await expect(running).rejects.toThrow('pass `requestContext` beside `config`');
  expect(server.requests.length).toBe(calls);
});
