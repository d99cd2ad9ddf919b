import { StringOutputParser } from '@langchain/core/output_parsers';
import { RunnableLambda } from '@langchain/core/runnables';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { ChatOpenAI } from '@langchain/openai';
import { OptionsError } from 'gepa-core';
import { initChatModel } from 'langchain';
import { afterEach, expect, it, vi } from 'vitest';
import { gepa } from '../gepa.ts';
import { contentText, startOpenAIServer } from '../testing/openai-server.ts';
import { tunable } from '../tunable.ts';
import { type ReflectionModel, resolveReflectionModel } from './reflection-model.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.doUnmock('langchain');
  vi.resetModules();
});

const request = { prompt: 'Improve.', signal: new AbortController().signal };

it('a reflection model given by name is created with initChatModel', async () => {
  const server = await startOpenAIServer(({ model, messages }) => `${model}: ${contentText(messages[0])}`);
  vi.stubEnv('OPENAI_API_KEY', 'k');
  vi.stubEnv('OPENAI_BASE_URL', server.url);
  const model = await resolveReflectionModel('openai:gpt-test');
  expect(await model(request)).toMatchObject({ text: 'gpt-test: Improve.', usage: { modelCalls: 1 } });
  await server.close();
});

it('a reflection model can be a chat model or a function', async () => {
  const model = new FakeListChatModel({ responses: ['yes'] });
  expect(await (await resolveReflectionModel(model as never))(request)).toMatchObject({ text: 'yes' });
  const custom = async () => 'custom';
  expect(await resolveReflectionModel(custom)).toBe(custom);
});

it('a reflection model of an unknown provider throws OptionsError with its name', async () => {
  await expect(resolveReflectionModel('unknown:x')).rejects.toThrow(OptionsError);
  await expect(resolveReflectionModel('unknown:x')).rejects.toThrow(/"unknown:x"/);
});

it('a reflection model given by name throws OptionsError with the package to install when langchain is missing', async () => {
  vi.doMock('langchain', () => {
    throw new Error('Cannot find package');
  });
  const reloaded = await import('./reflection-model.ts');
  await expect(reloaded.resolveReflectionModel('openai:gpt-5')).rejects.toThrow(
    '"openai:gpt-5" needs the package "langchain", which could not be loaded: npm install langchain',
  );
});

it.each<[string, () => ReflectionModel | Promise<ReflectionModel>]>([
  ['a name', () => 'openai:gpt-test'],
  ['a chat model', () => new ChatOpenAI({ model: 'gpt-test' })],
  ['a model of initChatModel', async () => (await initChatModel('openai:gpt-test')) as never],
  [
    'a chat model with a config',
    () => new ChatOpenAI({ model: 'gpt-test' }).withConfig({ tags: ['x'] }) as never,
  ],
  ['a chain', () => new ChatOpenAI({ model: 'gpt-test' }).pipe(new StringOutputParser())],
  ['a model of another provider', () => 'anthropic:claude-test'],
])(
  'a reflection model given as %s without an API key is refused before the program runs',
  async (_, given) => {
    vi.stubEnv('OPENAI_API_KEY', undefined);
    vi.stubEnv('ANTHROPIC_API_KEY', undefined);
    let runs = 0;
    const rules = tunable('rules', 'Be kind.');
    const program = RunnableLambda.from(() => `${rules.text} ${++runs}`);
    const reflectionModel = await given();
    const compiling = gepa(program, { tunables: [rules] }).compile({
      trainset: [{ input: '' }],
      metric: () => 0,
      reflectionModel,
      maxMetricCalls: 20,
    });
    await expect(compiling).rejects.toThrow(OptionsError);
    await expect(compiling).rejects.toThrow(/credentials|api key/i);
    expect(runs).toBe(0);
  },
);
