import { Agent } from '@mastra/core/agent';
import { createScorer } from '@mastra/core/evals';
import { Mastra } from '@mastra/core/mastra';
import { MockMemory } from '@mastra/core/memory';
import { InMemoryStore } from '@mastra/core/storage';
import { createTool } from '@mastra/core/tools';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { walkSteps } from 'gepa-core/adapter';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { type AgentConfig, supportAgent, useEchoServer } from '../fixtures/echo-agent.ts';
import { gepa } from '../gepa.ts';
import { load } from '../load.ts';

const server = useEchoServer();

const agentWith = (config?: AgentConfig) => supportAgent(server.model, config);

const text = z.object({ text: z.string() });

type Call = (context: { inputData: { text: string }; mastra: Mastra }) => Promise<string>;

/** A workflow with one step, a function. */
function workflowOf(call: Call, id = 'answer') {
  const step = createStep({
    id: 'call',
    inputSchema: text,
    outputSchema: text,
    execute: async (context) => ({ text: await call(context as never) }),
  });
  return createWorkflow({ id, inputSchema: text, outputSchema: text }).then(step).commit();
}

const byName: Call = async ({ inputData, mastra }) =>
  (await mastra.getAgent('support').generate(inputData.text)).text;

const examples = ['one', 'two'].map((input) => ({ id: input, input: { text: input } }));

/** Options for `compile`. The score is 1 when the output contains "polite". */
const search = {
  trainset: examples,
  valset: examples,
  metric: ({ output }: { output: { text: string } }) => (output.text.includes('polite') ? 1 : 0),
  maxIterations: 2,
};

const proposeFor = (component: string) => ({
  ...search,
  propose: async () => ({ [component]: 'Be polite.' }),
});

const runOf = async (workflow: ReturnType<typeof workflowOf>, input = 'x') => {
  const result = await (await workflow.createRun()).start({ inputData: { text: input } });
  return result.status === 'success' ? result.result.text : result.status;
};

it('an agent that a step gets from its Mastra instance is optimized, and runs as ever outside the program', async () => {
  const support = agentWith();
  const workflow = workflowOf(byName);
  const mastra = new Mastra({ agents: { support }, workflows: { workflow }, logger: false });
  const target = gepa(workflow, { parts: { support: mastra.getAgent('support') } });
  expect(Object.keys(target.components)).toEqual(['support.instructions']);
  expect(target.skipped).toEqual([]);
  const traced: string[] = [];
  const running = target.compile({
    ...proposeFor('support.instructions'),
    metric: ({ output, trace }) => {
      traced.push([...walkSteps(trace ?? [])].map(({ kind, name }) => `${kind} ${name}`).join(', '));
      return search.metric({ output });
    },
  });
  const outside = Array.from({ length: 10 }, async () => (await support.generate('y')).text);
  expect(new Set(await Promise.all(outside))).toEqual(new Set(['Be kind. / y']));
  const { program, result, toJSON } = await running;
  expect(new Set(traced)).toEqual(
    new Set(['chain answer, chain call, agent support, model local/simulated']),
  );
  expect([result.seedScore, result.bestScore]).toEqual([0, 1]);
  expect(result.usage.modelCalls).toBeGreaterThan(0);
  expect(await runOf(program)).toBe('Be polite. / x');
  expect(await runOf(workflow)).toBe('Be kind. / x');
  expect((await mastra.getAgentById('support').generate('y')).text).toBe('Be kind. / y');
  expect(await runOf(load(workflow, toJSON(), { parts: { support } }))).toBe('Be polite. / x');
});

it('parts: mastra takes all agents and workflows of the instance, also those that others call', async () => {
  const support = agentWith();
  const inner = workflowOf(byName, 'inner');
  const ask = createTool({
    id: 'ask',
    description: 'Asks.',
    inputSchema: z.object({}),
    execute: async () => runOf(inner, 'z'),
  });
  const outer = workflowOf(async ({ mastra }) => {
    const run = await mastra.getWorkflow('inner').createRun();
    const { result } = (await run.start({ inputData: { text: 'x' } })) as { result: { text: string } };
    const asked = await mastra.getTool('ask' as never)?.execute?.({} as never, {} as never);
    return `${result.text}, ${asked}`;
  });
  const mastra = new Mastra({
    agents: { support, unused: agentWith({ id: 'other' }) },
    workflows: { inner, outer },
    tools: { ask } as never,
    logger: false,
  });
  const target = gepa(outer, { parts: mastra });
  expect(Object.keys(target.components)).toEqual(['support.instructions', 'unused.instructions']);
  const { program, result } = await target.compile(proposeFor('support.instructions'));
  expect(result.bestScore).toBe(1);
  expect(result.warnings.join()).toContain('No rollout of the seed candidate read unused.instructions');
  expect(await runOf(program)).toBe('Be polite. / x, Be polite. / z');
  expect(await runOf(outer)).toBe('Be kind. / x, Be kind. / z');
});

