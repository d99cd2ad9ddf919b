import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { InMemoryStore } from '@mastra/core/storage';
import { createTool } from '@mastra/core/tools';
import { GepaError } from 'gepa-core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import { systemOf, useOpenAIServer } from '../testing/openai-server.ts';

const server = useOpenAIServer(systemOf);

// Older versions of Mastra do not apply drafts to agents that are defined in code.
const appliesDrafts = '__fork' in Agent.prototype;
const hasEditorSetting = '__getEditorConfig' in Agent.prototype;
const editor = async () => new (await import('@mastra/editor')).MastraEditor();

const setUp = async (more: object = {}, withEditor = true) => {
  const lookup = createTool({
    id: 'lookup',
    description: 'Looks it up.',
    inputSchema: z.object({ topic: z.string().describe('The topic.') }),
    execute: async () => 'found',
  });
  const agent = new Agent({
    id: 'support',
    name: 'Support',
    instructions: 'Be kind.',
    model: server.model,
    tools: { lookup },
    ...more,
  });
  const mastra = new Mastra({
    agents: { agent },
    storage: new InMemoryStore(),
    logger: false,
    editor: withEditor ? await editor() : undefined,
  });
  return { agent, mastra };
};

const compiled = (agent: Agent, texts: Record<string, string>) =>
  gepa(agent, { tools: true }).compile({
    trainset: [{ input: 'hello' }],
    metric: ({ trace }) => JSON.stringify(trace).includes('BETTER'),
    propose: async () => texts,
    componentSelector: 'all',
    maxIterations: 1,
  });

const texts = {
  'support.instructions': 'BETTER.',
  'support.tools.lookup.description': 'BETTER tool.',
  'support.tools.lookup.fields.topic': 'BETTER field.',
};
const textOf = async (agent: Agent) => (await agent.generate('x')).text;

it.runIf(appliesDrafts)(
  'saveDrafts saves an unpublished draft with the scores in its change message',
  async () => {
    const { agent, mastra } = await setUp();
    const [draft, ...others] = await (await compiled(agent as never, texts)).saveDrafts({
      message: 'Friday.',
    });
    expect(others).toEqual([]);
    expect(draft).toMatchObject({
      agentId: 'support',
      unsavedComponents: ['support.tools.lookup.fields.topic'],
    });
    const store = await mastra.getStorage()?.getStore('agents');
    const version = await store?.getLatestVersion('support');
    expect(version).toMatchObject({
      id: draft?.versionId,
      instructions: 'BETTER.',
      tools: { lookup: { description: 'BETTER tool.' } },
      changeMessage: expect.stringMatching(/^Friday\. GEPA: validation 0\.000 → 1\.000 \(run /),
    });
    expect(await textOf(agent as never)).toBe('Be kind.');
    expect(await textOf((await mastra.getAgentById('support', { status: 'published' })) as never)).toBe(
      'Be kind.',
    );
    expect(await textOf((await mastra.getAgentById('support', { status: 'draft' })) as never)).toBe(
      'BETTER.',
    );
  },
);

it.runIf(appliesDrafts)(
  'saveDrafts reads dynamic instructions and models with the option requestContext',
  async () => {
    const ofTenant =
      <Value>(make: (tenant: unknown) => Value) =>
      ({ requestContext }: { requestContext: { get(key: string): unknown } }) => {
        const tenant = requestContext.get('tenant');
        if (tenant === undefined) throw new Error('no tenant');
        return make(tenant);
      };
    const { agent, mastra } = await setUp({
      instructions: ofTenant((tenant) => `Serve ${tenant}.`),
      model: ofTenant(() => server.model),
    });
    const { saveDrafts } = await gepa(agent as unknown as Agent, {
      requestContext: { tenant: 'Larkspur' },
    }).compile({
      trainset: [{ input: 'hello' }],
      metric: ({ trace }) => JSON.stringify(trace).includes('BETTER'),
      propose: async () => ({ 'support.instructions': 'BETTER.' }),
      maxIterations: 1,
    });
    await saveDrafts();
    const store = await mastra.getStorage()?.getStore('agents');
    const versions = await store?.listVersions({ agentId: 'support' });
    const instructions = versions?.versions.map(({ instructions }) => instructions);
    expect(instructions).toEqual(expect.arrayContaining(['Serve Larkspur.', 'BETTER.']));
  },
);

it.runIf(appliesDrafts)('saveDrafts with publish makes the draft the published version', async () => {
  const { agent, mastra } = await setUp();
  const result = await compiled(agent as never, texts);
  await result.saveDrafts();
  await result.saveDrafts({ publish: true });
  expect(await textOf((await mastra.getAgentById('support', { status: 'published' })) as never)).toBe(
    'BETTER.',
  );
  expect(await textOf(agent as never)).toBe('Be kind.');
});

it.runIf(hasEditorSetting)(
  'saveDrafts saves nothing that the editor setting of the agent forbids',
  async () => {
    const closed = await compiled((await setUp({ editor: false })).agent as never, texts);
    await expect(closed.saveDrafts()).rejects.toThrow(GepaError);
    const { agent } = await setUp({ editor: { instructions: true, tools: false } });
    const half = await compiled(agent as never, texts);
    const drafts = await half.saveDrafts().catch((error: Error) => error.message);
    expect(drafts).toMatchObject([
      { unsavedComponents: ['support.tools.lookup.description', 'support.tools.lookup.fields.topic'] },
    ]);
  },
);

it.runIf(appliesDrafts)('saveDrafts throws when the Mastra instance has no editor', async () => {
  const plain = await compiled((await setUp({}, false)).agent as never, texts);
  await expect(plain.saveDrafts()).rejects.toThrow('has no editor');
});
