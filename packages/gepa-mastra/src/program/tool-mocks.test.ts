import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { InMemoryStore } from '@mastra/core/storage';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { type GepaEvent, OptionsError } from 'gepa-core';
import { walkSteps } from 'gepa-core/adapter';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { fromDataset } from '../data/dataset.ts';
import type { MastraExample } from '../data/example.ts';
import { gepa } from '../gepa.ts';
import { type OpenAIServer, startOpenAIServer } from '../testing/openai-server.ts';

let server: OpenAIServer;
/** The model calls the first tool that it is offered, twice, then answers with the last tool result. */
beforeAll(async () => {
  server = await startOpenAIServer(({ messages, tools = [] }) => {
    const results = messages.filter(({ role }) => role === 'tool');
    const [tool] = tools;
    if (tool === undefined || results.length === 2) return `done ${results.at(-1)?.content ?? ''}`;
    const args = tool.function.name.startsWith('agent-') ? { prompt: 'refund' } : { order: results.length };
    return { calls: [{ name: tool.function.name, args, id: `call-${results.length}` }] };
  });
});
afterAll(() => server.close());

/** Whether the tools of an agent can be read before it runs. */
const listsTools = '__getOverridableFields' in Agent.prototype;

let refunds = 0;
beforeEach(() => {
  refunds = 0;
});
const refund = createTool({
  id: 'refund',
  description: 'Refunds an order.',
  inputSchema: z.object({ order: z.number() }),
  execute: async () => {
    refunds++;
    return { really: 'refunded' };
  },
});

const clerk = () =>
  new Agent({ id: 'clerk', name: 'Clerk', instructions: 'Refund.', model: server.model, tools: { refund } });

const mocks = [0, 1].map((order) => ({ toolName: 'refund', args: { order }, output: { mocked: order } }));

/** Outputs and errors of the rollouts of the seed, and the tools in their traces. */
async function rollouts(agent: Agent, example: MastraExample) {
  const seen: { output?: string; error?: string; tools?: string[] }[] = [];
  await gepa(agent).compile({
    trainset: [example],
    metric: ({ output, trace }) => {
      const tools = [...walkSteps(trace ?? [])].filter(({ kind }) => kind === 'tool').map(({ name }) => name);
      seen.push({ output: output.text, tools });
      return 1;
    },
    propose: async () => ({}),
    maxIterations: 1,
    onEvent: (event: GepaEvent) => {
      if (event.type === 'rollout_finished' && event.error !== undefined) seen.push({ error: event.error });
    },
  });
  return seen;
}

it('a mocked tool is never run; each mock answers one call, and the calls are in the trace', async () => {
  const [seed] = await rollouts(clerk(), { input: 'x', toolMocks: mocks });
  expect(seed).toEqual({ output: 'done {"mocked":1}', tools: ['refund', 'refund'] });
  expect(refunds).toBe(0);
});

it('a call without a fitting mock fails the rollout, and no tool runs after it', async () => {
  const [seed] = await rollouts(clerk(), { input: 'x', toolMocks: mocks.slice(0, 1) });
  expect(seed?.error).toContain('The tool refund was called with {"order":1}');
  expect(refunds).toBe(0);
});

it('unmockedToolPolicy deny fails the rollout, and allow runs the tool', async () => {
  const [denied] = await rollouts(clerk(), { input: 'x', unmockedToolPolicy: 'deny' });
  expect(denied?.error).toContain("`unmockedToolPolicy` is 'deny'");
  expect(refunds).toBe(0);
  const [allowed] = await rollouts(clerk(), { input: 'x', unmockedToolPolicy: 'allow' });
  expect(allowed?.output).toBe('done {"really":"refunded"}');
  expect(refunds).toBeGreaterThan(0);
});

it.runIf(listsTools)(
  'a mock may have the id of a tool instead of the name under which the agent has it',
  async () => {
    const agent = new Agent({
      id: 'clerk',
      name: 'Clerk',
      instructions: 'Refund.',
      model: server.model,
      tools: { pay: refund },
    });
    const [seed] = await rollouts(agent, { input: 'x', toolMocks: mocks });
    expect(seed?.output).toBe('done {"mocked":1}');
    expect(refunds).toBe(0);
  },
);

it.runIf(listsTools)(
  'a mock of a tool that the program does not have is refused with the names of its tools, unless they depend on the request',
  async () => {
    const desk = (config: object = {}) =>
      new Agent({
        id: 'desk',
        name: 'Desk',
        instructions: 'Delegate.',
        model: server.model,
        agents: { clerk: clerk() },
        ...config,
      });
    const example = { input: 'x', toolMocks: [{ toolName: 'refnd', output: 1 }] };
    const running = rollouts(desk(), example);
    await expect(running).rejects.toThrow(OptionsError);
    await expect(running).rejects.toThrow(
      '`toolMocks` name the tool "refnd", but the program has the tools agent-clerk, refund.',
    );
    const target = gepa(desk());
    await expect(target.evaluate({ examples: [example], metric: () => 1 })).rejects.toThrow('"refnd"');
    await expect(
      target.estimate({ trainset: [example], metric: () => 1, propose: async () => ({}) }),
    ).rejects.toThrow('"refnd"');
    expect(refunds).toBe(0);
    const known = {
      input: 'x',
      toolMocks: [{ toolName: 'agent-clerk', output: 'ok', matchArgs: 'ignore' as const }],
    };
    await rollouts(desk(), known);
    for (const config of [
      { tools: () => ({ refund }) },
      { defaultOptions: { clientTools: { refnd: { description: 'Refunds.', parameters: {} } } } },
    ])
      await expect(rollouts(desk(config), example)).resolves.toBeDefined();
  },
);

