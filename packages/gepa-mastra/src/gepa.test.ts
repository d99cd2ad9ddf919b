import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { createTool } from '@mastra/core/tools';
import { CandidateMismatchError, OptionsError, tunable } from 'gepa-core';
import { walkSteps } from 'gepa-core/adapter';
import { expect, it } from 'vitest';
import { z } from 'zod';
import {
  type AgentConfig,
  proposePolite,
  search,
  supportAgent,
  useEchoServer,
} from './fixtures/echo-agent.ts';
import { gepa } from './gepa.ts';
import { startOpenAIServer } from './testing/openai-server.ts';

const server = useEchoServer();

const agentWith = (config?: AgentConfig) => supportAgent(server.model, config);

it('gepa refuses a program that is neither an agent nor a workflow', () => {
  const stranger = { id: 'x', generate: async () => {}, getInstructions: () => '' };
  expect(() => gepa(stranger)).toThrow(OptionsError);
});

it('gepa refuses the wrapper of a durable agent and asks for the agent in it', ({ skip }) => {
  const agents = { durable: agentWith({ durable: true }) };
  const wrapper = new Mastra({ agents, logger: false }).getAgent('durable');
  skip(wrapper === agents.durable, 'This version of Mastra has no durable agents.');
  expect(() => gepa(wrapper)).toThrow('pass the agent that it wraps');
});

it('include and rename select and rename components, and include refuses an unknown name', () => {
  const target = gepa(agentWith(), {
    include: ['support.instructions'],
    rename: { 'support.instructions': 'support' },
  });
  expect(Object.keys(target.components)).toEqual(['support']);
  expect(() => gepa(agentWith(), { include: ['suport'] })).toThrow(OptionsError);
});

it('an agent of a subclass is listed in target.skipped and warned about, because copies are plain Agents', async () => {
  class Prefixed extends Agent {}
  const agent = new Prefixed({ id: 'p', name: 'P', instructions: 'Be kind.', model: server.model });
  const target = gepa(agent);
  expect(target.skipped).toMatchObject([{ reason: expect.stringContaining('class Prefixed') }]);
  const { result } = await target.compile({ ...search, propose: async () => ({}) });
  expect(result.warnings).toContainEqual(
    expect.stringContaining('agent p, class Prefixed: Optimized copies are plain agents'),
  );
});

it('an agent that was loaded and optimized again saves texts that fit the agent in code', async () => {
  const agent = agentWith();
  const inCode = String(await agent.getInstructions());
  const name = 'support.instructions';
  const first = {
    format: 'gepa-candidate',
    version: 1,
    texts: { [name]: 'Answer now.' },
    original: { [name]: inCode },
    scores: { validation: { seed: 0, best: 1 } },
  } as const;
  const loaded = gepa(agent, { include: [name] }).load({
    ...first,
    texts: { ...first.texts },
    original: { ...first.original },
  });
  const again = await gepa(loaded, { include: [name] }).compile({ ...search, propose: proposePolite });
  const second = JSON.parse(JSON.stringify(again.toJSON()));
  expect(second).toMatchObject({ original: { [name]: inCode }, seed: first.texts });
  expect(second.texts[name]).not.toBe('Answer now.');
  const both = gepa(agent, { include: [name] }).load(second);
  expect(await both.getInstructions()).toBe(second.texts[name]);
});

it('compile finds better instructions while the agent itself stays unchanged for concurrent users', async () => {
  const agent = agentWith();
  const target = gepa(agent);
  let calls = 0;
  const running = target.compile({ ...search, propose: proposePolite });
  const answers = Array.from({ length: 20 }, async () => {
    calls++;
    return (await agent.generate('hello')).text;
  });
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['Be kind. / hello']));
  const { program, result } = await running;
  expect(calls).toBe(20);
  expect([result.seedScore, result.bestScore]).toEqual([0, 1]);
  expect((await program.generate('hello')).text).toBe('Be kind and polite. / hello');
  expect((await agent.generate('hello')).text).toBe('Be kind. / hello');
  expect(program).toBeInstanceOf(Agent);
});

it('estimate with measure runs the program once and predicts the metric calls', async () => {
  const estimate = await gepa(agentWith()).estimate({ ...search, propose: proposePolite }, { measure: true });
  expect(estimate.measured).toMatchObject({ score: 0, usage: { modelCalls: 1 } });
  expect(estimate.metricCalls.expected).toBeLessThanOrEqual(estimate.metricCalls.worst);
});

