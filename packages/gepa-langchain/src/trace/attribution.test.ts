import { AIMessage, type BaseMessage, HumanMessage, SystemMessage } from '@langchain/core/messages';
import { ChatPromptTemplate, PromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda } from '@langchain/core/runnables';
import { stepsOf } from 'gepa-core/adapter';
import { createAgent, createMiddleware, dynamicSystemPromptMiddleware } from 'langchain';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { gepa } from '../gepa.ts';
import { metered } from '../metered/metered-client.ts';
import type { GepaOptions } from '../options.ts';
import { fakeModel } from '../testing/fake-model.ts';
import { useOpenAIServer } from '../testing/openai-server.ts';
import { tunable } from '../tunable.ts';

const server = useOpenAIServer(({ messages }) => `Answer to: ${JSON.stringify(messages).slice(0, 500)}`);

type Question = { topic: string; q: string };
const question = { topic: 'cats', q: 'Why do they purr?' };

/** By component: what the models answered in its calls, in a rollout of the seed. */
async function answersOf(program: object, options: GepaOptions, input: unknown = question) {
  const target = gepa(program as never, options);
  const answers: Record<string, string[]> = {};
  await target.evaluate({
    examples: [{ input: input as never }],
    metric: ({ trace }) => {
      for (const name of Object.keys(target.components)) {
        const models = stepsOf(trace!, name).filter(({ kind }) => kind === 'model');
        answers[name] = models.map(({ output }) => String(output));
      }
      return 0.5;
    },
  });
  target.dispose();
  return answers;
}

/** What the reflection model reads about the first rollout. */
async function recordOf(program: object, options: GepaOptions, input: unknown = question): Promise<string> {
  const prompts: string[] = [];
  await gepa(program as never, options).compile({
    trainset: [{ input: input as never }],
    metric: () => 0.5,
    maxIterations: 1,
    reflectionModel: async ({ prompt }) => {
      prompts.push(prompt);
      return 'no text';
    },
  });
  return prompts[0]!.slice(prompts[0]!.indexOf('# Runs'));
}

const answering = (...answers: string[]) =>
  answers.reduce((model, text) => model.respond(new AIMessage(text)), fakeModel());

