import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda } from '@langchain/core/runnables';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { ChatOpenAI } from '@langchain/openai';
import { expect, it } from 'vitest';
import { programSource } from './program-source.ts';

const chain = (temperature: number, after: (text: unknown) => unknown) =>
  ChatPromptTemplate.fromTemplate('{q}')
    .pipe(new ChatOpenAI({ model: 'm', apiKey: 'key-123', temperature }))
    .pipe(RunnableLambda.from(after));

it('the source of a program is the same for an equal program, and contains no key', () => {
  const source = () => programSource(chain(0, (text) => text));
  expect(source()).toBe(source());
  expect(source()).not.toContain('key-123');
});

it('the source of a program changes with a function or a sampling setting in it', () => {
  const first = programSource(chain(0, (text) => text));
  expect(programSource(chain(1, (text) => text))).not.toBe(first);
  expect(programSource(chain(0, (text) => String(text)))).not.toBe(first);
});

it('the source of a model without functions is its class', () => {
  expect(programSource(new FakeListChatModel({ responses: ['a'] }))).toContain('FakeListChatModel');
});

it.each<[string, object]>([
  ['another address', { configuration: { baseURL: 'https://b.example/v1' } }],
  ['another path of the address', { configuration: { baseURL: 'https://a.example/v2' } }],
  ['another reasoning effort', { reasoning: { effort: 'high' } }],
  ['other stop sequences', { stop: ['END'] }],
])('the source of a program changes with %s of its model', (_, change) => {
  const sourceWith = (options: object) => {
    const configuration = { baseURL: 'https://a.example/v1' };
    const model = new ChatOpenAI({ model: 'm', apiKey: 'key-123', configuration, ...options });
    return programSource(ChatPromptTemplate.fromTemplate('{q}').pipe(model));
  };
  expect(sourceWith(change)).not.toBe(sourceWith({}));
});

it('the source of a program changes with an option bound to its model', () => {
  const model = new ChatOpenAI({ model: 'm', apiKey: 'key-123' });
  const source = (options: object) =>
    programSource(ChatPromptTemplate.fromTemplate('{q}').pipe(model.withConfig(options)));
  expect(source({ stop: ['END'] })).not.toBe(source({}));
});

it('the source of a program does not change with the port of a local server, or with the use of the model', async () => {
  const model = (port: number) =>
    new ChatOpenAI({
      model: 'm',
      apiKey: 'key-123',
      maxRetries: 0,
      configuration: { baseURL: `http://127.0.0.1:${port}/v1?key=key-456` },
    });
  const used = model(2);
  await used.invoke('hi').catch(() => {});
  const sources = [model(1), used].map((one) =>
    programSource(ChatPromptTemplate.fromTemplate('{q}').pipe(one)),
  );
  expect(sources[0]).toBe(sources[1]);
  expect(sources[0]).not.toContain('key-456');
});