const hasDurable = 'durable' in Agent.prototype;

it.runIf(hasDurable)(
  'durable agents of an instance are listed in target.skipped, warned about and refused as parts',
  async () => {
    const durable = agentWith({ id: 'durable', durable: true } as AgentConfig);
    const support = agentWith();
    const workflow = workflowOf(byName);
    const alone = workflowOf(byName);
    const mastra = new Mastra({
      agents: { durable, support },
      workflows: { workflow },
      storage: new InMemoryStore(),
      logger: false,
    });
    const target = gepa(workflow, { parts: mastra });
    const reason = expect.stringContaining('its model calls are neither counted nor limited');
    expect(target.skipped).toContainEqual(expect.objectContaining({ location: 'part durable', reason }));
    const { result } = await target.compile({ ...search, propose: async () => ({}) });
    expect(result.warnings).toContainEqual(expect.stringMatching(/^part durable: .*without `durable`/));
    expect(() => gepa(workflow, { parts: { durable: mastra.getAgent('durable') } })).toThrow(
      'must be an agent (without `durable`)',
    );
    expect(gepa(workflow, { parts: { durable } }).skipped).toContainEqual(
      expect.objectContaining({ location: 'part durable', reason }),
    );
    const only = new Mastra({
      agents: { durable: agentWith({ durable: true } as AgentConfig) },
      workflows: { alone },
      storage: new InMemoryStore(),
      logger: false,
    });
    expect(() => gepa(alone, { parts: only })).toThrow('part durable: The texts of a');
  },
);

it.runIf(hasDurable)(
  'a durable program warns that its parts keep their original texts in production',
  async () => {
    const durable = agentWith({ id: 'durable', durable: true } as AgentConfig);
    expect(gepa(durable).skipped).toEqual([]);
    const target = gepa(durable, { parts: { support: agentWith() } });
    expect(target.skipped).toContainEqual(expect.objectContaining({ location: 'agent durable, durable' }));
    const { warnings } = await target.evaluate({ examples: [{ input: 'x' }], metric: () => 1 });
    expect(warnings).toContainEqual(
      expect.stringMatching(/^agent durable, durable: .*keep their original texts/),
    );
  },
);

it('a workflow that only calls other parts is a part too', async () => {
  const support = agentWith();
  const inner = workflowOf(byName, 'inner');
  const outer = workflowOf(async ({ mastra }) => runOf(mastra.getWorkflow('inner') as never));
  new Mastra({ agents: { support }, workflows: { inner, outer }, logger: false });
  const program = gepa(outer, { parts: { inner, support } }).apply({ 'support.instructions': 'Be polite.' });
  expect(await runOf(program)).toBe('Be polite. / x');
});

it('agents in closures of the tools of an agent are parts too, and dispose ends it', async () => {
  const helper = agentWith({ id: 'helper' });
  const stepOf = workflowOf(async ({ inputData }) => {
    const streamed = await helper.stream(inputData.text);
    return streamed.text;
  });
  const target = gepa(stepOf, { parts: { helper } });
  const program = target.apply({ 'helper.instructions': 'Be polite.' });
  expect(await runOf(program)).toBe('Be polite. / x');
  target.dispose();
  expect(await runOf(program)).toBe('Be kind. / x');
  expect(Object.getOwnPropertyNames(helper)).toEqual(Object.getOwnPropertyNames(agentWith({ id: 'helper' })));
});

