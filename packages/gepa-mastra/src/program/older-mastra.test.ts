import { Agent } from '@mastra/core/agent';
import { MockMemory } from '@mastra/core/memory';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import type { AgentOutput } from '../run-program.ts';
import { systemOf, useOpenAIServer } from '../testing/openai-server.ts';

// The tests remove features of newer versions of Mastra, so that they cover old versions with any installed version.

const server = useOpenAIServer((request) => {
  const question = String(request.messages.at(-1)?.content);
  if (question.includes('fail')) return { status: 400, error: 'bad request' };
  if (systemOf(request).includes('number')) return `{"n": ${systemOf(request).length}}`;
  return `${systemOf(request)} / ${question}`;
});

const search = { maxIterations: 1 };
const shout = {
  id: 'shout',
  processInput: ({ messages }: { messages: { content: { parts: { type: string; text?: string }[] } }[] }) => {
    for (const part of messages.flatMap(({ content }) => content.parts)) {
      if (part.text !== undefined) part.text = part.text.toUpperCase();
    }
    return messages;
  },
};

describe('an agent without __fork', () => {
  const withoutFork = (more: object = {}) =>
    Object.assign(
      new Agent({ id: 'support', name: 'Support', instructions: 'Be kind.', model: server.model, ...more }),
      { __fork: undefined },
    ) as unknown as Agent;

  it('an agent without __fork is optimized with its processors, default options and sub-agents, and is not changed', async () => {
    const expert = new Agent({ id: 'expert', name: 'Expert', instructions: 'Exact.', model: server.model });
    const agent = withoutFork({
      inputProcessors: [shout],
      agents: { expert },
      defaultOptions: { modelSettings: { temperature: 0.25 } },
    });
    const before = Object.getOwnPropertyNames(agent);
    const { program, result } = await gepa(agent).compile({
      ...search,
      trainset: [{ input: 'hello' }],
      metric: ({ output }: { output: AgentOutput }) => (output.text === 'Polite. / HELLO' ? 1 : 0),
      propose: async () => ({ 'support.instructions': 'Polite.' }),
    });
    expect([result.seedScore, result.bestScore]).toEqual([0, 1]);
    expect(server.requests.at(-1)).toMatchObject({ temperature: 0.25 });
    expect(program).toBeInstanceOf(Agent);
    expect(Object.keys(await program.listAgents())).toEqual(['expert']);
    expect((await program.generate('bye')).text).toBe('Polite. / BYE');
    expect((await agent.generate('bye')).text).toBe('Be kind. / BYE');
    expect(Object.getOwnPropertyNames(agent)).toEqual(before);
  });

  it('an agent without __fork has no memory in a rollout, and its own memory in the compiled program', async () => {
    const memory = new MockMemory();
    const agent = withoutFork({
      memory,
      inputProcessors: [shout],
      defaultOptions: { memory: { thread: 'shared', resource: 'user' } },
    });
    const threads = async () => (await memory.listThreads({ perPage: false })).threads.length;
    const { program } = await gepa(agent).compile({
      ...search,
      trainset: [{ input: 'hello' }],
      metric: () => 0,
      propose: async () => ({}),
    });
    expect(await threads()).toBe(0);
    expect((await program.generate('first')).text).toBe('Be kind. / FIRST');
    await program.generate('second');
    const messages = server.requests.at(-1)?.messages.map(({ content }) => content);
    expect(messages).toEqual(['Be kind.', 'FIRST', 'BE KIND. / FIRST', 'SECOND']);
  });

  it('saveDrafts refuses an agent without __fork and names the version to upgrade to', async () => {
    const compiled = await gepa(withoutFork()).compile({
      ...search,
      trainset: [{ input: 'hello' }],
      metric: ({ output }: { output: AgentOutput }) => output.text.includes('Polite'),
      propose: async () => ({ 'support.instructions': 'Polite.' }),
    });
    await expect(compiled.saveDrafts()).rejects.toThrow('upgrade it to 1.25');
  });
});

describe('a step without __agentRef', () => {
  const prompt = z.object({ prompt: z.string() });
  const stepOf = (agent: Agent, options: object = {}) => {
    const step = createStep(agent, options as never);
    Object.assign(step, { __agentRef: undefined });
    return step;
  };
  const agentOf = (instructions: string) =>
    new Agent({ id: 'counter', name: 'Counter', instructions, model: server.model });

  it('the agent of a step without __agentRef is optimized with the options of the step, without changing concurrent calls', async () => {
    const agent = agentOf('Give a number.');
    const before = Object.getOwnPropertyNames(agent);
    const number = z.object({ n: z.number() });
    const workflow = createWorkflow({ id: 'flow', inputSchema: prompt, outputSchema: number })
      .then(stepOf(agent, { structuredOutput: { schema: number } }) as never)
      .commit();
    const running = gepa(workflow).compile({
      ...search,
      trainset: [{ input: { prompt: 'x' } }],
      metric: ({ output }) => (output.n === 'Any number.'.length ? 1 : 0),
      propose: async () => ({ 'counter.instructions': 'Any number.' }),
    });
    const others = await Promise.all(
      Array.from({ length: 10 }, async () => (await agent.stream('hello')).text),
    );
    expect(new Set(others)).toEqual(new Set([`{"n": ${'Give a number.'.length}}`]));
    const { result, program } = await running;
    expect([result.seedScore, result.bestScore]).toEqual([0, 1]);
    const run = await program.createRun();
    expect(await run.start({ inputData: { prompt: 'x' } })).toMatchObject({ result: { n: 11 } });
    expect(Object.getOwnPropertyNames(agent)).toEqual(before);
  });

  it('a rollout fails when the model of a step without __agentRef fails, where the step itself would never end', async () => {
    const failures: (string | undefined)[] = [];
    const text = z.object({ text: z.string() });
    const workflow = createWorkflow({ id: 'flow', inputSchema: prompt, outputSchema: text })
      .then(stepOf(agentOf('Be kind.')) as never)
      .commit();
    await gepa(workflow).compile({
      ...search,
      trainset: [{ input: { prompt: 'fail' } }, { input: { prompt: 'x' } }],
      metric: () => 1,
      propose: async () => ({}),
      onEvent: (event) => {
        if (event.type === 'rollout_finished') failures.push(event.error);
      },
    });
    expect(failures).toEqual(expect.arrayContaining([expect.stringContaining('bad request')]));
  });

  it('a step without __agentRef whose agent cannot be captured is listed in target.skipped', () => {
    const step = {
      ...createStep({
        id: 'own',
        inputSchema: prompt,
        outputSchema: prompt,
        execute: async () => ({ prompt: '' }),
      }),
      component: 'AGENT',
    };
    const workflow = createWorkflow({ id: 'flow', inputSchema: prompt, outputSchema: prompt })
      .then(stepOf(agentOf('Be kind.')) as never)
      .then(step as never)
      .commit();
    const { skipped, components } = gepa(workflow);
    expect(Object.keys(components)).toEqual(['counter.instructions']);
    expect(skipped).toMatchObject([{ location: 'workflow flow, step own' }]);
  });
});
