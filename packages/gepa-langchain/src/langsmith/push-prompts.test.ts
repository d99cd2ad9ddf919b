import { load } from '@langchain/core/load';
import { AIMessage, HumanMessage, SystemMessage } from '@langchain/core/messages';
import {
  ChatPromptTemplate,
  FewShotPromptTemplate,
  PipelinePromptTemplate,
  PromptTemplate,
} from '@langchain/core/prompts';
import { RunnableParallel } from '@langchain/core/runnables';
import { tunable } from 'gepa-core';
import { type LoopbackServer, sendJson, startServer } from 'gepa-test-server';
import { createAgent } from 'langchain';
import { Client } from 'langsmith';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gepa } from '../gepa.ts';
import { fakeModel } from '../testing/fake-model.ts';
import { pushPrompts } from './push-prompts.ts';

const repos = new Map<string, { tags: string[]; description: string; is_public: boolean }>();
const commits = new Map<string, string>();
let server: LoopbackServer;
let client: Client;

beforeAll(async () => {
  // The part of LangSmith's API that publishing prompts needs.
  server = await startServer(({ method, path, body }, response) => {
    const name = path.split('/').at(-1)!;
    const answer = (status: number, value: unknown) => sendJson(response, status, value);
    if (path === '/settings') return answer(200, { id: 'tenant', tenant_handle: 'us' });
    if (method === 'POST' && path === '/repos/') {
      const { repo_handle, ...repo } = JSON.parse(body);
      repos.set(repo_handle, repo);
      return answer(200, { repo: { repo_handle } });
    }
    if (method === 'POST' && path.startsWith('/commits/')) {
      commits.set(name, body);
      return answer(200, { commit: { commit_hash: 'abcdef0123' } });
    }
    if (path.startsWith('/repos/')) {
      return repos.has(name) ? answer(200, { repo: { repo_handle: name } }) : answer(404, {});
    }
    return answer(200, { commits: [] });
  });
  client = new Client({ apiUrl: server.url, apiKey: 'k', autoBatchTracing: false });
});
afterAll(() => server.close());

it('pushPrompts publishes whole prompts that changed, with tags, and scores in the description', async () => {
  const policy = tunable('policy', 'Be brief.');
  const prompt = (system: string) =>
    ChatPromptTemplate.fromMessages([
      ['system', system],
      ['human', 'Sort {text}'],
    ]);
  const program = RunnableParallel.from({
    changed: prompt('Old words.'),
    kept: prompt('Kept words.'),
    policy: () => policy.text,
  });
  const target = gepa(program, { tunables: [policy], rename: { 'changed.system': 'main' } });
  const compiled = await target.compile({
    trainset: [{ input: { text: 't' } }],
    metric: ({ output }) => output.policy === 'New policy.',
    componentSelector: () => ['main', 'policy'],
    propose: async () => ({ main: 'New words.', policy: 'New policy.' }),
    maxMetricCalls: 12,
  });
  const pushed = await pushPrompts(compiled, { client, tags: ['prod'], name: ([first]) => `acme ${first}` });
  expect(pushed).toMatchObject([
    { name: 'acme-main', components: ['main'], url: expect.stringContaining('acme-main') },
    { name: 'acme-policy', components: ['policy'] },
  ]);
  expect(repos.get('acme-main')).toMatchObject({
    tags: ['prod'],
    is_public: false,
    description: 'Improved from 0.000 to 1.000 on the validation set. Optimized: main.',
  });
  expect(commits.get('acme-main')).toContain('New words.');
  expect(commits.get('acme-main')).toContain('Sort {text}');
  expect(commits.get('acme-policy')).toContain('New policy.');
});

it('pushPrompts publishes prompts that LangChain can load', async () => {
  const inner = PromptTemplate.fromTemplate('Intro by {rules} for {text}.');
  const program = RunnableParallel.from({
    pipe: new PipelinePromptTemplate({
      pipelinePrompts: [
        { name: 'intro', prompt: await inner.partial({ rules: 'five rules of some words' }) },
      ],
      finalPrompt: PromptTemplate.fromTemplate('{intro} End.') as never,
    }) as never,
    shots: new FewShotPromptTemplate({
      examplePrompt: PromptTemplate.fromTemplate('{text}'),
      examples: [{ text: '1' }],
      prefix: 'Prefix {{x}} of {text}.',
      suffix: 'Suffix.',
      inputVariables: ['text'],
    }) as never,
  });
  const compiled = await gepa(program).compile({
    trainset: [{ input: { text: 't' } }],
    metric: ({ output }) => JSON.stringify(output).split('New').length / 10,
    componentSelector: 'all',
    propose: async ({ candidate }) =>
      Object.fromEntries(
        Object.entries(candidate).map(([name, text]) => [name, text.replace(/^(New )?/, 'New ')]),
      ),
    maxMetricCalls: 4,
  });
  const pushed = await pushPrompts(compiled as never, { client });
  expect(pushed.map(({ name, components }) => [name, components])).toEqual([
    ['pipe-intro', ['pipe.intro', 'pipe.intro.rules', 'pipe.final']],
    ['shots-prefix', ['shots.prefix']],
    ['shots-suffix', ['shots.suffix']],
  ]);
  const rendered = async (name: string) => {
    const prompt = await load<PromptTemplate>(JSON.stringify(JSON.parse(commits.get(name)!).manifest));
    return (await prompt.invoke({ text: 'T' })).toString();
  };
  expect(await rendered('pipe-intro')).toBe('New New Intro by New five rules of some words for T. End.');
  expect(await rendered('shots-prefix')).toBe('System: New Prefix {x} of T.');
});

it('pushPrompts publishes a system prompt with several parts whole', async () => {
  const content = ['One.', 'Two.'].map((text) => ({ type: 'text' as const, text }));
  const agent = createAgent({
    model: fakeModel().respond(new AIMessage('a')).respond(new AIMessage('b')) as never,
    tools: [],
    systemPrompt: new SystemMessage({ content }),
  });
  const compiled = await gepa(agent).compile({
    trainset: [{ input: { messages: [new HumanMessage('hi')] } }],
    metric: ({ output }) => output.messages.at(-1)?.text === 'b',
    propose: async () => ({ system: 'Better.' }),
    maxMetricCalls: 3,
  });
  expect(await pushPrompts(compiled as never, { client })).toMatchObject([{ components: ['system'] }]);
  expect(commits.get('system')).toMatch(/Better\..*Two\./);
});

it('pushPrompts publishes nothing when no prompt changed', async () => {
  const compiled = await gepa(ChatPromptTemplate.fromMessages([['system', 'Words.']])).compile({
    trainset: [{ input: {} }],
    metric: () => 1,
    propose: async () => ({}),
    maxMetricCalls: 2,
  });
  expect(await pushPrompts(compiled as never, { client })).toEqual([]);
});