it('evaluate compares candidates of an agent, and the agent itself stays unchanged', async () => {
  const agent = agentWith();
  const { examples, metric } = { examples: search.trainset, metric: search.metric };
  const polite = { 'support.instructions': 'Be kind and polite.' };
  const report = await gepa(agent).evaluate({ examples, metric, candidates: { now: 'seed', polite } });
  expect(report.compare('now', 'polite')).toMatchObject({ difference: 1, losses: 0 });
  expect((await agent.generate('hello')).text).toBe('Be kind. / hello');
});

it('a saved result loads into the same agent, and is refused by one with other instructions', async () => {
  const target = gepa(agentWith());
  const compiled = await target.compile({ ...search, propose: proposePolite });
  const file = join(mkdtempSync(join(tmpdir(), 'gepa-')), 'support.gepa.json');
  compiled.save(file);
  expect((await gepa(agentWith()).load(file).generate('x')).text).toBe('Be kind and polite. / x');
  expect(() => gepa(agentWith({ instructions: 'Other.' })).load(file)).toThrow(CandidateMismatchError);
  expect(compiled.diff()).toContain('polite');
});

it('a tunable in an instructions function is optimized like a component', async () => {
  const style = tunable('style', 'plain');
  const agent = agentWith({ instructions: () => `Write ${style.text}.` });
  const target = gepa(agent, { tunables: [style], include: ['style'] });
  const { program, result } = await target.compile({
    ...search,
    propose: async () => ({ style: 'polite prose' }),
  });
  expect(result.bestScore).toBe(1);
  expect((await program.generate('x')).text).toBe('Write polite prose. / x');
  expect((await agent.generate('x')).text).toBe('Write plain. / x');
});

it('50 candidates applied at once each run with their own texts, sub-agents included', async () => {
  const expert = agentWith({ id: 'expert', instructions: 'Be exact.' });
  const target = gepa(agentWith({ agents: { expert } }));
  const texts = Array.from({ length: 50 }, (_, i) => `Text ${i}.`);
  const answers = await Promise.all(
    texts.map(async (text) => {
      const program = target.apply({
        'support.instructions': text,
        'expert.instructions': `${text} Expert.`,
      });
      const agents = (await program.listAgents()) as unknown as { expert: Agent };
      return [(await program.generate('x')).text, (await agents.expert.generate('x')).text];
    }),
  );
  expect(answers).toEqual(texts.map((text) => [`${text} / x`, `${text} Expert. / x`]));
});

it('the trace and the reflection prompt contain messages, tool calls, tool errors and reasoning', async () => {
  const talking = await startOpenAIServer((request) => {
    const results = request.messages.filter(({ role }) => role === 'tool');
    if (results.length > 0) return { content: 'It is 4.', reasoning: 'The tool said so.' };
    return {
      calls: [
        { name: 'add', args: { a: 2 } },
        { name: 'explode', args: {} },
      ],
    };
  });
  const add = createTool({
    id: 'add',
    description: 'Adds.',
    inputSchema: z.object({ a: z.number() }),
    execute: async ({ a }) => ({ sum: a + 2 }),
  });
  const explode = createTool({
    id: 'explode',
    description: 'Explodes.',
    inputSchema: z.object({}),
    execute: async () => {
      throw new Error('bang');
    },
  });
  const agent = new Agent({
    id: 'math',
    name: 'Math',
    instructions: 'Compute.',
    model: talking.model,
    tools: { add, explode },
  });
  const prompts: string[] = [];
  let steps: unknown;
  await gepa(agent).compile({
    ...search,
    maxIterations: 1,
    metric: ({ trace = [] }) => {
      steps = trace;
      const models = [...walkSteps(trace)].filter(({ kind }) => kind === 'model');
      expect(
        models.map(({ finishReason, usage }) => [finishReason, Object.keys(usage?.byModel ?? {})]),
      ).toEqual([
        ['tool-calls', ['local/simulated']],
        ['stop', ['local/simulated']],
      ]);
      return { score: 0, feedback: 'Wrong.' };
    },
    reflectionModel: async ({ prompt }) => {
      prompts.push(prompt);
      return '```\nCompute well.\n```';
    },
  });
  await talking.close();
  expect(steps).toMatchObject([
    {
      kind: 'agent',
      name: 'math',
      output: 'It is 4.',
      children: [
        { kind: 'model', components: ['math.instructions'] },
        { kind: 'tool', name: 'add', input: { a: 2 }, output: { sum: 4 } },
        { kind: 'tool', name: 'explode', error: 'bang' },
        { kind: 'model', output: { content: 'It is 4.', reasoning: 'The tool said so.' } },
      ],
    },
  ]);
  for (const part of ['Compute.', 'explode', 'bang', 'sum: 4', 'It is 4.', 'The tool said so.', 'Wrong.']) {
    expect(prompts[0]).toContain(part);
  }
});
