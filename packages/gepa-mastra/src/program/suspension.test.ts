import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { InMemoryStore } from '@mastra/core/storage';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { rolloutFailures } from '../fixtures/rollout-failures.ts';
import { gepa } from '../gepa.ts';
import { useOpenAIServer } from '../testing/openai-server.ts';

// Calls the first tool once, then answers "done".
const server = useOpenAIServer(({ messages, tools = [] }) => {
  const tool = tools[0]?.function.name;
  return tool !== undefined && !messages.some(({ role }) => role === 'tool')
    ? { calls: [{ name: tool, args: tool.startsWith('agent-') ? { prompt: 'x' } : {} }] }
    : 'done';
});

const agentWith = (config: object = {}) =>
  new Agent({ id: 'support', name: 'Support', instructions: 'Be kind.', model: server.model, ...config });
const prompt = {
  inputSchema: z.object({ prompt: z.string() }),
  outputSchema: z.object({ text: z.string() }),
};

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
])('a rollout fails when a tool of the agent needs approval, %s', async (_, hasStorage) => {
  const agent = agentWith({ tools: { refund } });
  if (hasStorage) new Mastra({ agents: { agent }, storage: new InMemoryStore(), logger: false });
  expect(await rolloutFailures(agent, 'refund me')).toEqual([
    expect.stringContaining('was suspended (refund)'),
  ]);
});

it('a rollout fails when a tool of an agent in a workflow step needs approval, where Mastra itself would wait forever', async () => {
  const workflow = createWorkflow({ id: 'flow', ...prompt })
    .then(createStep(agentWith({ tools: { refund } })))
    .commit();
  expect(await rolloutFailures(workflow, { prompt: 'refund me' })).toEqual([
    expect.stringContaining('The agent support was suspended (refund)'),
  ]);
});

it('a suspended rollout leaves no resumable run in the storage', async () => {
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
    expect(await rolloutFailures(program, input)).toEqual([expect.stringContaining('was suspended')]);
    expect(await runs()).toEqual([]);
  }
  // Outside a rollout, Mastra stores the suspended run.
  await agent.generate('refund me');
  expect(await runs()).not.toEqual([]);
});

type Stream = Awaited<ReturnType<Agent['stream']>>;

async function textOf(chunks: AsyncIterable<unknown>) {
  let text = '';
  for await (const chunk of chunks) text += String(chunk);
  return text;
}

const readings: readonly (readonly [string, (stream: Stream) => Promise<unknown>])[] = [
  ['fullStream', (stream) => textOf(stream.fullStream)],
  ['textStream', (stream) => textOf(stream.textStream)],
  ['objectStream', (stream) => textOf(stream.objectStream)],
  [
    'a reader',
    async (stream) => {
      const reader = stream.textStream.getReader();
      while (!(await reader.read()).done);
    },
  ],
  ['pipeTo', (stream) => stream.textStream.pipeTo(new WritableStream())],
  ['text', (stream) => stream.text],
  ['toolCalls', (stream) => stream.toolCalls],
  ['finishReason', (stream) => stream.finishReason],
  ['getFullOutput', (stream) => stream.getFullOutput()],
  ['consumeStream', (stream) => stream.consumeStream()],
  [
    'fullStream, until the approval',
    async ({ fullStream }) => {
      for await (const { type } of fullStream) if (type === 'tool-call-approval') return;
    },
  ],
  [
    'a promise that is not awaited',
    async (stream) => {
      void stream.text;
      return stream.usage;
    },
  ],
];

it.each(readings)(
  'a rollout whose step reads a suspended stream fails and leaves no run behind, by %s',
  async (_, read) => {
    const agent = agentWith({ tools: { refund } });
    const step = createStep({
      id: 'call',
      ...prompt,
      execute: async ({ inputData }) => ({ text: String(await read(await agent.stream(inputData.prompt))) }),
    });
    const workflow = createWorkflow({ id: 'flow', ...prompt })
      .then(step)
      .commit();
    const storage = new InMemoryStore();
    new Mastra({ agents: { agent }, workflows: { workflow }, storage, logger: false });
    expect(await rolloutFailures(workflow, { prompt: 'refund me' }, { parts: { agent } })).toEqual([
      expect.stringContaining('The agent support was suspended (refund)'),
    ]);
    expect((await (await storage.getStore('workflows'))?.listWorkflowRuns())?.runs).toEqual([]);
  },
);

/** A workflow with an agent, then a step that suspends the run until it is resumed. */
function approvedWorkflow() {
  const approve = createStep({
    id: 'approve',
    inputSchema: z.object({ text: z.string() }),
    outputSchema: z.object({ text: z.string() }),
    resumeSchema: z.object({ by: z.string() }),
    execute: async ({ inputData, resumeData, suspend }) =>
      resumeData === undefined ? await suspend({}) : { text: `${inputData.text} by ${resumeData.by}` },
  });
  return createWorkflow({ id: 'flow', ...prompt })
    .then(createStep(agentWith()))
    .then(approve)
    .commit();
}

it('a rollout fails when a workflow step suspends', async () => {
  expect(await rolloutFailures(approvedWorkflow(), { prompt: 'x' })).toEqual([
    expect.stringContaining('flow was suspended (approve)'),
  ]);
});

