import { createRequire } from 'node:module';
import { AIMessage, HumanMessage, SystemMessage } from '@langchain/core/messages';
import {
  BaseOutputParser,
  CommaSeparatedListOutputParser,
  JsonMarkdownStructuredOutputParser,
  StringOutputParser,
  StructuredOutputParser,
} from '@langchain/core/output_parsers';
import {
  ChatMessagePromptTemplate,
  ChatPromptTemplate,
  FewShotChatMessagePromptTemplate,
  FewShotPromptTemplate,
  HumanMessagePromptTemplate,
  MessagesPlaceholder,
  PipelinePromptTemplate,
  PromptTemplate,
  StructuredPrompt,
  SystemMessagePromptTemplate,
} from '@langchain/core/prompts';
import {
  RouterRunnable,
  type Runnable,
  RunnableBranch,
  RunnableLambda,
  RunnableParallel,
  RunnablePassthrough,
  RunnableSequence,
  RunnableWithMessageHistory,
} from '@langchain/core/runnables';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { MessagesAnnotation, StateGraph } from '@langchain/langgraph';
import { ChatOpenAI } from '@langchain/openai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import { discover } from './discover.ts';

const model = new FakeListChatModel({ responses: ['yes'] });
const chat = (system: string) =>
  ChatPromptTemplate.fromMessages([
    ['system', system],
    ['human', 'Sort this text: {text}'],
  ]);
const names = (program: unknown) => Object.keys(discover(program).components);

describe('component names', () => {
  it('the names of a single prompt are the roles of its messages', () => {
    expect(names(chat('Sort.').pipe(model))).toEqual(['system', 'human']);
    expect(names(chat('Sort.').pipe(model).withConfig({ runName: 'the whole program' }))).toEqual([
      'system',
      'human',
    ]);
    expect(names(PromptTemplate.fromTemplate('Say {x}').pipe(model))).toEqual(['prompt']);
    expect(names(chat('Sort.'))).toEqual(['system', 'human']);
  });

  it('names start with the key or name that distinguishes prompts', () => {
    const program = RunnableSequence.from([
      RunnablePassthrough.assign({ extract: chat('Extract.').pipe(model) }),
      chat('Route.').pipe(model).withConfig({ runName: 'route' }),
      PromptTemplate.fromTemplate('Say it nicely: {text}').withConfig({ runName: 'polish' }),
    ]);
    expect(names(program)).toEqual([
      'extract.system',
      'extract.human',
      'route.system',
      'route.human',
      'polish',
    ]);
  });

  it('names include only the keys needed to distinguish prompts', () => {
    const step = (key: string) => RunnableParallel.from({ [key]: chat(key).pipe(model) });
    const program = RunnableSequence.from([
      RunnableParallel.from({ left: step('draft'), right: step('draft') }),
      RunnableParallel.from({ outer: step('check') }),
    ]);
    expect(names(program).filter((name) => name.endsWith('system'))).toEqual([
      'left.draft.system',
      'right.draft.system',
      'check.system',
    ]);
  });

  it('names that would be equal are numbered', () => {
    const program = RunnableSequence.from([
      ChatPromptTemplate.fromMessages([
        ['system', 'One.'],
        ['human', 'Example.'],
        ['ai', 'Answer.'],
        ['human', 'Sort this now: {text}'],
      ]),
      model,
      () => ({ text: '' }),
      PromptTemplate.fromTemplate('Two {text}'),
      model,
      PromptTemplate.fromTemplate('Three {text}'),
    ]);
    expect(names(program)).toEqual([
      'prompt.system',
      'prompt.human',
      'prompt.ai',
      'prompt.human2',
      'prompt2',
      'prompt3',
    ]);
  });

  it('names never collide, also with keys that look like names', () => {
    const program = RunnableParallel.from({
      a: chat('One.'),
      'a.system': PromptTemplate.fromTemplate('Two.'),
      prompt: PromptTemplate.fromTemplate('Three.'),
      b: RunnableParallel.from({
        a: RunnableParallel.from({ system: PromptTemplate.fromTemplate('Four.') }),
      }),
    });
    expect(names(program)).toEqual(['a.system', 'a.human', 'a.system2', 'prompt', 'b.a.system']);
  });

  it('names do not depend on the texts', () => {
    const withHuman = (text: string) =>
      ChatPromptTemplate.fromMessages([new HumanMessage(text), ['human', 'Now.']]);
    expect(names(chat('A').pipe(model))).toEqual(names(chat('B {x}').pipe(model)));
    expect(names(withHuman('First.'))).toEqual(['human', 'human2']);
    expect(names(withHuman(''))).toEqual(['human2']);
  });
});

