import { createRequire } from 'node:module';
import { InMemoryChatMessageHistory } from '@langchain/core/chat_history';
import { load } from '@langchain/core/load';
import { AIMessage, type BaseMessage, HumanMessage, SystemMessage } from '@langchain/core/messages';
import { StringOutputParser } from '@langchain/core/output_parsers';
import {
  ChatPromptTemplate,
  FewShotPromptTemplate,
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
import { ChatOpenAI } from '@langchain/openai';
import fc from 'fast-check';
import { CandidateMismatchError, GepaError } from 'gepa-core';
import { describe, expect, it } from 'vitest';
import { checkNames } from './check-names.ts';
import { discover } from './discover.ts';
import { inspectProgram } from './inspect-program.ts';
import { componentsKey, markNode } from './mark-node.ts';
import { rewrite } from './rewrite.ts';

/** A stand-in for a model that returns its prompt. */
const echo = RunnableLambda.from((prompt: { toString(): string }) => prompt.toString());
const chat = (system: string) =>
  ChatPromptTemplate.fromMessages([
    ['system', system],
    ['human', 'Sort {text}'],
  ]);
const step = (map: unknown, key: string) => (map as { steps: Record<string, unknown> }).steps[key];
const texts = (program: unknown) =>
  Object.fromEntries(Object.entries(discover(program).components).map(([name, { text }]) => [name, text]));

describe('a rewritten program', () => {
  const first = chat('First.').pipe(echo);
  const one = RunnableLambda.from(() => 1);
  it.each<[string, { invoke(input: unknown): Promise<unknown> }, string, unknown]>([
    [
      'a sequence',
      RunnableSequence.from([chat('Old.'), echo, new StringOutputParser() as never]),
      'system',
      { text: 't' },
    ],
    ['a map', RunnableParallel.from({ a: chat('Old.').pipe(echo), b: first }), 'a.system', { text: 't' }],
    [
      'an assign',
      RunnablePassthrough.assign({ a: chat('Old.').pipe(echo), b: one }),
      'a.system',
      { text: 't' },
    ],
    [
      'a binding',
      chat('Old.')
        .pipe(echo)
        .withConfig({ tags: ['x'] }),
      'system',
      { text: 't' },
    ],
    ['a retry', chat('Old.').pipe(echo).withRetry(), 'system', { text: 't' }],
    [
      'a binding with listeners',
      chat('Old.')
        .pipe(echo)
        .withListeners({ onEnd: () => {} }),
      'system',
      { text: 't' },
    ],
    [
      'a fallback',
      RunnableLambda.from((_: { text: string }): string => {
        throw new Error('down');
      }).withFallbacks([chat('Old.').pipe(echo)]),
      'fallback1.system',
      { text: 't' },
    ],
    [
      'a router',
      new RouterRunnable({ runnables: { a: chat('Old.').pipe(echo), b: first } }),
      'a.system',
      { key: 'a', input: { text: 't' } },
    ],
    [
      'a branch',
      RunnableBranch.from([[() => true, chat('Old.').pipe(echo)], first]),
      'branch1.system',
      { text: 't' },
    ],
  ])(
    'a rewritten program that is %s runs with the new text, keeps its class and serializes',
    async (_name, program, name, input) => {
      const before = JSON.stringify(program);
      const renderedBefore = JSON.stringify(await program.invoke(input));
      const changed = rewrite(program, { [name]: 'New {"a": {"b": 1}}, {{c}}.' });
      const output = JSON.stringify(await changed.invoke(input));
      expect(output).toBe(
        renderedBefore.replace('Old.', JSON.stringify('New {"a": {"b": 1}}, {{c}}.').slice(1, -1)),
      );
      expect(Object.getPrototypeOf(changed)).toBe(Object.getPrototypeOf(program));
      expect(JSON.stringify(changed)).toBe(
        before.replace('Old.', 'New {{\\"a\\": {{\\"b\\": 1}}}}, {{{{c}}}}.'),
      );
      expect(JSON.stringify(program)).toBe(before);
      expect(discover(changed).components[name]!.text).toBe('New {"a": {"b": 1}}, {{c}}.');
    },
  );

  it('a rewritten message history keeps the history', async () => {
    const store = new InMemoryChatMessageHistory();
    const prompt = ChatPromptTemplate.fromMessages([
      ['system', 'Old.'],
      ['placeholder', '{history}'],
      ['human', '{text}'],
    ]);
    const program = new RunnableWithMessageHistory({
      runnable: prompt.pipe(
        (value: { toChatMessages(): BaseMessage[] }) =>
          new AIMessage(String(value.toChatMessages()[0]!.content)),
      ),
      getMessageHistory: () => store,
      inputMessagesKey: 'text',
      historyMessagesKey: 'history',
    });
    const changed = rewrite(program, { system: 'New.' });
    const config = { configurable: { sessionId: '1' } };
    expect((await changed.invoke({ text: 'hi' }, config)).content).toBe('New.');
    expect((await program.invoke({ text: 'ho' }, config)).content).toBe('Old.');
    expect((await store.getMessages()).map((message) => message.content)).toEqual([
      'hi',
      'New.',
      'ho',
      'Old.',
    ]);
    expect(Object.keys(JSON.parse(JSON.stringify(changed)))).toEqual(
      Object.keys(JSON.parse(JSON.stringify(program))),
    );
  });

  it('rewritten literals, few-shot prompts, pipelines and partial variables render the new texts', async () => {
    const literal = ChatPromptTemplate.fromMessages([
      new SystemMessage('Old {x}'),
      new HumanMessage({ content: [{ type: 'text', text: 'Look.' }] }),
    ]);
    const changed = rewrite(literal, { system: 'New {{x}}', human: 'See.' });
    expect((await changed.formatMessages({})).map((message) => message.content)).toEqual([
      'New {{x}}',
      [{ type: 'text', text: 'See.' }],
    ]);
    expect(JSON.stringify(changed)).toContain('New {{x}}');

    const fewShot = new FewShotPromptTemplate({
      examplePrompt: PromptTemplate.fromTemplate('Q: {q}'),
      examples: [{ q: '1' }],
      prefix: 'Answer {how}.',
      suffix: 'Q: {q}',
      inputVariables: ['q', 'how'],
    });
    const shot = rewrite(fewShot, { prefix: 'As {"a": "{how}"}:', suffix: 'Question: {q}' });
    expect(await shot.format({ q: '2', how: 'x' })).toBe('As {"a": "x"}:\n\nQ: 1\n\nQuestion: 2');

    const pipeline = new PipelinePromptTemplate({
      pipelinePrompts: [{ name: 'intro', prompt: PromptTemplate.fromTemplate('You are {person}.') }],
      finalPrompt: PromptTemplate.fromTemplate('{intro} Now do it.'),
    });
    const piped = rewrite(pipeline, { intro: 'Be {person} {}.', final: '{intro} Go.' });
    expect(await piped.format({ person: 'kind' })).toBe('Be kind {}. Go.');

    const partial = await chat('Follow {rules}.').partial({ rules: 'one two three four five' });
    const values = rewrite(partial, { rules: 'six {seven}' });
    expect((await values.invoke({ text: 't' })).messages[0]!.content).toBe('Follow six {seven}.');
  });

  it('rewrite shares unchanged parts and returns the program itself when nothing changes', () => {
    const kept = chat('Kept.');
    const program = RunnableParallel.from({ a: chat('Old.').pipe(echo), b: kept.pipe(echo) });
    expect(rewrite(program, texts(program))).toBe(program);
    const changed = rewrite(program, { 'a.system': 'New.' });
    expect(step(changed, 'b')).toBe(step(program, 'b'));
    expect(step(changed, 'a')).not.toBe(step(program, 'a'));
  });

  it('rewrite changes an object that occurs twice in both places', async () => {
    const shared = SystemMessagePromptTemplate.fromTemplate('Old.');
    const prompt = (human: string) => ChatPromptTemplate.fromMessages([shared, ['human', human]]);
    const changed = rewrite(RunnableParallel.from({ a: prompt('A').pipe(echo), b: prompt('B').pipe(echo) }), {
      'a.system': 'New.',
    });
    expect(await changed.invoke({})).toEqual({ a: 'System: New.\nHuman: A', b: 'System: New.\nHuman: B' });
  });

  it('a rewritten prompt declares only the variables that it still uses', async () => {
    const program = ChatPromptTemplate.fromMessages([
      ['system', 'Use {a} and {b}.'],
      ['human', 'With {b}: {c}'],
    ]);
    const changed = rewrite(program, { system: 'Use nothing.' });
    expect(changed.inputVariables).toEqual(['b', 'c']);
    // LangChain's constructor checks the declared variables against the used ones.
    expect((await changed.partial({ c: '1' })).inputVariables).toEqual(['b']);
    expect(program.inputVariables).toEqual(['a', 'b', 'c']);
  });

  it('rewrite copies frozen prompts', () => {
    const prompt = Object.freeze(PromptTemplate.fromTemplate('Old {x}'));
    expect(rewrite(prompt, { prompt: 'New {x}' }).template).toBe('New {x}');
  });

  it('LangChain can serialize and load a rewritten prompt', async () => {
    const changed = rewrite(chat('Old.'), { system: 'New {"a": 1}.' });
    const loaded = await load<ChatPromptTemplate>(JSON.stringify(changed));
    expect((await loaded.invoke({ text: 't' })).messages[0]!.content).toBe('New {"a": 1}.');
  });

  it('a rewritten program of another copy of LangChain runs with that copy', async () => {
    const require = createRequire(import.meta.url);
    const other = require('@langchain/core/prompts') as typeof import('@langchain/core/prompts');
    const program = other.ChatPromptTemplate.fromMessages([
      ['system', 'Old.'],
      ['human', '{text}!'],
    ]).pipe(echo as never);
    const changed = rewrite(program, { system: 'New {x}.', human: 'Say {text}' });
    expect(await changed.invoke({ text: 't' })).toBe('System: New {x}.\nHuman: Say t');
    expect(await program.invoke({ text: 't' })).toBe('System: Old.\nHuman: t!');
  });
});

it('rewrite changes exactly the named text of any program, and no name', () => {
  const { tree } = fc.letrec<{ tree: Runnable }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.string().map((text) =>
        ChatPromptTemplate.fromMessages([
          ['system', `Sort ${doubled(text)}`],
          ['ai', 'So {x}'],
        ]),
      ),
      fc.string().map((text) => PromptTemplate.fromTemplate(`Say ${doubled(text)}`)),
      fc
        .array(tie('tree'), { minLength: 2, maxLength: 3 })
        .map(([a, b, ...rest]) => RunnableSequence.from([a!, ...rest, b!])),
      fc
        .dictionary(fc.constantFrom('a', 'b', 'draft'), tie('tree'), { minKeys: 1 })
        .map((map) => RunnableParallel.from(map)),
      fc
        .tuple(tie('tree'), fc.constantFrom('draft', 'check'))
        .map(([inner, runName]) => inner.withConfig({ runName })),
      fc.tuple(tie('tree'), tie('tree')).map(([main, spare]) => main.withFallbacks([spare, main])),
      fc
        .tuple(tie('tree'), tie('tree'))
        .map(([one, other]) => RunnableBranch.from([[() => true, one], other])),
    ),
  }));
  const doubled = (text: string) => text.replace(/[{}]/g, '$&$&');
  fc.assert(
    fc.property(tree, fc.nat(), (program, pick) => {
      const before = texts(program);
      const serialized = JSON.stringify(program);
      const sites = inspectProgram(program).sites;
      expect(new Set(sites.map(({ name }) => name)).size).toBe(sites.length);
      const name = Object.keys(before)[pick % Object.keys(before).length]!;
      const changed = rewrite(program, { [name]: 'Quite {new} {x}' });
      expect(texts(changed)).toEqual({ ...before, [name]: 'Quite {new} {x}' });
      expect(Object.keys(texts(changed))).toEqual(Object.keys(before));
      expect(rewrite(changed, before)).not.toBe(program);
      expect(JSON.stringify(rewrite(changed, before))).toBe(serialized);
      expect(JSON.stringify(program)).toBe(serialized);
    }),
    { numRuns: 300 },
  );
});