it('rollouts of parts leave nothing behind: no threads, runs, live scores, or calls over the limit', async () => {
  const memory = new MockMemory();
  let scored = 0;
  const scorer = createScorer({ id: 's', description: 's' }).generateScore(() => {
    scored++;
    return 1;
  });
  const support = agentWith({ memory, scorers: { s: { scorer } } });
  const workflow = workflowOf(async ({ inputData, mastra }) => {
    const options = { memory: { thread: 't', resource: 'r' }, scorers: { s: { scorer } } };
    return (await mastra.getAgent('support').generate(inputData.text, options)).text;
  });
  const storage = new InMemoryStore();
  const mastra = new Mastra({ agents: { support }, workflows: { workflow }, storage, logger: false });
  const calls = server.requests.length;
  const { result } = await gepa(workflow, { parts: mastra }).compile({
    ...proposeFor('support.instructions'),
    maxTokens: 12_000,
    reserve: { outputTokens: 100 },
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const usage = result.usage.inputTokens + result.usage.outputTokens;
  expect(usage).toBeGreaterThan(0);
  expect(usage).toBeLessThanOrEqual(12_000);
  expect(result.usage.modelCalls).toBe(server.requests.length - calls);
  expect(scored).toBe(0);
  expect((await memory.listThreads({ perPage: false } as never)).threads).toEqual([]);
  const workflows = await storage.getStore('workflows');
  expect((await workflows?.listWorkflowRuns())?.total ?? 0).toBe(0);
});

it('the error of a workflow without components names the agents of its instance and the line to write', () => {
  const workflow = workflowOf(byName);
  new Mastra({ agents: { support: agentWith() }, workflows: { workflow }, logger: false });
  expect(() => gepa(workflow)).toThrow("gepa(workflow, { parts: { support: mastra.getAgent('support') } })");
  expect(() => gepa(workflowOf(byName))).toThrow('Name them in the option `parts`');
});

// Older versions of Mastra do not say which tools an agent has.
it.runIf('__getOverridableFields' in Agent.prototype)(
  'functions of steps and tools are skipped with a hint while the instance has agents that are not parts',
  () => {
    const [support, clerk] = [agentWith(), agentWith({ id: 'clerk' })];
    const ask = createTool({
      id: 'ask',
      description: 'Asks.',
      inputSchema: text,
      outputSchema: text,
      execute: async () => ({ text: (await clerk.generate('x')).text }),
    });
    const desk = agentWith({ id: 'desk', tools: { ask } });
    const workflow = workflowOf(byName);
    const mastra = new Mastra({ agents: { support, clerk, desk }, workflows: { workflow }, logger: false });
    const skippedIn = (target: { readonly skipped: readonly { location: string; hint: string }[] }) =>
      target.skipped.map(({ location, hint }) => `${location}: ${/the agents (.*?)\./.exec(hint)?.[1]}`);
    expect(skippedIn(gepa(desk))).toEqual(['agent desk, tools: support, clerk']);
    expect(skippedIn(gepa(desk, { parts: { clerk } }))).toEqual(['agent desk, tools: support']);
    expect(skippedIn(gepa(desk, { parts: mastra }))).toEqual([]);
    expect(skippedIn(gepa(support))).toEqual([]);
    expect(skippedIn(gepa(workflow, { parts: { support } }))).toEqual([
      'workflow answer, step call: clerk, desk',
    ]);
    expect(skippedIn(gepa(workflow, { parts: mastra }))).toEqual([]);
    const ofTool = createWorkflow({ id: 'w', inputSchema: text, outputSchema: text }).then(createStep(ask));
    expect(() => gepa(ofTool.commit())).toThrow('workflow w, step ask: It is a function; the agents');
  },
);

it('wrong parts, parts without text and a Mastra instance as the program are refused', () => {
  const workflow = workflowOf(byName);
  expect(() => gepa(workflow, { parts: { support: 'support' as never } })).toThrow(
    '`parts.support` must be an agent (without `durable`), a workflow or a tool',
  );
  expect(() => gepa(workflow, { parts: { support: agentWith({ instructions: '' }) } })).toThrow(
    '`parts.support` has no text to optimize: The instructions are empty.',
  );
  const mastra = new Mastra({ agents: { support: agentWith() }, logger: false });
  expect(() => gepa(mastra as never)).toThrow('gepa(mastra.getAgent(…), { parts: mastra })');
});

it('agents in a part are named after it, and an agent that the program also has is found once', () => {
  const inner = createWorkflow({
    id: 'inner',
    inputSchema: z.object({ prompt: z.string() }),
    outputSchema: text,
  })
    .then(createStep(agentWith()))
    .commit();
  const helper = agentWith({ id: 'helper', agents: { research: agentWith({ id: 'research' }) } });
  const desk = new Agent({
    id: 'desk',
    name: 'Desk',
    instructions: 'Answer.',
    model: server.model,
    agents: { helper },
  });
  const target = gepa(desk, { parts: { inner, assistant: helper } });
  expect(Object.keys(target.components)).toEqual([
    'inner.support.instructions',
    'assistant.instructions',
    'assistant.research.instructions',
    'desk.instructions',
  ]);
});
