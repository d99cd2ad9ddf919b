import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { InMemoryStore } from '@mastra/core/storage';
import { MastraLanguageModelV2Mock } from '@mastra/core/test-utils/llm-mock';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { type GepaEvent, NoComponentsError, RunError, SeedError, tunable } from 'gepa-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { gepa } from './gepa.ts';
import { type OpenAIServer, startOpenAIServer } from './testing/openai-server.ts';

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer(({ messages, tools = [] }) => {
    const tool = tools[0]?.function.name;
    return tool !== undefined && !messages.some(({ role }) => role === 'tool')
      ? { calls: [{ name: tool, args: tool.startsWith('agent-') ? { prompt: 'x' } : {} }] }
      : 'done';
  });
});
afterAll(() => server.close());

const agentWith = (more: object = {}) =>
  new Agent({ id: 'support', name: 'Support', instructions: 'Be kind.', model: server.model, ...more });
const prompt = {
  inputSchema: z.object({ prompt: z.string() }),
  outputSchema: z.object({ text: z.string() }),
};

/** The error of every rollout of a short run. */
async function failuresOf(
  program: Parameters<typeof gepa>[0],
  input: unknown,
): Promise<(string | undefined)[]> {
  const failures: (string | undefined)[] = [];
  await gepa(program).compile({
    trainset: [{ input: input as never }],
    metric: () => 1,
    propose: async () => ({}),
    maxIterations: 1,
    onEvent: (event: GepaEvent) => {
      if (event.type === 'rollout_finished') failures.push(event.error);
    },
  });
  return failures;
}

describe('a program that waits for a person', () => {
  const refund = createTool({
    id: 'refund',
    description: 'Refunds.',
    inputSchema: z.object({}),
    requireApproval: true,
    execute: async () => 'refunded',
  });

  it.each([
    ['with storage', true],
    ['without storage', false],
  ])('fails the rollout when a tool needs approval, %s', async (_, stored) => {
    const agent = agentWith({ tools: { refund } });
    if (stored) new Mastra({ agents: { agent }, storage: new InMemoryStore(), logger: false });
    expect(await failuresOf(agent, 'refund me')).toEqual([
      expect.stringContaining('waits for a person (refund)'),
    ]);
  });

  it('fails the rollout when the tool is one of an agent in a step, which Mastra waits for without end', async () => {
    const workflow = createWorkflow({ id: 'flow', ...prompt })
      .then(createStep(agentWith({ tools: { refund } })))
      .commit();
    expect(await failuresOf(workflow, { prompt: 'refund me' })).toEqual([
      expect.stringContaining('The agent support waits for a person (refund)'),
    ]);
  });

  it('leaves no run in the storage that somebody could let go on', async () => {
    const clerk = agentWith({ id: 'clerk', description: 'Refunds.', tools: { refund } });
    const agent = agentWith({ agents: { clerk } });
    const workflow = createWorkflow({ id: 'flow', ...prompt })
      .then(createStep(agent))
      .commit();
    const storage = new InMemoryStore();
    const agents = { agent, clerk };
    new Mastra({ agents, workflows: { workflow }, storage, logger: false });
    const store = await storage.getStore('workflows');
    const runs = async () => (await store?.listWorkflowRuns())?.runs.map(({ workflowName }) => workflowName);
    for (const [program, input] of [
      [agent, 'refund me'],
      [workflow, { prompt: 'refund me' }],
    ] as const) {
      expect(await failuresOf(program, input)).toEqual([expect.stringContaining('waits for a person')]);
      expect(await runs()).toEqual([]);
    }
    // The test can tell: without an optimization there are some.
    await agent.generate('refund me');
    expect(await runs()).not.toEqual([]);
  });

  it('fails the rollout when a workflow suspends', async () => {
    const ask = createStep({
      id: 'ask',
      inputSchema: z.object({ text: z.string() }),
      outputSchema: z.object({ text: z.string() }),
      execute: async ({ suspend }) => (await suspend({})) as never,
    });
    const workflow = createWorkflow({ id: 'flow', ...prompt })
      .then(createStep(agentWith()))
      .then(ask)
      .commit();
    const [failure] = await failuresOf(workflow, { prompt: 'x' });
    expect(failure).toContain('flow waits for a person (ask)');
  });
});