/** The outputs of the rollouts, and the runs that are left in the storage. */
async function resumed(workflow: ReturnType<typeof approvedWorkflow>, examples: readonly object[]) {
  const storage = new InMemoryStore();
  new Mastra({ workflows: { workflow }, storage, logger: false });
  const outputs = new Set<string>();
  await gepa(workflow).compile({
    trainset: examples.map((example) => ({ input: { prompt: 'x' }, ...example })),
    metric: ({ output }) => {
      outputs.add(output.text);
      return 1;
    },
    propose: async () => ({}),
    maxIterations: 1,
  });
  const runs = (await (await storage.getStore('workflows'))?.listWorkflowRuns())?.total;
  return { outputs: [...outputs].sort(), runs };
}

it('resumeData and resumeSteps of an example resume a suspended workflow', async () => {
  const examples = [
    { resumeData: { by: 'Ada' } },
    { id: 'b', metadata: { resumeSteps: { approve: { by: 'Bob' } } } },
  ];
  expect(await resumed(approvedWorkflow(), examples)).toEqual({
    outputs: ['done by Ada', 'done by Bob'],
    runs: 0,
  });
});

it('a workflow that suspends in a nested workflow, also for each item of a list, is resumed', async () => {
  const middle = createWorkflow({ id: 'middle', ...prompt })
    .then(approvedWorkflow() as never)
    .commit();
  const nested = createWorkflow({ id: 'nested', ...prompt })
    .then(middle as never)
    .commit();
  const data = [{ resumeData: { by: 'Ada' } }];
  expect(await resumed(nested as never, data)).toEqual({ outputs: ['done by Ada'], runs: 0 });
  const forEach = createWorkflow({ id: 'each', ...prompt })
    .map(async ({ inputData }) => [inputData, inputData])
    .foreach(approvedWorkflow() as never)
    .map(async ({ inputData }) => ({
      text: (inputData as { text: string }[]).map(({ text }) => text).join(', '),
    }))
    .commit();
  expect(await resumed(forEach as never, data)).toEqual({ outputs: ['done by Ada, done by Ada'], runs: 0 });
});

it.each([
  ['an agent', () => agentWith({ tools: { refund } }), 'refund me'],
  ['a workflow', approvedWorkflow, { prompt: 'refund me' }],
  [
    'a workflow with an agent as a step',
    () =>
      createWorkflow({ id: 'flow', ...prompt })
        .then(createStep(agentWith({ tools: { refund } })))
        .commit(),
    { prompt: 'refund me' },
  ],
  [
    'a workflow in a workflow',
    () => {
      const inner = createWorkflow({ id: 'inner', ...prompt })
        .then(createStep(agentWith({ tools: { refund } })))
        .commit();
      return createWorkflow({ id: 'flow', ...prompt })
        .then(inner as never)
        .commit();
    },
    { prompt: 'refund me' },
  ],
])('%s that suspends on every example ends the run after the first rollouts', async (_, program, input) => {
  for (const count of [1, 40]) {
    const reflections: number[] = [];
    const calls = server.requests.length;
    const running = gepa(program() as never).compile({
      trainset: Array.from({ length: count }, (_, id) => ({ id: String(id), input: input as never })),
      metric: () => 1,
      propose: async () => {
        reflections.push(count);
        return {};
      },
      maxIterations: 5,
      concurrency: 2,
    });
    await expect(running).rejects.toThrow('No text can fix that');
    expect(reflections).toEqual([]);
    expect(server.requests.length - calls).toBeLessThanOrEqual(6);
  }
});

const mocked = { toolMocks: [{ toolName: 'refund', args: {}, output: 'mocked' }] };
const free = createTool({
  id: 'refund',
  description: 'Refunds.',
  inputSchema: z.object({}),
  execute: async () => 'really',
});
type Approval = [string, () => Parameters<typeof gepa>[0], object?];
const approvals: readonly Approval[] = [
  ['the tool', () => agentWith({ tools: { refund } })],
  [
    'the default options',
    () => agentWith({ tools: { refund: free }, defaultOptions: { requireToolApproval: true } }),
  ],
  [
    'a function in the default options',
    () => agentWith({ tools: { refund: free }, defaultOptions: { requireToolApproval: () => true } }),
  ],
  ['config', () => agentWith({ tools: { refund: free } }), { config: { requireToolApproval: true } }],
  [
    'the options of a step',
    () =>
      createWorkflow({ id: 'flow', ...prompt })
        .then(createStep(agentWith({ tools: { refund: free } }), { requireToolApproval: true } as never))
        .commit(),
  ],
];

// Older versions of Mastra know no approvals that depend on the tool.
it.runIf('__getOverridableFields' in Agent.prototype).each<Approval>(approvals)(
  'a mocked tool needs no approval that %s would require',
  async (_, program, options = {}) => {
    const made = program();
    const input = made instanceof Agent ? 'x' : { prompt: 'x' };
    expect(await rolloutFailures(made, input, options, mocked)).toEqual([undefined]);
    // Others do.
    expect(await rolloutFailures(program(), input, options)).toEqual([
      expect.stringContaining('was suspended (refund)'),
    ]);
  },
);
