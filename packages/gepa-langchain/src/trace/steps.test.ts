import { EventEmitter, once } from 'node:events';
import '@langchain/core/context';
import { Document } from '@langchain/core/documents';
import { AIMessage, type BaseMessage, HumanMessage, SystemMessage } from '@langchain/core/messages';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate, PromptTemplate } from '@langchain/core/prompts';
import { type Runnable, RunnableLambda, RunnableParallel, RunnableSequence } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import type { Run } from '@langchain/core/tracers/base';
import { FakeListChatModel, FakeLLM, FakeRetriever } from '@langchain/core/utils/testing';
import type { Step } from 'gepa-core';
import { stepsOf, usageOfSteps, walkSteps } from 'gepa-core/adapter';
import { describe, expect, it } from 'vitest';
import { discover } from '../program/discover.ts';
import { markNode } from '../program/mark-node.ts';
import { rewrite } from '../program/rewrite.ts';
import { useOpenAIServer } from '../testing/openai-server.ts';
import { readModelCall } from './model-call.ts';
import { toSteps } from './steps.ts';
import { RolloutTracer } from './tracer.ts';

const server = useOpenAIServer(({ messages }) => {
  const last = String(messages.at(-1)?.content);
  if (last.includes('again')) {
    return { content: 'Yes.', cachedTokens: 3, cacheWriteTokens: 1 };
  }
  if (last.includes('fail')) return { status: 400, error: 'no such thing' };
  if (last.includes('weather')) {
    return { calls: [{ id: 'c1', name: 'weather', args: { city: 'Rome' } }] };
  }
  return { content: `answer to ${last}`, finishReason: last.includes('long') ? 'length' : undefined };
});

const chat = (system: string) =>
  ChatPromptTemplate.fromMessages([
    ['system', system],
    ['human', 'Sort {text}'],
  ]);

/** Runs a marked copy of a program and returns its trace. */
async function trace(program: Runnable, input: unknown): Promise<Step[]> {
  const texts = Object.entries(discover(program).components).map(([name, { text }]) => [name, text]);
  const tracer = new RolloutTracer();
  const marked = rewrite(program, Object.fromEntries(texts), { mark: markNode });
  await marked.invoke(input, { callbacks: [tracer] }).catch(() => {});
  return toSteps(tracer.roots);
}
const modelSteps = (steps: readonly Step[]) => [...walkSteps(steps)].filter((step) => step.kind === 'model');
const expectPlain = (steps: readonly Step[]) => expect(JSON.parse(JSON.stringify(steps))).toEqual(steps);