it('scores a workflow whose step threw as failed, by the message of the step', async () => {
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
  expect(await failuresOf(workflow, { prompt: 'x' })).toEqual(['no database']);
  expect(gepa(workflow).skipped).toMatchObject([{ location: 'workflow flow, step broken' }]);
});

it('scores a workflow whose mapping threw as failed, by its message', async () => {
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(createStep(agentWith()))
    .map(async () => {
      throw new Error('no such field');
    })
    .commit();
  expect(await failuresOf(workflow, { prompt: 'x' })).toEqual(['no such field']);
});

it('scores an agent whose processor threw as failed, by what the processor said', async ({ skip }) => {
  const processor = {
    id: 'check',
    processInput: () => {
      throw new Error('no such customer');
    },
  };
  const [failure] = await failuresOf(agentWith({ inputProcessors: [processor] }), 'x');
  skip(
    failure?.endsWith('failed with status: failed') ?? false,
    'This version of Mastra keeps nothing of what it said.',
  );
  expect(failure).toContain('no such customer');
});

it('scores a workflow whose agent was blocked by a processor as failed, by its reason', async () => {
  const processor = {
    id: 'guard',
    processInput: ({ abort }: { abort(reason: string): never }) => abort('not about orders'),
  };
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(createStep(agentWith({ inputProcessors: [processor] })))
    .commit();
  const [failure] = await failuresOf(workflow, { prompt: 'x' });
  expect(failure).toContain('not about orders');
});

describe('a model that cannot answer', () => {
  const search = {
    metric: () => 1,
    propose: async () => ({}),
    maxIterations: 1,
    retry: { retries: 1, minDelayMs: 1 },
  };
  const ended = (program: Parameters<typeof gepa>[0], input: unknown = 'x') =>
    gepa(program)
      .compile({ ...search, trainset: [{ input: input as never }] })
      .then(
        () => undefined,
        (error: unknown) => error,
      );

  it("is nobody's score where there is no such model", async () => {
    const none = await startOpenAIServer(() => ({ status: 404, error: 'The model does not exist.' }));
    const error = await ended(agentWith({ model: none.model }));
    await none.close();
    expect(SeedError.isInstance(error)).toBe(true);
    expect((error as Error).message).toContain('The model does not exist.');
    expect(none.requests).toHaveLength(1);
  });

  it("is nobody's score where it is too old to be asked", async () => {
    const model = { specificationVersion: 'v1', provider: 'simulated', modelId: 'old' };
    const error = await ended(agentWith({ model }));
    expect(SeedError.isInstance(error)).toBe(true);
    expect((error as Error).message).toContain('AI SDK v4');
  });

  it.each([
    ['of an agent', false],
    ['of a step, which streams', true],
  ])(
    'is tried again behind a sub-agent %s too, though that is only told that a tool failed',
    async (_, inStep) => {
      const down = await startOpenAIServer(() => ({ status: 503, error: 'overloaded' }));
      const supervisor = await startOpenAIServer(({ messages }) =>
        messages.some(({ role }) => role === 'tool')
          ? 'I could not find out.'
          : { calls: [{ name: 'agent-expert', args: { prompt: 'x' } }] },
      );
      const expert = agentWith({ id: 'expert', description: 'Knows.', model: down.model });
      const agent = agentWith({ model: supervisor.model, agents: { expert } });
      const workflow = createWorkflow({ id: 'flow', ...prompt })
        .then(createStep(agent))
        .commit();
      const error = await (inStep ? ended(workflow, { prompt: 'x' }) : ended(agent));
      await Promise.all([down.close(), supervisor.close()]);
      expect(SeedError.isInstance(error)).toBe(true);
      expect((error as Error).message).toContain('overloaded');
      expect(supervisor.requests.length).toBe(4);
    },
  );
});