it.runIf(listsTools)('the tools that are steps of a workflow may be mocked', async () => {
  const io = { inputSchema: z.object({ order: z.number() }), outputSchema: z.object({ text: z.string() }) };
  const pay = createTool({
    ...io,
    id: 'pay',
    description: 'Pays.',
    execute: async () => ({ text: 'really' }),
  });
  const workflow = createWorkflow({ id: 'flow', ...io })
    .then(createStep(pay) as never)
    .commit();
  const outputs: unknown[] = [];
  const compile = (toolName: string) =>
    gepa(workflow, { parts: { clerk: clerk() } }).evaluate({
      examples: [
        { input: { order: 0 }, toolMocks: [{ toolName, args: { order: 0 }, output: { text: 'mocked' } }] },
      ],
      metric: ({ output }) => {
        outputs.push(output);
        return 1;
      },
    });
  await compile('pay');
  expect(outputs).toEqual([{ text: 'mocked' }]);
  await expect(compile('payy')).rejects.toThrow('the program has the tools refund, pay.');
});

it('mocks also stand for the tools of sub-agents', async () => {
  const desk = new Agent({
    id: 'desk',
    name: 'Desk',
    instructions: 'Delegate.',
    model: server.model,
    agents: { clerk: clerk() },
  });
  const toolMocks = [{ toolName: 'refund', output: { mocked: 0 }, matchArgs: 'ignore' as const }];
  await rollouts(desk, { input: 'x', toolMocks: [...toolMocks, ...toolMocks, ...toolMocks, ...toolMocks] });
  expect(refunds).toBe(0);
});

it('a tool that functions of steps execute is mocked: from the Mastra instance, of an agent of it, and in parts', async () => {
  const text = z.object({ text: z.string() });
  const held = createTool({ ...refund, id: 'held' } as Parameters<typeof createTool>[0]);
  const calls: ((mastra: Mastra) => Tool)[] = [
    (mastra) => mastra.getTool('refundOrder' as never) as never,
    (mastra) => mastra.getToolById('refund' as never) as never,
    () => refund as never,
    () => held as never,
  ];
  type Tool = { execute(input: object, context: object): Promise<unknown> };
  const flow = (call: (mastra: Mastra) => Tool) => {
    const step = createStep({
      id: 'call',
      inputSchema: text,
      outputSchema: text,
      execute: async ({ mastra }) => {
        const output = await call(mastra).execute({ order: 0 }, {});
        const { text: answer } = await mastra.getAgent('clerk').generate('x');
        return { text: JSON.stringify([output, answer]) };
      },
    });
    const workflow = createWorkflow({ id: 'flow', inputSchema: text, outputSchema: text })
      .then(step)
      .commit();
    const plain = new Agent({ id: 'clerk', name: 'Clerk', instructions: 'Refund.', model: server.model });
    const agents = { clerk: plain, other: clerk() };
    const instance = new Mastra({
      agents,
      workflows: { workflow },
      tools: (call === calls[2] ? undefined : { refundOrder: refund }) as never,
      logger: false,
    });
    return { workflow, instance, plain };
  };
  for (const call of calls) {
    const { workflow, plain } = flow(call);
    const target = gepa(workflow, { parts: call === calls[3] ? { clerk: plain, held } : { clerk: plain } });
    const seen: unknown[] = [];
    const errors: string[] = [];
    const compile = (example: Pick<MastraExample, 'toolMocks' | 'unmockedToolPolicy'>) =>
      target.compile({
        trainset: [{ input: { text: 'x' }, ...example }],
        metric: ({ output, trace }) => {
          const tools = [...walkSteps(trace ?? [])].filter(({ kind }) => kind === 'tool');
          seen.push([JSON.parse(output.text), tools.length]);
          return 1;
        },
        propose: async () => ({}),
        maxIterations: 1,
        onEvent: (event) => {
          if (event.type === 'rollout_finished' && event.error !== undefined) errors.push(event.error);
        },
      });
    const toolName = call === calls[3] ? 'held' : 'refund';
    await compile({ toolMocks: [{ toolName, args: { order: 0 }, output: 'mocked' }] });
    expect(seen).toEqual([[['mocked', 'done '], 1]]);
    await compile({ unmockedToolPolicy: 'deny' }).catch(() => {});
    expect(errors).toEqual([expect.stringContaining("`unmockedToolPolicy` is 'deny'")]);
    expect(refunds).toBe(0);
    // Outside of rollouts, and of mocks, it runs.
    await call(workflow.mastra as Mastra).execute({ order: 0 }, {});
    expect(refunds).toBe(1);
    target.dispose();
    if (call === calls[3]) expect(Object.getOwnPropertyDescriptor(held, 'execute')).toHaveProperty('value');
    refunds = 0;
  }
});

it('fromDataset reads mocks, their policy and the expected trajectory', async ({ skip }) => {
  const mastra = new Mastra({ storage: new InMemoryStore(), logger: false });
  skip(mastra.datasets === undefined, 'This version of Mastra has no datasets.');
  const dataset = await mastra.datasets.create({ name: 'refunds' });
  const expectedTrajectory = { steps: [{ name: 'refund', stepType: 'tool_call' as const }] };
  await dataset.addItems({
    items: [{ input: 'x', toolMocks: mocks, unmockedToolPolicy: 'deny', expectedTrajectory } as never],
  });
  const [example] = await fromDataset(dataset);
  skip(example?.toolMocks === undefined, 'Datasets of this version have no mocks.');
  expect(example).toMatchObject({ toolMocks: mocks, unmockedToolPolicy: 'deny', expectedTrajectory });
  await rollouts(clerk(), example!);
  expect(refunds).toBe(0);
});
