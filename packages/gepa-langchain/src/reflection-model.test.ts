import { FakeListChatModel } from '@langchain/core/utils/testing';
import { OptionsError } from 'gepa-core';
import { afterEach, expect, it, vi } from 'vitest';
import { resolveReflectionModel } from './reflection-model.ts';
import { contentText, startOpenAIServer } from './testing/openai-server.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.doUnmock('langchain');
  vi.resetModules();
});

const request = { prompt: 'Improve.', signal: new AbortController().signal };

it('is made of a name by initChatModel', async () => {
  const server = await startOpenAIServer(({ model, messages }) => `${model}: ${contentText(messages[0])}`);
  vi.stubEnv('OPENAI_API_KEY', 'k');
  vi.stubEnv('OPENAI_BASE_URL', server.url);
  const model = await resolveReflectionModel('openai:gpt-test');
  expect(await model(request)).toMatchObject({ text: 'gpt-test: Improve.', usage: { modelCalls: 1 } });
  await server.close();
});

it('may be a model or a function', async () => {
  const model = new FakeListChatModel({ responses: ['yes'] });
  expect(await (await resolveReflectionModel(model as never))(request)).toMatchObject({ text: 'yes' });
  const own = async () => 'own';
  expect(await resolveReflectionModel(own)).toBe(own);
});

it('of a provider that is not there is refused by name', async () => {
  await expect(resolveReflectionModel('nobody:x')).rejects.toThrow(OptionsError);
  await expect(resolveReflectionModel('nobody:x')).rejects.toThrow(/"nobody:x"/);
});

it('says what to install where langchain is not', async () => {
  vi.doMock('langchain', () => {
    throw new Error('Cannot find package');
  });
  const fresh = await import('./reflection-model.ts');
  await expect(fresh.resolveReflectionModel('openai:gpt-5')).rejects.toThrow(
    '"openai:gpt-5" needs the package "langchain", which could not be loaded: npm install langchain',
  );
});
