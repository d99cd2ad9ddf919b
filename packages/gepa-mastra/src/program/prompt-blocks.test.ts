import type { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { RequestContext } from '@mastra/core/request-context';
import { InMemoryStore } from '@mastra/core/storage';
import { expect, it } from 'vitest';
import { supportAgent, useEchoServer } from '../fixtures/echo-agent.ts';
import { gepa } from '../gepa.ts';
import { load } from '../load.ts';
import { blockText } from './instruction-blocks.ts';
import { instructionBlocks, withBlockTexts } from './prompt-blocks.ts';

const server = useEchoServer();

it('a variable of a block is written with single braces, and gets its default back', () => {
  const content = 'Help {{user.name || \'the user\'}} with {{ topic }}. JSON: {"a": 1}';
  const { text, variables } = blockText(content);
  expect({ text, variables }).toEqual({
    text: 'Help {user.name} with {topic}. JSON: {"a": 1}',
    variables: ['user.name', 'topic'],
  });
  const blocks = [{ type: 'text', content }] as const;
  const changed = (next: string) => withBlockTexts(blocks, new Map([[0, next]]));
  expect(changed('{topic} for {user.name}, {other}')).toEqual([
    { type: 'text', content: "{{ topic }} for {{user.name || 'the user'}}, {other}" },
  ]);
  expect(changed(text)).toEqual(blocks);
});

it.each([
  ['a literal beside a variable', 'Write {topic} about {{topic}}.', 'Write {topic} about {topic_2}.'],
  ['two defaults', "{{a || 'x'}} or {{a || 'y'}} or {{ a || 'x' }}", '{a} or {a_2} or {a}'],
  ['a name that the number makes', 'Use {{a}}, {a}, {{a_2}}.', 'Use {a_2}, {a}, {a_2_2}.'],
  ['with and without a default', "{{a}} {{a || 'x'}}", '{a} {a_2}'],
])('each variable of a block is its own: %s', (_, content, text) => {
  expect(blockText(content).text).toBe(text);
  const changed = withBlockTexts([{ type: 'text', content }], new Map([[0, `New: ${text}`]]));
  expect(changed).toEqual([
    { type: 'text', content: `New: ${content.replace('{{ a ||', '{{a ||').replace("'x' }}", "'x'}}")}` },
  ]);
});

const editorPackage = await import('@mastra/editor').catch(() => undefined);
const hasPrompts =
  editorPackage !== undefined &&
  'prompt' in new editorPackage.MastraEditor() &&
  'toRawConfig' in supportPrototype();

function supportPrototype(): object {
  return Object.getPrototypeOf(supportAgent({ id: 'local/simulated', url: 'http://localhost' }));
}

const blocks = [
  { type: 'prompt_block_ref', id: 'voice' },
  { type: 'text', content: "Help {{userName}} with {{topic || 'orders'}}." },
  {
    type: 'prompt_block',
    content: 'Refund.',
    rules: { operator: 'AND', conditions: [{ field: 'role', operator: 'equals', value: 'admin' }] },
  },
] as const;

/** An instance with a published prompt block, and two agents with blocks: one from Studio, one whose code has other texts. */
async function studio() {
  const { MastraEditor } = editorPackage!;
  const support = supportAgent(server.model);
  const mastra = new Mastra({
    agents: { support },
    storage: new InMemoryStore(),
    editor: new MastraEditor(),
    logger: false,
  });
  const editor = mastra.getEditor()!;
  const storage = mastra.getStorage()!;
  const agents = (await storage.getStore('agents'))!;
  const prompts = (await storage.getStore('promptBlocks'))!;
  await editor.prompt.create({ id: 'voice', name: 'Voice', content: 'Be gentle.' });
  const voice = (await prompts.getLatestVersion('voice'))!.id;
  await editor.prompt.update({ id: 'voice', status: 'published', activeVersionId: voice });
  await editor.prompt.update({ id: 'voice', content: 'A draft.' });
  for (const id of ['stored', 'support']) {
    await editor.agent.create({
      id,
      name: id,
      instructions: blocks as never,
      model: { provider: 'local', name: 'simulated' },
    });
    const activeVersionId = (await agents.getLatestVersion(id))!.id;
    await editor.agent.update({ id, status: 'published', activeVersionId });
  }
  const stored = (await editor.agent.getById('stored')) as Agent;
  stored.model = server.model;
  return { mastra, agents, stored };
}

const contextOf = (values: Record<string, string>) => new RequestContext(Object.entries(values));
const answer = async (agent: Agent, values: Record<string, string> = { userName: 'Ada', role: 'admin' }) =>
  (await agent.generate('x', { requestContext: contextOf(values) })).text;

it.runIf(hasPrompts)(
  'blocks of an agent from Studio are components with variables, and drafts have them as blocks',
  async () => {
    const { agents, stored } = await studio();
    const target = gepa(stored);
    expect(target.components).toMatchObject({
      'stored.instructions.2': { text: 'Help {userName} with {topic}.', variables: ['userName', 'topic'] },
      'stored.instructions.3': { text: 'Refund.' },
    });
    expect(target.skipped).toMatchObject([
      { location: 'agent stored, instructions, block 1', reason: expect.stringContaining('voice') },
    ]);
    const outputs: string[] = [];
    const compiled = await target.compile({
      trainset: [{ input: 'x', requestContext: { userName: 'Bob' } }],
      metric: ({ output }) => {
        outputs.push(output.text);
        return output.text.includes('politely');
      },
      propose: async () => ({ 'stored.instructions.2': 'Help {userName} with {topic} politely.' }),
      maxIterations: 1,
    });
    expect([...new Set(outputs)]).toEqual([
      'Be gentle.\n\nHelp Bob with orders. / x',
      'Be gentle.\n\nHelp Bob with orders politely. / x',
    ]);
    const better = 'Be gentle.\n\nHelp Ada with orders politely.\n\nRefund. / x';
    expect(await answer(compiled.program)).toBe(better);
    expect(await answer(load(stored, compiled.toJSON()))).toBe(better);
    expect(await answer(stored)).toBe('Be gentle.\n\nHelp Ada with orders.\n\nRefund. / x');
    const undo = compiled.writeBack();
    expect(await answer(stored)).toBe(better);
    undo();
    expect(await answer(stored)).toBe('Be gentle.\n\nHelp Ada with orders.\n\nRefund. / x');
    expect(await compiled.saveDrafts()).toMatchObject([{ agentId: 'stored', unsavedComponents: [] }]);
    expect((await agents.getLatestVersion('stored'))?.instructions).toEqual([
      blocks[0],
      { type: 'text', content: "Help {{userName}} with {{topic || 'orders'}} politely." },
      blocks[2],
    ]);
  },
);

it.runIf(hasPrompts)(
  'blocks of a version of a code agent, and those that it refers to, are given by the option texts',
  async () => {
    const { mastra } = await studio();
    const published = (await mastra.getAgentById('support', { status: 'published' })) as Agent;
    expect(() => gepa(published)).toThrow('await instructionBlocks(agent)');
    const target = gepa(published, { texts: { 'support.instructions': await instructionBlocks(published) } });
    expect(Object.keys(target.components)).toEqual([1, 2, 3].map((block) => `support.instructions.${block}`));
    const texts = (voice: string) => ({
      'support.instructions.1': voice,
      'support.instructions.2': 'Serve {userName}, {topic}.',
      'support.instructions.3': 'Refund.',
    });
    const served = 'Serve Ada, orders.\n\nRefund. / x';
    expect(await answer(target.apply(texts('Be gentle.')))).toBe(`Be gentle.\n\n${served}`);
    expect(await answer(target.apply(texts('Be soft.')))).toBe(`Be soft.\n\n${served}`);
  },
);

it.runIf(hasPrompts)(
  'a block that is not published is said to be so, also when the blocks are given',
  async () => {
    const { mastra, stored } = await studio();
    await mastra.getEditor()!.prompt.update({ id: 'voice', status: 'draft' });
    const { skipped } = gepa(stored, { texts: { 'stored.instructions': await instructionBlocks(stored) } });
    expect(skipped).toMatchObject([
      {
        reason: expect.stringContaining('voice is not published'),
        hint: expect.stringContaining('Publish it'),
      },
    ]);
  },
);

it.runIf(hasPrompts)(
  'new texts of prompt blocks that an agent refers to become drafts of these blocks',
  async () => {
    const { mastra, agents, stored } = await studio();
    const target = gepa(stored, { texts: { 'stored.instructions': await instructionBlocks(stored) } });
    const compiled = await target.compile({
      trainset: [{ input: 'x' }],
      metric: ({ output }) => output.text.includes('soft'),
      propose: async () => ({ 'stored.instructions.1': 'Be soft.' }),
      maxIterations: 1,
    });
    expect(await compiled.saveDrafts()).toMatchObject([{ promptBlocks: ['voice'] }]);
    expect((await agents.getLatestVersion('stored'))?.instructions).toEqual(blocks);
    const prompts = (await mastra.getStorage()!.getStore('promptBlocks'))!;
    expect((await prompts.getLatestVersion('voice'))?.content).toBe('Be soft.');
    expect(await answer(stored)).toContain('Be gentle.');
    await compiled.saveDrafts({ publish: true });
    expect(await answer(stored)).toContain('Be soft.');
  },
);

it.runIf(hasPrompts)(
  'instructionBlocks says what to do about a version whose instructions are a text',
  async () => {
    const { mastra, agents } = await studio();
    const editor = mastra.getEditor()!;
    await editor.agent.update({ id: 'support', instructions: 'Be brief.' });
    const activeVersionId = (await agents.getLatestVersion('support'))!.id;
    await editor.agent.update({ id: 'support', status: 'published', activeVersionId });
    const published = (await mastra.getAgentById('support', { status: 'published' })) as Agent;
    await expect(instructionBlocks(published)).rejects.toThrow('needs no option `texts`');
    expect(gepa(published).components).toMatchObject({ 'support.instructions': { text: 'Be brief.' } });
  },
);