describe('toSteps', () => {
  it('a step has its input and output as plain data', async () => {
    const program = RunnableSequence.from([chat('Sort.'), server.model(), new StringOutputParser()]);
    const steps = await trace(program, { text: 'a b' });
    expect(steps).toMatchObject([
      {
        kind: 'chain',
        name: 'RunnableSequence',
        input: { text: 'a b' },
        output: 'answer to Sort a b',
        children: [
          {
            kind: 'prompt',
            components: ['system', 'human'],
            input: { text: 'a b' },
            output: [
              { role: 'system', content: 'Sort.' },
              { role: 'human', content: 'Sort a b' },
            ],
          },
          {
            kind: 'model',
            name: 'ChatOpenAI',
            components: ['system', 'human'],
            input: [
              { role: 'system', content: 'Sort.' },
              { role: 'human', content: 'Sort a b' },
            ],
            output: 'answer to Sort a b',
            finishReason: 'stop',
            usage: {
              modelCalls: 1,
              inputTokens: 4,
              outputTokens: 5,
              byModel: { simulated: { modelCalls: 1, inputTokens: 4, outputTokens: 5 } },
            },
          },
          { kind: 'other', name: 'StrOutputParser', output: 'answer to Sort a b' },
        ],
      },
    ]);
    expectPlain(steps);
    for (const step of walkSteps(steps)) expect(step.durationMs).toBeGreaterThanOrEqual(0);
  });

  it('a trace shows tool calls, tools, retrievers and errors', async () => {
    const weather = tool(({ city }: { city: string }) => `sunny in ${city}`, {
      name: 'weather',
      description: 'Tells the weather.',
      schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    });
    const retriever = new FakeRetriever({
      output: [new Document({ pageContent: 'A fact.', metadata: { page: 1 } })],
    });
    const program = RunnableSequence.from([
      RunnableLambda.from(async (text: string) => ({ text, facts: await retriever.invoke(text) })),
      chat('Answer.'),
      server.model(),
      RunnableLambda.from((message: AIMessage) => (weather as Runnable).invoke(message.tool_calls![0]!)),
      () => ({ text: 'fail' }),
      chat('Again.'),
      server.model(),
    ]);
    const steps = await trace(program, 'weather');
    const all = [...walkSteps(steps)];
    const call = { name: 'weather', args: { city: 'Rome' }, id: 'c1' };
    expect(all.find((step) => step.kind === 'retriever')!.output).toEqual([
      { pageContent: 'A fact.', metadata: { page: 1 } },
    ]);
    expect(modelSteps(steps)[0]).toMatchObject({
      output: { content: '', toolCalls: [call] },
      finishReason: 'tool_calls',
    });
    expect(all.find((step) => step.kind === 'tool')).toMatchObject({
      name: 'weather',
      output: { role: 'tool', content: 'sunny in Rome' },
    });
    const failed = modelSteps(steps)[1]!;
    expect(failed.error).toMatch(/^400 no such thing/);
    expect(failed.error).not.toContain('at ');
    expect(failed).not.toHaveProperty('output');
    expect(failed.usage).toEqual({ modelCalls: 0, inputTokens: 0, outputTokens: 0 });
    expect(steps[0]!.error).toMatch(/^400/);
    expectPlain(steps);
  });

  it('a trace can be read while the program runs', async () => {
    const tracer = new RolloutTracer();
    const release = new EventEmitter();
    const started = new EventEmitter();
    const program = chat('Sort.').pipe(async () => {
      const released = once(release, 'now');
      started.emit('now');
      await released;
      return 1;
    });
    const hasStarted = once(started, 'now');
    const running = program.invoke({ text: 'x' }, { callbacks: [tracer] });
    await hasStarted;
    const [root] = toSteps(tracer.roots);
    expect(root).toMatchObject({
      name: 'RunnableSequence',
      children: [{ kind: 'prompt' }, { kind: 'chain' }],
    });
    expect(root).not.toHaveProperty('durationMs');
    release.emit('now');
    await running;
  });

  it('the usage of a trace is the sum of its model steps, by model', async () => {
    const program = RunnableParallel.from({
      a: chat('One.').pipe(server.model({ model: 'small' })),
      b: chat('Two words.').pipe(server.model({ model: 'large' })),
      c: chat('One.').pipe(server.model({ model: 'small' })),
    });
    expect(usageOfSteps(await trace(program, { text: 't' }))).toEqual({
      modelCalls: 3,
      inputTokens: 10,
      outputTokens: 12,
      byModel: {
        small: { modelCalls: 2, inputTokens: 6, outputTokens: 8 },
        large: { modelCalls: 1, inputTokens: 4, outputTokens: 4 },
      },
    });
  });

  it('usage includes the tokens that a provider read from and wrote to its cache', async () => {
    const steps = await trace(chat('Sort.').pipe(server.model()), { text: 'this again' });
    const tokens = { modelCalls: 1, inputTokens: 4, cachedInputTokens: 3, outputTokens: 1 };
    expect(usageOfSteps(steps)).toMatchObject({ ...tokens, byModel: { simulated: tokens } });
    // Only newer versions of the provider's package report cache writes.
    const { cacheWriteTokens = 1 } = usageOfSteps(steps);
    expect(cacheWriteTokens).toBe(1);
  });

  it('usage reads cache writes from the usage metadata of a message', () => {
    const usage_metadata = {
      input_tokens: 4,
      output_tokens: 1,
      total_tokens: 5,
      input_token_details: { cache_read: 1, cache_creation: 2 },
    };
    const message = Object.assign(new AIMessage('x'), { usage_metadata });
    const run = { inputs: {}, outputs: { generations: [[{ text: 'x', message }]] }, child_runs: [] };
    expect(readModelCall(run as unknown as Run).usage).toMatchObject({
      cachedInputTokens: 1,
      cacheWriteTokens: 2,
    });
  });

  it('usage reads cached tokens from the format of the provider', () => {
    const prompt_tokens_details = { cached_tokens: 7 };
    const run = (outputs: object) => ({ inputs: {}, outputs, child_runs: [] }) as unknown as Run;
    const message = new AIMessage({ content: 'x', response_metadata: { usage: { prompt_tokens_details } } });
    for (const outputs of [
      {
        generations: [[{ text: 'x' }]],
        llmOutput: { tokenUsage: { promptTokens: 9, completionTokens: 1, prompt_tokens_details } },
      },
      {
        generations: [[{ text: 'x', message }]],
        llmOutput: { tokenUsage: { promptTokens: 9, completionTokens: 1 } },
      },
    ]) {
      expect(readModelCall(run(outputs)).usage).toMatchObject({ inputTokens: 9, cachedInputTokens: 7 });
    }
  });

  it('an answer from a LangChain cache has no usage', async () => {
    const program = chat('Cached.').pipe(server.model({ cache: true }));
    const sent = server.requests.length;
    const [first, second] = [await trace(program, { text: 'c' }), await trace(program, { text: 'c' })];
    expect(server.requests.length - sent).toBe(1);
    expect(usageOfSteps(first)).toMatchObject({ modelCalls: 1, inputTokens: 3 });
    expect(usageOfSteps(second)).toEqual({ modelCalls: 0, inputTokens: 0, outputTokens: 0 });
    expect(modelSteps(second)[0]!.output).toBe('answer to Sort c');
  });

  it('a model step has the finish reason of a truncated answer', async () => {
    const steps = await trace(chat('Sort.').pipe(server.model()), { text: 'long' });
    expect(modelSteps(steps)[0]!.finishReason).toBe('length');
  });
});

