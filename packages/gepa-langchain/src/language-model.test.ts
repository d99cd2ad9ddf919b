import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { AIMessage } from '@langchain/core/messages';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { RunnableLambda } from '@langchain/core/runnables';
import { OptionsError } from 'gepa-core';
import { imageReadingSuite, reflectionModelSuite, replyToPrompt } from 'gepa-test-server/suites';
import { expect, it } from 'vitest';
import { fromChatModel } from './language-model.ts';
import { fakeModel } from './testing/fake-model.ts';
import { modelOf, useOpenAIServer } from './testing/openai-server.ts';

reflectionModelSuite('a chat model of LangChain', {
  modelName: 'simulated',
  modelOf: (server) => fromChatModel(modelOf(server)),
});
imageReadingSuite('a chat model of LangChain', (server, options) => fromChatModel(modelOf(server), options));

const server = useOpenAIServer(replyToPrompt);

const signal = new AbortController().signal;
const usage = {
  modelCalls: 1,
  inputTokens: 2,
  outputTokens: 3,
  byModel: { simulated: { modelCalls: 1, inputTokens: 2, outputTokens: 3 } },
};

it('the finish reason of a cut-off answer is read by the names of every provider', async () => {
  const finishReasons = [
    { stop_reason: 'max_tokens' },
    { stopReason: 'max_tokens' },
    { done_reason: 'length' },
  ];
  const models = [
    server.model({ useResponsesApi: true }),
    ...finishReasons.map((response_metadata) =>
      fakeModel().respond(new AIMessage({ content: 'cut', response_metadata })),
    ),
  ];
  const answers = models.map((model) => fromChatModel(model)({ prompt: 'long', signal }));
  expect(await Promise.all(answers)).toMatchObject([
    { text: 'cut', finishReason: 'max_output_tokens' },
    { text: 'cut', finishReason: 'max_tokens' },
    { text: 'cut', finishReason: 'max_tokens' },
    { text: 'cut', finishReason: 'length' },
  ]);
});

it('the usage of a chain as reflection model includes every model in it', async () => {
  const answer = fromChatModel(server.model().pipe(new StringOutputParser()));
  expect(await answer({ prompt: 'two words', signal })).toEqual({
    text: 're: two words',
    usage,
    finishReason: 'stop',
  });
});

it('the answer of a model with content parts is the text of these parts', async () => {
  const content = [
    { type: 'reasoning', reasoning: 'hm' },
    { type: 'text', text: 'one ' },
    { type: 'text', text: 'two' },
  ];
  expect(
    await fromChatModel(RunnableLambda.from(() => new AIMessage({ content })))({ prompt: '', signal }),
  ).toEqual({
    text: 'one two',
  });
});

it('a reflection model keeps its own callbacks', async () => {
  const heard: string[] = [];
  const listener = (name: string) =>
    BaseCallbackHandler.fromMethods({ handleChatModelStart: () => void heard.push(name) });
  const model = server
    .model({ callbacks: [listener('constructor')] })
    .withConfig({ callbacks: [listener('config')] });
  await fromChatModel(model)({ prompt: 'x', signal });
  expect(heard.sort()).toEqual(['config', 'constructor']);
});

it('a reflection model rejects with the error of the model', async () => {
  await expect(fromChatModel(server.model())({ prompt: 'refuse', signal })).rejects.toMatchObject({
    status: 429,
  });
});

it('a value that is not a model, and an answer that is not a message, are refused with a reason', async () => {
  expect(() => fromChatModel('gpt' as never)).toThrow(OptionsError);
  expect(() => fromChatModel('gpt' as never)).toThrow('it is string');
  const list = fromChatModel(RunnableLambda.from(() => 7));
  await expect(list({ prompt: '', signal })).rejects.toThrow('answered with number');
});

it('a chat model that reads images receives several in order, each after its name, one at an address by this address', async () => {
  const images = [
    { mediaType: 'image/png', data: 'iVBORw0KGgo=' },
    { mediaType: 'image/*', data: 'https://example.org/a.png' },
  ];
  const model = fromChatModel(server.model(), { readsImages: true });
  await model({ prompt: 'Improve.', images, signal });
  expect(server.requests.at(-1)!.messages[0]!.content).toEqual([
    { type: 'text', text: 'Improve.' },
    { type: 'text', text: '[image: image/png, 9 bytes]' },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
    { type: 'text', text: '[image: https://example.org/a.png]' },
    { type: 'image_url', image_url: { url: 'https://example.org/a.png' } },
  ]);
});