it('scores a workflow that got its answer by trying a step again', async () => {
  let calls = 0;
  const flaky = await startOpenAIServer(() =>
    calls++ === 0 ? { status: 503, error: 'overloaded' } : 'done',
  );
  const workflow = createWorkflow({ id: 'flow', ...prompt, retryConfig: { attempts: 2, delay: 1 } })
    .then(createStep(agentWith({ model: flaky.model })))
    .commit();
  expect(await failuresOf(workflow, { prompt: 'x' })).toEqual([undefined]);
  await flaky.close();
  expect(calls).toBe(2);
});

it('refuses options that name what is not there, or twice the same', () => {
  const texts = { 'suport.instructions': 'Be kind.' };
  expect(() => gepa(agentWith(), { texts })).toThrow('`texts` names "suport.instructions"');
  const taken = tunable('support.instructions', 'Be kind.');
  expect(() => gepa(agentWith(), { tunables: [taken] })).toThrow('call it something else');
  const twice = [tunable('hint', 'a'), tunable('hint', 'b')];
  expect(() => gepa(agentWith(), { tunables: twice })).toThrow('two of the name "hint"');
});

it('refuses examples without an input, and a reflection model without a provider', async () => {
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

it('scores input that a workflow does not take as failed', async () => {
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(createStep(agentWith()))
    .commit();
  const [failure] = await failuresOf(workflow, { promt: 'x' });
  expect(failure).toMatch(/prompt/);
});

it('finds nothing in a workflow of functions, and says so', () => {
  const step = createStep({ id: 'only', ...prompt, execute: async () => ({ text: '' }) });
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(step)
    .commit();
  expect(() => gepa(workflow)).toThrow(NoComponentsError);
  expect(() => gepa(workflow)).toThrow('createStep(agent)');
});

describe('a missing API key', () => {
  const isolated = async (run: () => Promise<unknown>) => {
    vi.stubEnv('OPENAI_API_KEY', undefined);
    try {
      return await run().then(
        () => undefined,
        (error: unknown) => error,
      );
    } finally {
      vi.unstubAllEnvs();
    }
  };
  const search = { metric: () => 0.5, trainset: [{ input: 'x' }, { input: 'y' }], maxIterations: 3 };

  it('of the program ends the run at once, and is scored as nothing', async () => {
    const agent = agentWith({ model: 'openai/gpt-5' });
    const error = await isolated(() => gepa(agent).compile({ ...search, propose: async () => ({}) }));
    expect(RunError.isInstance(error)).toBe(true);
    expect((error as Error).message).toContain('OPENAI_API_KEY');
  });

  it('of the reflection model is told before anything is spent', async () => {
    const before = server.requests.length;
    const error = await isolated(() =>
      gepa(agentWith()).compile({ ...search, reflectionModel: 'openai/gpt-5' }),
    );
    expect((error as Error).message).toContain('OPENAI_API_KEY');
    expect(server.requests.length).toBe(before);
  });
});

it('does not hang on a model that ignores the abort signal', async () => {
  const deaf = new MastraLanguageModelV2Mock({
    modelId: 'deaf',
    doGenerate: () => new Promise(() => {}),
    doStream: () => new Promise(() => {}),
  });
  const controller = new AbortController();
  const running = gepa(agentWith({ model: deaf })).compile({
    trainset: [{ input: 'x' }],
    metric: () => 0,
    propose: async () => ({}),
    signal: controller.signal,
  });
  setTimeout(() => controller.abort(new Error('enough')), 30);
  expect((await running).result).toMatchObject({ stopReason: 'aborted', totalMetricCalls: 0 });
});

it('scores structured output that does not fit as failed', async () => {
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

it('an option that does not exist is refused, with the one that may be meant', () => {
  const agent = new Agent({ id: 'a', name: 'a', instructions: 'Be kind.', model: 'openai/gpt-5' });
  // A mistake that types would show.
  const mistyped: object = { request_context: {} };
  expect(() => gepa(agent, mistyped)).toThrow(
    'There is no option "request_context"; did you mean "requestContext".',
  );
});