describe('marking', () => {
  const metadataOf = (prompt: unknown) => (prompt as { metadata?: Record<string, unknown> }).metadata;

  it('mark adds the names of components to the metadata of their prompts, changed or not', () => {
    const program = RunnableParallel.from({ a: chat('Old.'), b: chat('Kept.') });
    const marked = rewrite(program, { ...texts(program), 'a.system': 'New.' }, { mark: markNode });
    expect(metadataOf(step(marked, 'a'))).toEqual({ [componentsKey]: ['a.system', 'a.human'] });
    expect(metadataOf(step(marked, 'b'))).toEqual({ [componentsKey]: ['b.system', 'b.human'] });
    expect(metadataOf(step(program, 'a'))).toBeUndefined();
  });

  it('mark keeps existing metadata and adds only the given components', () => {
    const program = chat('Old.');
    program.metadata = { mine: 1 };
    const marked = rewrite(program, { system: 'Old.' }, { mark: markNode });
    expect(metadataOf(marked)).toEqual({ mine: 1, [componentsKey]: ['system'] });
    expect(metadataOf(program)).toEqual({ mine: 1 });
    expect(rewrite(program, {}, { mark: markNode })).toBe(program);
  });
});

describe('errors', () => {
  it('checkNames throws on unknown components and lists the known ones', () => {
    const check = () => checkNames(chat('Old.'), ['sistem', 'human']);
    expect(check).toThrow(CandidateMismatchError);
    expect(check).toThrow('no component "sistem". It has: "system", "human".');
  });

  it('rewrite throws when a text cannot be written as a template', () => {
    const prompt = PromptTemplate.fromTemplate('All: {{#items}}{{.}}{{/items}}', {
      templateFormat: 'mustache',
    });
    expect(() => rewrite(prompt, { prompt: '{/items}' })).toThrow(GepaError);
  });
});