describe('discover in containers', () => {
  const one = PromptTemplate.fromTemplate('Some words');
  it.each([
    ['a sequence', RunnableSequence.from([one, model, new StringOutputParser()]), 'prompt', 'step 1'],
    ['a map', RunnableParallel.from({ a: one }), 'a', 'key "a"'],
    ['an assign', RunnablePassthrough.assign({ a: one }), 'a', 'key "a"'],
    ['a binding', one.withConfig({ tags: ['x'] }), 'prompt', 'PromptTemplate'],
    ['a retry', one.pipe(model).withRetry({ stopAfterAttempt: 2 }), 'prompt', 'step 1'],
    [
      'a fallback',
      RunnableLambda.from(() => 'x').withFallbacks([one.pipe(new StringOutputParser() as never)]),
      'fallback1',
      'fallback 1 › step 1',
    ],
    ['a router', new RouterRunnable({ runnables: { math: one } }), 'math', 'key "math"'],
  ] as const)('discover finds the texts in %s', (_name, program, name, location) => {
    const { components } = discover(program);
    expect(Object.keys(components)).toEqual([name]);
    expect(components[name]!.location).toContain(location);
  });

  it('discover finds the texts in a branch: conditions, branches and default', () => {
    const program = RunnableBranch.from([
      [PromptTemplate.fromTemplate('Is it so?').pipe(() => true), chat('First.').pipe(model)],
      [() => true, chat('Second.').pipe(model).withConfig({ runName: 'billing' })],
      chat('Else.').pipe(model),
    ]);
    expect(names(program).filter((name) => !name.endsWith('human'))).toEqual([
      'condition1',
      'branch1.system',
      'billing.system',
      'default.system',
    ]);
  });

  it('discover finds the texts in a message history', () => {
    const program = new RunnableWithMessageHistory({
      runnable: chat('Talk.').pipe(model),
      getMessageHistory: () => {
        throw new Error('not called');
      },
      inputMessagesKey: 'text',
    });
    expect(names(program)).toEqual(['system', 'human']);
  });
});

describe('discover in prompts', () => {
  it('discover finds the texts of every type of message', () => {
    const prompt = ChatPromptTemplate.fromMessages([
      new SystemMessage('Be {literal}.'),
      HumanMessagePromptTemplate.fromTemplate([
        { text: 'Look at {thing}.' },
        { image_url: 'data:image/png;base64,{image}' },
        { type: 'text', text: 'And say {word}.', cache_control: { type: 'ephemeral' } },
      ]),
      new AIMessage({ content: [{ type: 'text', text: 'I look.' }] }),
      ChatMessagePromptTemplate.fromTemplate('Write as {{"role": "{role}"}}', 'critic'),
      new MessagesPlaceholder('history'),
      new HumanMessage(''),
    ]);
    const { components, skipped } = discover(prompt);
    expect(Object.entries(components).map(([name, { text, variables }]) => [name, text, variables])).toEqual([
      ['system', 'Be {literal}.', undefined],
      ['human', 'Look at {thing}.', ['thing']],
      ['human2', 'And say {word}.', ['word']],
      ['ai', 'I look.', undefined],
      ['critic', 'Write as {"role": "{role}"}', ['role']],
    ]);
    expect(components.human2!.location).toBe('ChatPromptTemplate › message 2 (human) › content part 3');
    expect(components.human2!.description).toBe('Message 2 (human), content part 3 of a prompt.');
    expect(skipped).toEqual([]);
  });

  it('discover decodes mustache templates', () => {
    const prompt = ChatPromptTemplate.fromMessages([['system', 'Use {"a": {{b}}}']], {
      templateFormat: 'mustache',
    });
    expect(discover(prompt).components.system).toMatchObject({
      text: 'Use {"a": {b}}',
      variables: ['b'],
      kind: 'prompt',
    });
  });

  it('discover finds the texts of few-shot and pipeline prompts', () => {
    const examplePrompt = PromptTemplate.fromTemplate('Q: {q}');
    const fewShot = new FewShotPromptTemplate({
      examplePrompt,
      examples: [{ q: '1' }],
      prefix: 'Answer them.',
      suffix: 'Answer this question: {q}',
      inputVariables: ['q'],
    });
    expect(names(fewShot)).toEqual(['prefix', 'suffix']);
    expect(discover(fewShot).skipped).toMatchObject([{ location: 'FewShotPromptTemplate › example prompt' }]);
    const shots = new FewShotChatMessagePromptTemplate({
      examplePrompt: ChatPromptTemplate.fromMessages([['human', 'Answer {q}']]),
      examples: [{ q: '1' }],
      inputVariables: [],
    });
    expect(names(ChatPromptTemplate.fromMessages([['system', 'Answer.'], shots as never]))).toEqual([
      'system',
      'example.human',
    ]);
    const pipeline = new PipelinePromptTemplate({
      pipelinePrompts: [{ name: 'intro', prompt: PromptTemplate.fromTemplate('You are {person}.') }],
      finalPrompt: PromptTemplate.fromTemplate('{intro} Now do it.'),
    });
    expect(names(pipeline)).toEqual(['intro', 'final']);
  });

  it('discover finds the texts of structured prompts', () => {
    const prompt = StructuredPrompt.fromMessagesAndSchema([['system', 'Fill it in.']], { type: 'object' });
    expect(names(prompt.pipe(new ChatOpenAI({ apiKey: 'x' })))).toEqual(['system']);
  });

  it('discover finds partial variables that are instructions, and skips values and functions', async () => {
    const prompt = await chat('Follow {rules} in {language} on {day}.').partial({
      rules: 'Answer with one word, in lower case {always}.',
      language: 'Dutch',
      day: () => 'Monday',
    });
    const { components, skipped } = discover(prompt);
    expect(Object.keys(components)).toEqual(['system', 'human', 'rules']);
    expect(components.rules).toMatchObject({
      kind: 'text',
      text: 'Answer with one word, in lower case {always}.',
    });
    expect(components.rules).not.toHaveProperty('variables');
    expect(skipped).toMatchObject([
      {
        location: 'ChatPromptTemplate › partial variable "day"',
        reason: expect.stringContaining('a function'),
      },
      { name: 'language', reason: 'it looks like a value, not an instruction' },
    ]);
  });
});