describe('attribution', () => {
  const model = new FakeListChatModel({ responses: ['done'] });

  it('prompts in parallel branches are attributed to their own models, also when they render the same', async () => {
    const program = RunnableParallel.from({
      a: chat('Same.').pipe(model),
      b: chat('Same.').pipe(model),
      c: PromptTemplate.fromTemplate('Write it as text: {text}').pipe(model),
      d: PromptTemplate.fromTemplate('Write it as text: {text}').pipe(model),
    });
    const steps = await trace(program, { text: 't' });
    expect(
      modelSteps(steps)
        .map((step) => step.components)
        .sort(),
    ).toEqual([['a.system', 'a.human'], ['b.system', 'b.human'], ['c'], ['d']]);
  });

  it('a prompt that is used twice is attributed to both models', async () => {
    const shared = chat('Shared.');
    const twice = RunnableSequence.from([shared, model, () => ({ text: '2' }), shared, model]);
    expect(modelSteps(await trace(twice, { text: '1' })).map((step) => step.components)).toEqual([
      ['system', 'human'],
      ['system', 'human'],
    ]);
    expect(stepsOf(await trace(twice, { text: '1' }), 'system')).toHaveLength(4);
  });

  it('attribution follows messages through functions, and distinguishes prompts that share a literal message', async () => {
    const literal = new SystemMessage('The same object.');
    const prompt = (human: string) => ChatPromptTemplate.fromMessages([literal, ['human', human]]);
    const program = RunnableSequence.from([
      RunnableParallel.from({
        a: prompt('First.'),
        b: prompt('Second.'),
        c: ChatPromptTemplate.fromMessages([literal]),
      }),
      RunnableLambda.from(
        async ({ a, b, c }: Record<'a' | 'b' | 'c', { toChatMessages(): BaseMessage[] }>) => {
          await model.invoke(a.toChatMessages());
          await model.invoke([b.toChatMessages()[1]!, new HumanMessage('more')]);
          await model.invoke(c.toChatMessages());
          await model.invoke('unrelated');
          return model.invoke([...a.toChatMessages(), new AIMessage('so'), ...b.toChatMessages()]);
        },
      ),
    ]);
    expect(modelSteps(await trace(program, {})).map((step) => step.components)).toEqual([
      ['a.system', 'a.human'],
      ['a.system', 'b.human'],
      ['a.system'],
      undefined,
      ['a.system', 'a.human', 'b.human'],
    ]);
  });

  it('attribution does not follow messages that were passed into a prompt', async () => {
    const conversation = [new HumanMessage('Hello.')];
    const program = RunnableSequence.from([
      RunnableParallel.from({
        answer: ChatPromptTemplate.fromMessages([
          ['system', 'Answer.'],
          ['placeholder', '{messages}'],
        ]).pipe(model),
        other: RunnableLambda.from(() => model.invoke([new SystemMessage('Of code.'), ...conversation])),
      }),
      () => 'done',
    ]);
    expect(
      modelSteps(await trace(program, { messages: conversation })).map((step) => step.components),
    ).toEqual([['answer.system'], undefined]);
  });

  it('a prompt is attributed to a model of strings', async () => {
    const program = PromptTemplate.fromTemplate('Complete: {text}').pipe(new FakeLLM({ response: 'x' }));
    expect(modelSteps(await trace(program, { text: 't' }))).toMatchObject([
      { components: ['prompt'], input: 'Complete: t', output: 'x' },
    ]);
  });
});
