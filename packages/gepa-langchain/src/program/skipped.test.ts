import { HumanMessage } from '@langchain/core/messages';
import { BaseOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda, RunnableSequence } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { entrypoint, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { ChatOpenAI } from '@langchain/openai';
import { createDeepAgent } from 'deepagents';
import { createAgent, dynamicSystemPromptMiddleware } from 'langchain';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as mini from 'zod/mini';
import { gepa } from '../gepa.ts';
import { fakeModel } from '../testing/fake-model.ts';
import { discover } from './discover.ts';

const model = new FakeListChatModel({ responses: ['yes'] });
const search = (schema: unknown = z.object({})) =>
  tool(async () => 'x', { name: 'search', description: 'Searches.', schema: schema as z.ZodObject });
const agent = (more: object = {}) => createAgent({ model: fakeModel() as never, tools: [search()], ...more });
const graph = () => new StateGraph(MessagesAnnotation).addNode('one', async () => ({})).addEdge(START, 'one');
const subgraph = graph().compile();

class RetryingParser extends BaseOutputParser<string> {
  override lc_namespace = ['test'];
  retry = ChatPromptTemplate.fromMessages([['system', 'Fix it.']]).pipe(model);
  override parse = async (text: string) => text;
  override getFormatInstructions = () => '';
}

/** Parts that are skipped: location, and words of the reason and the hint. */
const cases: readonly (readonly [string, () => unknown, string, string, string])[] = [
  ['a lambda', () => RunnableLambda.from(() => 'x').pipe(model), 'step 1', 'code', '`parts`'],
  ['a node', () => graph().compile(), 'node "one"', 'code', '`parts`'],
  [
    'a subgraph that a condition calls',
    () =>
      graph()
        .addConditionalEdges('one', async (state) => {
          await subgraph.invoke(state);
          return 'one';
        })
        .compile(),
    'condition after "one"',
    'code',
    '`parts`',
  ],
  ['an entrypoint', () => entrypoint('flow', async (x: number) => x), 'node "flow"', 'code', '`parts`'],
  [
    'the implementation of a tool',
    () => agent(),
    'tool "search"',
    'implementation of the tool is code',
    '`parts`',
  ],
  ['descriptions', () => agent(), 'tool "search" › description', 'not optimized by default', '`tools: true`'],
  [
    'a schema of zod/mini',
    () => search(mini.object({ q: mini.string() })),
    'schema',
    'cannot be replaced',
    'JSON schema',
  ],
  [
    'middleware',
    () => agent({ middleware: [dynamicSystemPromptMiddleware(() => 'Be.')] }),
    'middleware "DynamicSystemPromptMiddleware"',
    'code',
    '`parts`',
  ],
  [
    'the prompt of createReactAgent',
    () => createReactAgent({ llm: model, tools: [], prompt: 'Be nice.' }),
    'node "agent"',
    '`prompt` of createReactAgent',
    'parts: { prompt: PROMPT }',
  ],
  [
    'the graph of an agent',
    () => agent({ systemPrompt: 'Be.' }).graph,
    'node "model_request"',
    'hides its system prompt',
    'the agent instead of its graph',
  ],
  [
    'a function for a partial variable',
    () => ChatPromptTemplate.fromMessages([['system', '{day}']]).partial({ day: () => 'Monday' }),
    'partial variable "day"',
    'a function',
    'tunable(name, text)',
  ],
  [
    'a document among the parts of a message',
    () =>
      ChatPromptTemplate.fromMessages([
        new HumanMessage({ content: [{ type: 'document', title: 'Rules for all', source: 'x' }] as never }),
      ]),
    'message 1 (human) › content part 1',
    'may be data',
    'a part of its own',
  ],
  [
    'a document among the parts of a message template',
    () =>
      ChatPromptTemplate.fromMessages([
        ['human', [{ type: 'document', source: { type: 'text', data: 'Rules for {all}' } }] as never],
      ]),
    'message 1 (human) › content part 1',
    'may be data',
    'a part of its own',
  ],
  [
    'a parser that contains a chain',
    () => model.pipe(new RetryingParser()),
    'step 2',
    'unknown way',
    'in a sequence',
  ],
];

describe('skipped', () => {
  it.each(cases)('skipped lists %s with a reason and a hint', async (_name, make, place, reason, hint) => {
    const { skipped } = discover(await make());
    const entry = skipped.find(({ location }) => location.includes(place));
    expect(entry).toMatchObject({
      type: expect.stringMatching(/./),
      reason: expect.stringContaining(reason),
      hint: expect.stringContaining(hint),
    });
  });

  it('parts of one kind are one entry: a deep agent has no more than a few', () => {
    const { skipped } = discover(
      createDeepAgent({
        model: fakeModel(),
        systemPrompt: 'Plan.',
        subagents: [{ name: 'critic', description: 'Criticizes.', systemPrompt: 'Criticize.' }],
      }),
    );
    expect(skipped.length).toBeLessThan(6);
    expect(skipped.filter(({ hint }) => hint.includes('`parts`')).length).toBe(2);
    expect(skipped[0]!.location).toMatch(/; .* and \d+ more$/);
  });

  it('every skipped part has a location, a reason and a hint in a sentence', () => {
    const programs = [undefined, 1, {}, () => 'x', Promise.resolve(), ...cases.map(([, make]) => make())];
    for (const program of programs) {
      for (const { location, reason, hint } of discover(program).skipped) {
        expect(location).not.toBe('');
        expect(reason).toMatch(/\w$/);
        expect(hint).toMatch(/\.$/);
      }
    }
  });
});

const structured = [undefined, 'jsonSchema', 'functionCalling', 'jsonMode'] as const;

describe('functions that withStructuredOutput makes are not listed, and the user’s own are', () => {
  const schema = z.object({ team: z.string() });
  const prompt = ChatPromptTemplate.fromMessages([['system', 'Sort the ticket into a team.']]);
  const openAI = new ChatOpenAI({ model: 'simulated', apiKey: 'unused' });
  const code = (program: unknown) =>
    discover(program).skipped.filter(({ reason }) => reason.includes('code'));

  it.each(structured.flatMap((method) => [false, true].map((includeRaw) => ({ method, includeRaw }))))(
    'with %j',
    ({ method, includeRaw }) => {
      const model = openAI.withStructuredOutput(schema, { method, includeRaw: includeRaw as never });
      expect(code(prompt.pipe(model as never))).toEqual([]);
      expect(code(RunnableSequence.from([prompt, model as never, () => 'mine']))).toHaveLength(1);
      expect(code(prompt.pipe(model as never).pipe(RunnableLambda.from(() => 'mine')))).toHaveLength(1);
    },
  );

  it('of a model with the implementation of the base class', () => {
    expect(code(prompt.pipe(fakeModel().withStructuredOutput(schema) as never))).toEqual([]);
    expect(code(prompt.pipe(openAI).pipe(() => 'mine'))).toHaveLength(1);
  });
});

it('the error for a program without texts says what to pass instead', () => {
  expect(() => gepa(model)).toThrow(/Inspected: FakeListChatModel\. Pass the whole program.*`parts`/);
});

it('a pattern of include that only fits texts that are no components by default is refused with the remedy', () => {
  const program = agent({ systemPrompt: 'You help.' });
  expect(() => gepa(program, { include: ['system', 'tools.*'] })).toThrow(
    'Pass `tools: true`, or give their names without `*`: tools.search.',
  );
  for (const options of [{ include: ['system', 'tools.*'], tools: true }, { include: ['tools.search'] }])
    expect(Object.keys(gepa(program, options).components)).toContain('tools.search');
  const labels = ChatPromptTemplate.fromMessages([
    ['system', 'You help people.'],
    ['human', 'Question: {question}'],
  ]);
  expect(() => gepa(labels, { include: ['system', 'hu*'] })).toThrow('Give their names without `*`: human.');
  expect(() => gepa(labels, { include: ['x*'] })).toThrow('there is no such component');
});
