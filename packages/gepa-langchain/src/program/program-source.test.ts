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
