import { Agent } from '@mastra/core/agent';
import { createScorer } from '@mastra/core/evals';
import { MockMemory } from '@mastra/core/memory';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { walkSteps } from 'gepa-core/adapter';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import { systemOf, useOpenAIServer } from '../testing/openai-server.ts';

const server = useOpenAIServer((request) => {
  if (request.model === 'judge') return JSON.stringify({ done: true });
  if (!systemOf(request).includes('You are a router')) return 'An answer.';
  return JSON.stringify({
    primitiveId: 'inner',
    primitiveType: 'agent',
    prompt: 'x',
    selectionReason: 'It answers.',
    finalResult: 'Done.',
  });
});

const done = () =>
  createScorer({
    id: 'done',
    description: 'Whether it is done.',
    judge: { model: { ...server.model, id: 'local/judge' }, instructions: 'Judge it.' },
  })
    .analyze({
      description: 'Judges.',
      outputSchema: z.object({ done: z.boolean() }),
      createPrompt: () => 'Is it done?',
    })
    .generateScore(({ results }) => (results.analyzeStepResult.done ? 1 : 0));

const agentWith = (config: object = {}) =>
  new Agent({ id: 'agent', name: 'Agent', instructions: 'Answer.', model: server.model, ...config });

const io = {
  inputSchema: z.object({ prompt: z.string() }),
  outputSchema: z.object({ text: z.string() }),
};

const flow = (agent: Agent, call: (prompt: string) => Promise<string>) => {
  const step = createStep({
    id: 'call',
    ...io,
    execute: async ({ inputData }) => ({ text: await call(inputData.prompt) }),
  });
  const workflow = createWorkflow({ id: 'flow', ...io })
    .then(step)
    .commit();
  return gepa(workflow, { parts: { agent } });
};

const programs: Record<string, () => ReturnType<typeof gepa>> = {
  'the default options': () =>
    gepa(agentWith({ defaultOptions: { isTaskComplete: { scorers: [done()] } } })) as never,
  config: () => gepa(agentWith(), { config: { isTaskComplete: { scorers: [done()] } } as never }) as never,
  'the options of a call': () => {
    const agent = agentWith();
    return flow(agent, async (prompt) => {
      const stream = await agent.stream(prompt, { isTaskComplete: { scorers: [done()] } });
      return stream.text;
    }) as never;
  },
  'the options of a network': () => {
    const inner = agentWith({ id: 'inner', description: 'Answers.' });
    const agent = agentWith({ agents: { inner }, memory: new MockMemory() });
    return flow(agent, async (prompt) => {
      const stream = await agent.network(prompt, { completion: { scorers: [done()] }, maxSteps: 1 });
      for await (const _ of stream);
      return 'done';
    }) as never;
  },
};

it.runIf('__getOverridableFields' in Agent.prototype).each(Object.keys(programs))(
  'judges of completion count, and are steps of the trace: in %s',
  async (kind) => {
    const before = server.requests.length;
    const target = programs[kind]!();
    const input: never = (kind.startsWith('the options') ? { prompt: 'x' } : 'x') as never;
    const outputs: unknown[] = [];
    const { result } = await target.compile({
      trainset: [{ input }],
      metric: ({ trace }) => {
        for (const { kind: step, name, output } of walkSteps(trace ?? []))
          if (step === 'agent') outputs.push([name, output]);
        return 0.5;
      },
      propose: async () => ({}),
      maxIterations: 1,
    });
    const requests = server.requests.slice(before);
    const judged = requests.filter(({ model }) => model === 'judge');
    expect(judged).toHaveLength(1);
    expect(result.usage.modelCalls).toBe(requests.length);
    expect(outputs).toContainEqual(['done', { score: 1 }]);
  },
);