describe('a prompt that is used without a run', () => {
  const chat = () =>
    ChatPromptTemplate.fromMessages([
      ['system', 'You explain {topic} to children.'],
      ['human', '{q}'],
    ]);
  const text = () => PromptTemplate.fromTemplate('You explain {topic} to children: {q}');
  const prompt = chat();
  const template = text();
  const agentWith = (middleware: unknown) => {
    const agent = createAgent({ model: server.model(), tools: [], middleware: [middleware] as never[] });
    return RunnableLambda.from(async ({ q }: Question) => {
      const { messages } = await agent.invoke({ messages: [{ role: 'user', content: q }] } as never);
      return (messages as BaseMessage[]).at(-1)!.text;
    });
  };
  const client = () => metered(new OpenAI({ apiKey: 'unused', baseURL: server.url }));

  it.each<[string, () => object, Record<string, object>]>([
    [
      'formatMessages',
      () => RunnableLambda.from(async (x: Question) => server.model().invoke(await prompt.formatMessages(x))),
      { prompt },
    ],
    [
      'formatMessages, with a conversation after it',
      () =>
        RunnableLambda.from(async (x: Question) =>
          server.model().invoke([...(await prompt.formatMessages(x)), new HumanMessage('And more?')]),
        ),
      { prompt },
    ],
    [
      'formatPromptValue',
      () =>
        RunnableLambda.from(async (x: Question) => server.model().invoke(await prompt.formatPromptValue(x))),
      { prompt },
    ],
    [
      'format within a message',
      () =>
        RunnableLambda.from(async (x: Question) =>
          server.model().invoke([new SystemMessage(await template.format(x)), new HumanMessage(x.q)]),
        ),
      { template },
    ],
    [
      'format for a metered client',
      () =>
        RunnableLambda.from(async (x: Question) =>
          client().chat.completions.create({
            model: 'simulated',
            messages: [{ role: 'user', content: await template.format(x) }],
          }),
        ),
      { template },
    ],
    [
      'a prompt whose messages are copied before they are sent',
      () =>
        prompt
          .pipe((value) => value.toChatMessages().map(({ text }) => new SystemMessage(text)))
          .pipe(server.model()),
      {},
    ],
    [
      'format in dynamicSystemPromptMiddleware',
      () => agentWith(dynamicSystemPromptMiddleware(() => template.format(question) as never)),
      { template },
    ],
    [
      'format in wrapModelCall',
      () =>
        agentWith(
          createMiddleware({
            name: 'rules',
            wrapModelCall: async (request, handler) =>
              handler({ ...request, systemMessage: new SystemMessage(await template.format(question)) }),
          }),
        ),
      { template },
    ],
  ])('is attributed to the calls that it was sent to: %s', async (_, program, parts) => {
    const answers = await answersOf(program(), { parts } as GepaOptions);
    expect(Object.keys(answers)).toHaveLength(1);
    expect(Object.values(answers)).toEqual([[expect.stringContaining('You explain cats to children')]]);
    const record = await recordOf(program(), { parts } as GepaOptions);
    expect(record).toContain('What the model saw');
    expect(record).toContain('Answer to:');
    expect(record).not.toContain('no call of this run');
  });

  it('several prompts are attributed to their own calls, with and without runs', async () => {
    const [sort, sum, check] = ['Sort {q}.', 'Sum up {q}.', 'Check {q}.'].map((words) =>
      ChatPromptTemplate.fromMessages([
        ['system', words],
        ['human', '{q}'],
      ]),
    );
    const model = answering('sorted', 'summed', 'checked', 'checked again');
    const program = RunnableLambda.from(async (x: Question) => {
      await model.invoke(await sort!.formatMessages(x));
      await model.invoke(await sum!.formatMessages(x));
      await check!.pipe(model).invoke(x);
      return (await model.invoke(await check!.formatMessages(x))).text;
    });
    const parts = { sort: sort!, sum: sum!, check: check! };
    expect(await answersOf(program, { parts })).toEqual({
      'sort.system': ['sorted'],
      'sum.system': ['summed'],
      'check.system': ['checked', 'checked again'],
    });
  });

  it('a prompt that was not read is not attributed to a call with the same words', async () => {
    const used = chat();
    const unused = chat();
    const model = answering('yes');
    const program = RunnableLambda.from(async (x: Question) => {
      if (x.q === 'never') await unused.formatMessages(x);
      return (await model.invoke(await used.formatMessages(x))).text;
    });
    expect(await answersOf(program, { parts: { used, unused } })).toEqual({
      'used.system': ['yes'],
      'unused.system': [],
    });
  });
});

describe('a text that the program changes before it sends it', () => {
  it('is attributed to the calls that no other text was sent to', async () => {
    const style = tunable('style', 'Answer in one sentence.');
    const prompt = ChatPromptTemplate.fromMessages([
      ['system', 'Check the answer.'],
      ['human', '{answer}'],
    ]);
    const model = answering('an answer', 'checked');
    const program = RunnableLambda.from(async ({ q }: Question) => {
      const answer = (await model.invoke(`${style.text.toUpperCase()}\n${q}`)).text;
      return (await prompt.pipe(model).invoke({ answer })).text;
    });
    const options = { parts: { prompt }, tunables: [style] };
    expect(await answersOf(program, options)).toEqual({
      'prompt.system': ['checked'],
      style: ['an answer'],
    });
  });

  it('is not attributed to any call if it was not read', async () => {
    const style = tunable('style', 'Answer in one sentence.');
    const model = answering('an answer');
    const program = RunnableLambda.from(async ({ q }: Question) =>
      q === 'never' ? style.text : (await model.invoke('Something else.')).text,
    );
    expect(await answersOf(program, { tunables: [style] })).toEqual({ style: [] });
  });
});