describe('skipped parts', () => {
  it('a template of nothing but variables is skipped unless included by name', () => {
    const prompt = ChatPromptTemplate.fromMessages([
      ['system', 'Sort it.'],
      ['human', '"{text}"'],
    ]);
    expect(discover(prompt).skipped).toMatchObject([
      { name: 'human', reason: 'it has no words besides its variables' },
    ]);
    expect(Object.keys(discover(prompt, { include: ['human'] }).components)).toEqual(['system', 'human']);
  });

  it.each([
    ['{text}\nAnswer:', true],
    ['Question: {text}\nAnswer:', true],
    ['### Input\n{text}\n\n### Response:\n', true],
    ['<ticket>{text}</ticket>', true],
    ['回答：{text}', true],
    ['Reply to {text}', false],
    ['Translate to French: {text}', false],
    ['请用一句话总结下面的文章：{text}', false],
    ['Context: {text}\nAnswer the question in one word.', false],
  ])('a template %j beside a prompt with words is skipped: %s', (template, isSkipped) => {
    const prompt = ChatPromptTemplate.fromMessages([
      ['system', 'Sort it.'],
      ['human', template],
    ]);
    const { components, skipped } = discover(prompt);
    expect(Object.keys(components)).toEqual(isSkipped ? ['system'] : ['system', 'human']);
    expect(skipped).toMatchObject(
      isSkipped
        ? [
            {
              name: 'human',
              reason: 'it has only labels besides its variables',
              hint: expect.stringContaining('include'),
            },
          ]
        : [],
    );
    expect(Object.keys(discover(prompt, { include: ['human'] }).components)).toEqual(['system', 'human']);
  });

  it('a template with only labels is a component only where the program, or the part, has no other text', () => {
    const label = (): Runnable => ChatPromptTemplate.fromTemplate('Question: {question}\nAnswer:');
    expect(Object.keys(discover(label().pipe(model)).components)).toEqual(['human']);
    expect(Object.keys(discover(label().pipe(model).pipe(label())).components)).toHaveLength(2);
    const beside = discover(chat('Sort it.').pipe(model).pipe(label()));
    expect(Object.values(beside.components).map(({ text }) => text)).toEqual([
      'Sort it.',
      'Sort this text: {text}',
    ]);
    expect(beside.skipped.map(({ reason }) => reason)).toEqual(['it has only labels besides its variables']);
    const named = gepa(chat('Sort it.').pipe(model), { parts: { answer: label() } });
    expect(Object.keys(named.components)).toContain('answer.human');
  });

  it('the instructions of output parsers are recognized by their words, whatever the variable is called', async () => {
    const prompt = await ChatPromptTemplate.fromMessages([
      ['system', 'Sort the ticket.\n{list}\n{shape}'],
    ]).partial({
      list: new CommaSeparatedListOutputParser().getFormatInstructions(),
      shape: new JsonMarkdownStructuredOutputParser(z.object({ label: z.string() })).getFormatInstructions(),
    });
    expect(Object.keys(discover(prompt).components)).toEqual(['system']);
  });

  it('the instructions of an output parser are skipped unless included by name', async () => {
    const parser = StructuredOutputParser.fromZodSchema(z.object({ label: z.string() }));
    const prompt = await ChatPromptTemplate.fromMessages([
      ['system', 'Sort the ticket.\n{format_instructions}\n{shape}\n{rules}'],
      ['human', '{text}'],
    ]).partial({
      format_instructions: 'Answer with a list of comma separated values.',
      shape: parser.getFormatInstructions(),
      rules: 'Refunds go to billing, everything else to support.',
    });
    const { components, skipped } = discover(prompt);
    expect(Object.keys(components)).toEqual(['system', 'rules']);
    expect(skipped.map(({ name, reason }) => [name, reason])).toEqual([
      ['human', 'it has no words besides its variables'],
      ['format_instructions', 'it is the format that an output parser expects'],
      ['shape', 'it is the format that an output parser expects'],
    ]);
    expect(Object.keys(discover(prompt, { include: ['shape'] }).components)).toContain('shape');
  });

  it('the instructions of a parser of your own are skipped under any name of their variable', async () => {
    class Verdict extends BaseOutputParser<string> {
      lc_namespace = ['own'];
      parse = async (text: string) => text;
      getFormatInstructions = () => 'First the verdict in capitals, then a full stop.';
    }
    const parser = new Verdict();
    const prompt = await ChatPromptTemplate.fromMessages([
      ['system', 'Judge the answer.\n{how}\n{rules}'],
      ['human', '{text}'],
    ]).partial({
      how: `Mind this: ${parser.getFormatInstructions()}`,
      rules: 'Refunds go to billing, everything else to support.',
    });
    const program = RunnableSequence.from([prompt, new ChatOpenAI({ apiKey: 'x' }), parser]);
    expect(Object.keys(discover(program).components)).toEqual(['system', 'rules']);
    expect(Object.keys(discover(program, { include: ['how'] }).components)).toContain('how');
  });

  it('functions, ambiguous templates and descriptions are skipped, with hints', () => {
    const program = RunnableSequence.from([
      RunnableLambda.from((text: string) => ({ text })),
      ChatPromptTemplate.fromMessages([['system', 'Write {{text}} for {text}.']]),
      new ChatOpenAI({ apiKey: 'x' }).bindTools([
        { type: 'function', function: { name: 'f', description: 'Does f.', parameters: {} } },
      ]),
      new StringOutputParser(),
    ]);
    const { components, skipped, inspected } = discover(program);
    expect(components).toEqual({});
    expect(skipped.map(({ type, location, hint }) => [type, location, hint !== undefined])).toEqual([
      ['RunnableLambda', 'step 1 › RunnableLambda', true],
      ['PromptTemplate', 'step 2 › ChatPromptTemplate › message 1 (system)', true],
      ['ChatOpenAI', 'step 3 › tool "f"', true],
    ]);
    expect(inspected.map(({ type }) => type)).toEqual([
      'RunnableSequence',
      'RunnableLambda',
      'ChatPromptTemplate',
      'SystemMessagePromptTemplate',
      'PromptTemplate',
      'ChatOpenAI',
      'StrOutputParser',
    ]);
  });

  it.each([
    ['a function', () => 'x', 'it is code'],
    ['undefined', undefined, 'it is undefined, not a part of a program'],
    ['an object', { run: 1 }, 'not a LangChain runnable'],
    ['a promise', Promise.resolve(model), 'a promise'],
    ['a graph that is not compiled', new StateGraph(MessagesAnnotation), 'not compiled'],
  ])('discover finds nothing in %s and gives the reason', (_name, program, reason) => {
    expect(discover(program)).toMatchObject({
      components: {},
      skipped: [{ reason: expect.stringContaining(reason) }],
    });
  });
});

it('discover finds an object that occurs twice once', () => {
  const shared = chat('Shared.');
  const program = RunnableParallel.from({ a: shared.pipe(model), b: shared.pipe(model) });
  expect(names(program)).toEqual(['a.system', 'a.human']);
  const system = SystemMessagePromptTemplate.fromTemplate('The same.');
  const two = RunnableParallel.from({
    a: ChatPromptTemplate.fromMessages([system, ['human', 'One']]),
    b: ChatPromptTemplate.fromMessages([system, ['human', 'Two']]),
  });
  expect(names(two)).toEqual(['a.system', 'a.human', 'b.human']);
});

it('discover reads programs of another copy of LangChain', () => {
  const require = createRequire(import.meta.url);
  const other = require('@langchain/core/prompts') as typeof import('@langchain/core/prompts');
  expect(other.ChatPromptTemplate).not.toBe(ChatPromptTemplate);
  const program = other.ChatPromptTemplate.fromMessages([
    ['system', 'From afar.'],
    new other.HumanMessagePromptTemplate(other.PromptTemplate.fromTemplate('Hello {name}')),
  ]).pipe(model);
  expect(names(program)).toEqual(['system', 'human']);
});
