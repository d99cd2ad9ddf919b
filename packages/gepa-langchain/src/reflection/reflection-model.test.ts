import { FakeListChatModel } from '@langchain/core/utils/testing';
import { OptionsError } from 'gepa-core';
import { afterEach, expect, it, vi } from 'vitest';
import { contentText, startOpenAIServer } from '../testing/openai-server.ts';
import { resolveReflectionModel } from './reflection-model.ts';

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