it('the schema of a StructuredPrompt that was piped into a model is found once, in the model', () => {
  const schema = { title: 'Team', description: 'The team.', type: 'object', properties: {} };
  const prompt = StructuredPrompt.fromMessagesAndSchema([['system', 'Be.']], schema as never);
  const chain = prompt.pipe(new ChatOpenAI({ model: 'simulated', apiKey: 'unused' }));
  const names = (program: unknown) => Object.keys(discover(program, { tools: true }).components);
  expect(names(chain)).toEqual(['system', 'output']);
  expect(names(prompt)).toEqual(['system', 'output']);
  const { components } = discover(rewrite(chain, { output: 'New.' }), { tools: true });
  expect(components.output).toMatchObject({ text: 'New.', location: expect.stringContaining('step 2') });
});

it('a changed prompt does not keep the commit that it was pulled from', () => {
  const prompt = ChatPromptTemplate.fromMessages([['system', 'Be.']]);
  prompt.metadata = { lc_hub_commit_hash: 'abc', owner: 'me' };
  expect(rewrite(prompt, { system: 'Be kind.' }).metadata).toEqual({ owner: 'me' });
  expect(rewrite(prompt, { system: 'Be.' }).metadata).toEqual({ lc_hub_commit_hash: 'abc', owner: 'me' });
});
