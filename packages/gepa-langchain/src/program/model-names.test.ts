import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda, RunnableParallel } from '@langchain/core/runnables';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { ChatOpenAI, OpenAI } from '@langchain/openai';
import { createAgent, initChatModel } from 'langchain';
import { expect, it } from 'vitest';
import { modelNames } from './model-names.ts';

const prompt = ChatPromptTemplate.fromTemplate('Say {it}.');
const model = (name: string) => new ChatOpenAI({ model: name, apiKey: 'unused' });
const schema = { title: 'answer', type: 'object', properties: { it: { type: 'string' } } };
const weather = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } } as const;

it.each([
  ['a chain', () => prompt.pipe(model('a')).pipe(new StringOutputParser()), ['a']],
  ['a model with tools', () => prompt.pipe(model('a').bindTools([weather])), ['a']],
  ['a model of structured output', () => prompt.pipe(model('a').withStructuredOutput(schema)), ['a']],
  ['a model of strings', () => prompt.pipe(new OpenAI({ model: 'a', apiKey: 'unused' })), ['a']],
  [
    'fallbacks and branches, each once',
    () =>
      RunnableParallel.from({
        one: prompt.pipe(model('a').withFallbacks([model('b')])),
        two: prompt.pipe(model('b')),
      }),
    ['a', 'b'],
  ],
  ['an agent', () => createAgent({ model: model('a'), tools: [] }), ['a']],
  ['an agent with the name of a model', () => createAgent({ model: 'openai:gpt-5', tools: [] }), ['gpt-5']],
  [
    'a graph',
    () =>
      new StateGraph(MessagesAnnotation)
        .addNode('ask', prompt.pipe(model('a')) as never)
        .addEdge(START, 'ask')
        .addEdge('ask', END)
        .compile(),
    ['a'],
  ],
  ['code', () => RunnableLambda.from((text: string) => model('a').invoke(text)), []],
  ['a model without a name', () => prompt.pipe(new FakeListChatModel({ responses: ['x'] })), []],
])('the model names of %s are found', (_, program, names) => {
  expect(modelNames(program())).toEqual(names);
});

it('the model name of initChatModel is found', async () => {
  const universal = await initChatModel('openai:gpt-5', { apiKey: 'unused' });
  expect(modelNames(prompt.pipe(universal as never))).toEqual(['gpt-5']);
  expect(modelNames(universal)).toEqual(['gpt-5']);
});
