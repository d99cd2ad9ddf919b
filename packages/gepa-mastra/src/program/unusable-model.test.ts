import { Agent } from '@mastra/core/agent';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { RunError, SeedError } from 'gepa-core';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import { startOpenAIServer, useOpenAIServer } from '../testing/openai-server.ts';

const server = useOpenAIServer(() => 'done');

const agentWith = (config: object = {}) =>
  new Agent({ id: 'support', name: 'Support', instructions: 'Be kind.', model: server.model, ...config });
const prompt = {
  inputSchema: z.object({ prompt: z.string() }),
  outputSchema: z.object({ text: z.string() }),
};

describe('a model that cannot answer', () => {
  const search = {
    metric: () => 1,
    propose: async () => ({}),
    maxIterations: 1,
    retry: { retries: 1, minDelayMs: 1 },
  };
  const errorOf = (program: Parameters<typeof gepa>[0], input: unknown = 'x') =>
    gepa(program)
      .compile({ ...search, trainset: [{ input: input as never }] })
      .then(
        () => undefined,
        (error: unknown) => error,
      );

  it('a model that the provider does not know ends the run without a score or a retry', async () => {
    const unknownModel = await startOpenAIServer(() => ({ status: 404, error: 'The model does not exist.' }));
    const error = await errorOf(agentWith({ model: unknownModel.model }));
    await unknownModel.close();
    expect(SeedError.isInstance(error)).toBe(true);
    expect((error as Error).message).toContain('The model does not exist.');
    expect(unknownModel.requests).toHaveLength(1);
  });

  it('a model of AI SDK version 4 ends the run without a score', async () => {
    const model = { specificationVersion: 'v1', provider: 'simulated', modelId: 'old' };
    const error = await errorOf(agentWith({ model }));
    expect(SeedError.isInstance(error)).toBe(true);
    expect((error as Error).message).toContain('AI SDK v4');
  });

  it.each([
    ['an agent', false],
    ['a workflow step, which streams', true],
  ])(
    'a rollout is retried, not scored, when the model of a sub-agent is overloaded in %s',
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
      const error = await (inStep ? errorOf(workflow, { prompt: 'x' }) : errorOf(agent));
      await Promise.all([down.close(), supervisor.close()]);
      expect(SeedError.isInstance(error)).toBe(true);
      expect((error as Error).message).toContain('overloaded');
      expect(supervisor.requests.length).toBe(4);
    },
  );
});

describe('a missing API key', () => {
  const withoutApiKey = async (run: () => Promise<unknown>) => {
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

  it('a missing API key of the program ends the run without a score', async () => {
    const agent = agentWith({ model: 'openai/gpt-5' });
    const error = await withoutApiKey(() => gepa(agent).compile({ ...search, propose: async () => ({}) }));
    expect(RunError.isInstance(error)).toBe(true);
    expect((error as Error).message).toContain('OPENAI_API_KEY');
  });

  it('a missing API key of the reflection model is refused before any paid call', async () => {
    const before = server.requests.length;
    const error = await withoutApiKey(() =>
      gepa(agentWith()).compile({ ...search, reflectionModel: 'openai/gpt-5' }),
    );
    expect((error as Error).message).toContain('OPENAI_API_KEY');
    expect(server.requests.length).toBe(before);
  });
});
