import { AIMessage, type BaseMessage, HumanMessage, SystemMessage } from '@langchain/core/messages';
import { ChatPromptTemplate, PromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { stepsOf } from 'gepa-core/adapter';
import { createAgent, createMiddleware, dynamicSystemPromptMiddleware } from 'langchain';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
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

describe('agents with the same system prompt', () => {
  const expert = (name: string, answer: string, tools: never[] = []) =>
    createAgent({ name, model: answering(answer) as never, tools, systemPrompt: 'You are careful.' });
  const say = async (agent: ReturnType<typeof expert>, config?: object) => {
    const { messages } = await agent.invoke({ messages: [new HumanMessage('Go.')] }, config);
    return messages.at(-1)!.text;
  };

  it('are attributed to their own calls by their names', async () => {
    const [a, b] = [expert('alpha', 'from alpha'), expert('beta', 'from beta')];
    const program = RunnableLambda.from(async () => (await say(a)) + (await say(b)));
    expect(await answersOf(program, { parts: { a, b } })).toEqual({
      'a.system': ['from alpha'],
      'b.system': ['from beta'],
    });
  });

  it('are attributed to their own calls if a tool of one calls the other', async () => {
    const inner = expert('inner', 'from inner');
    const ask = tool((_, config) => say(inner, config), {
      name: 'ask',
      description: 'Asks.',
      schema: z.object({}),
    });
    const outer = createAgent({
      name: 'outer',
      model: fakeModel()
        .respondWithTools([{ name: 'ask', args: {}, id: 'a' }])
        .respond(new AIMessage('from outer')) as never,
      tools: [ask],
      systemPrompt: 'You are careful.',
    });
    const answers = await answersOf(outer, { parts: { inner } }, { messages: [new HumanMessage('Go.')] });
    expect(answers).toEqual({
      'inner.system': ['from inner'],
      system: [expect.anything(), 'from outer'],
    });
  });
});

describe('a description', () => {
  it('that no call sends is left out of the search, with a warning', async () => {
    const shown = tool(async () => 'x', { name: 'shown', description: 'Is shown.', schema: z.object({}) });
    const hidden = tool(async () => 'x', { name: 'hidden', description: 'Is hidden.', schema: z.object({}) });
    const agent = createAgent({
      model: server.model(),
      tools: [shown, hidden],
      systemPrompt: 'You help.',
      middleware: [
        createMiddleware({
          name: 'hides',
          wrapModelCall: (request, handler) =>
            handler({ ...request, tools: request.tools.filter((one) => one !== hidden) }),
        }),
      ],
    });
    const asked = new Set<string>();
    const { result } = await gepa(agent, { tools: true }).compile({
      trainset: [{ input: { messages: [{ role: 'user' as const, content: 'Go.' }] } }],
      metric: () => 0.5,
      reflectionModel: async ({ prompt }) => {
        for (const text of ['You help.', 'Is shown.', 'Is hidden.'])
          if (prompt.includes(`\n${text}\n`)) asked.add(text);
        return 'no text';
      },
      maxIterations: 4,
      componentSelector: 'round_robin',
    });
    expect(result.warnings.join()).toContain('tools.hidden');
    expect([...asked].sort()).toEqual(['Is shown.', 'You help.']);
  });

  it('counts as sent where the calls show no descriptions', async () => {
    const shown = tool(async () => 'x', { name: 'shown', description: 'Is shown.', schema: z.object({}) });
    const agent = createAgent({
      model: answering('yes') as never,
      tools: [shown],
      systemPrompt: 'You help.',
    });
    const { warnings } = await gepa(agent, { tools: true }).evaluate({
      examples: [{ input: { messages: [{ role: 'user' as const, content: 'Go.' }] } }],
      metric: () => 0.5,
    });
    expect(warnings.join()).not.toContain('No rollout');
  });
});
