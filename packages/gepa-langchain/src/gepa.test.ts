import { type BaseMessage, HumanMessage, SystemMessage } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda, RunnableSequence } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import * as langgraph from '@langchain/langgraph';
import { Annotation, END, entrypoint, MemorySaver, START, StateGraph, task } from '@langchain/langgraph';
import { NoComponentsError, OptionsError, tunable } from 'gepa-core';
import { createAgent } from 'langchain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createAdapter, type Invocable } from './adapter.ts';
import { gepa } from './gepa.ts';
import { contentText, type OpenAIServer, startOpenAIServer } from './testing/openai-server.ts';
import { rolloutContext } from './testing/rollout.ts';

const policy = tunable('policy', 'Original policy.');
let server: OpenAIServer;

beforeAll(async () => {
  // Calls the tool once, then answers with the system prompt and the tool's result.
  server = await startOpenAIServer(async ({ messages, tools }) => {
    await new Promise((resolve) => setTimeout(resolve, messages.length % 5));
    const toolResult = messages.find(({ role }) => role === 'tool');
    if (tools !== undefined && toolResult === undefined) {
      return { calls: [{ name: 'lookup', args: { key: 'k' } }] };
    }
    return `${contentText(messages[0])}|${contentText(toolResult)}`;
  });
});
afterAll(() => server.close());

const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
const lookup = tool(
  async ({ key }) => {
    await pause();
    return `${key}: ${policy.text}`;
  },
  { name: 'lookup', description: 'Looks something up.', schema: z.object({ key: z.string() }) },
);
const agent = (systemPrompt: string | SystemMessage = 'You help.') =>
  createAgent({ model: server.model(), tools: [lookup], systemPrompt, checkpointer: new MemorySaver() });
const ask = { messages: [new HumanMessage('Well?')] };
const answer = ({ messages }: { messages: BaseMessage[] }) => messages.at(-1)!.text;
const onThread = (thread_id: string) => ({ configurable: { thread_id } });

// Absent in the oldest supported versions.
const hasEventsV3 = 'createGraphRunStream' in langgraph;
const hasWithConfig =
  'withConfig' in createAgent({ model: new FakeListChatModel({ responses: [] }) as never, tools: [] });

describe('an agent', () => {
  it.each([
    ['a string', 'You help.'],
    ['a message', new SystemMessage('You help.')],
    ['a message with content parts', new SystemMessage({ content: [{ type: 'text', text: 'You help.' }] })],
  ])('the system prompt of an agent is a component, given as %s', async (_form, systemPrompt) => {
    const program = agent(systemPrompt);
    const target = gepa(program);
    expect(Object.keys(target.components)).toEqual(['system']);
    const changed = target.apply({ system: 'You {help} more.' });
    expect(answer(await changed.invoke(ask, onThread('a')))).toBe('You {help} more.|k: Original policy.');
    expect(answer(await program.invoke(ask, onThread('b')))).toBe('You help.|k: Original policy.');
    expect(target.apply({ system: 'You help.' })).toBe(program);
  });

  it.skipIf(!hasWithConfig)('a rewritten agent keeps its options, checkpointer and config', async () => {
    const program = agent().withConfig({ recursionLimit: 7, tags: ['mine'], metadata: { mine: 1 } });
    const checkpointer = new MemorySaver();
    program.checkpointer = checkpointer;
    const changed = gepa(program).apply({ system: 'New.' });
    expect(changed).toBeInstanceOf(program.constructor);
    expect(changed.options).toEqual({ ...program.options, systemPrompt: 'New.' });
    expect(changed.checkpointer).toBe(checkpointer);
    const { config } = program.graph as unknown as { config: object };
    expect((changed.graph as unknown as { config: object }).config).toEqual(config);
    expect(config).toMatchObject({ recursionLimit: 7, tags: ['mine'], metadata: { mine: 1 } });
    expect(Object.keys(gepa(changed).components)).toEqual(['system']);
  });

  it('each rollout of an agent runs in a new thread', async () => {
    const adapter = createAdapter({
      program: agent() as unknown as Invocable<unknown, { messages: BaseMessage[] }>,
    });
    for (let i = 0; i < 2; i++) {
      const { output } = await adapter.run({ system: 'S.' }, { input: ask }, rolloutContext());
      expect(output.messages).toHaveLength(4);
    }
  });

  it('compile optimizes an agent and returns an agent', async () => {
    const compiled = await gepa(agent()).compile({
      trainset: [{ input: ask }],
      metric: ({ output }) => answer(output).startsWith('Better'),
      reflectionModel: async () => '```\nBetter.\n```',
      maxMetricCalls: 8,
    });
    expect(compiled.result.bestScore).toBe(1);
    expect(compiled.result.bestCandidate).toEqual({ system: 'Better.' });
    expect(compiled.toJSON().provenance!.packages).toEqual(
      Object.fromEntries(
        ['gepa-core', 'gepa-langchain', '@langchain/core', '@langchain/langgraph', 'langchain'].map(
          (name) => [name, expect.stringMatching(/^\d+\.\d+/)],
        ),
      ),
    );
    expect(answer(await compiled.program.invoke(ask, onThread('c')))).toBe('Better.|k: Original policy.');
  });

  it('estimate measures an agent in one run', async () => {
    const estimate = await gepa(agent()).estimate(
      {
        trainset: [{ input: ask }],
        metric: () => 0,
        reflectionModel: server.model(),
        maxMetricCalls: 8,
      },
      { measure: true },
    );
    const { modelCalls = 0, inputTokens = 0, outputTokens = 0 } = estimate.measured?.usage ?? {};
    expect(modelCalls).toBeGreaterThan(0);
    expect(estimate.metricCalls.worst).toBe(8);
    expect(estimate.tokens.expected).toBeGreaterThan(
      estimate.metricCalls.expected! * (inputTokens + outputTokens),
    );
  });

  it('an agent without a system prompt can have tunables as its only components', () => {
    const bare = createAgent({ model: server.model(), tools: [lookup] });
    expect(() => gepa(bare)).toThrow(NoComponentsError);
    expect(Object.keys(gepa(bare, { tunables: [policy] }).components)).toEqual(['policy']);
  });
});

describe('tunables', () => {
  const State = Annotation.Root({ text: Annotation<string>, out: Annotation<string> });
  const graph = () =>
    new StateGraph(State)
      .addNode('node', async () => {
        await pause();
        return { out: policy.text };
      })
      .addEdge(START, 'node')
      .addEdge('node', END)
      .compile({ checkpointer: new MemorySaver() });
  const inner = task('inner', async (text: string) => {
    await pause();
    return `${text}${policy.text}`;
  });
  const lambda = () =>
    RunnableSequence.from([
      RunnableLambda.from((text: string) => text),
      RunnableLambda.from(async function* (text: string) {
        await pause();
        yield `${text}${policy.text}`;
      } as never),
    ]);
  const outOf = (output: unknown) => (typeof output === 'string' ? output : (output as { out: string }).out);

  const programs: [string, () => Invocable, unknown, (output: never) => string][] = [
    ['a node', graph as never, { text: '' }, outOf],
    ['a lambda', lambda as never, '', outOf],
    ['an entrypoint and its tasks', () => entrypoint('flow', async () => inner('')) as never, '', outOf],
    ['a tool of an agent', agent as never, ask, (output) => answer(output).replace(/^.*: /, '')],
  ];

  it.each(programs)(
    'a tunable in %s has its own text in each of 50 concurrent rollouts',
    async (_place, program, input, read) => {
      const adapter = createAdapter({
        program: program(),
        components: { policy: policy.component },
        tunables: [policy],
      });
      const candidates = Array.from({ length: 50 }, (_, i) => `Policy ${i}.`);
      const outputs = await Promise.all(
        candidates.map((text) => adapter.run({ policy: text }, { input }, rolloutContext())),
      );
      expect(outputs.map(({ output }) => read(output as never))).toEqual(candidates);
    },
  );

  it.each(programs)(
    'a tunable in %s has the compiled text in invoke, stream and batch',
    async (_place, make, input, read) => {
      const program = make();
      const numbers = Array.from({ length: 50 }, (_, i) => i);
      const changed = numbers.map((i) =>
        gepa(program as never, { include: ['policy'], tunables: [policy] }).apply({ policy: `Policy ${i}.` }),
      ) as unknown as (typeof program & {
        stream(input: unknown, config: object): Promise<AsyncIterable<unknown>>;
        batch?(inputs: unknown[], config: object[]): Promise<unknown[]>;
      })[];
      const config = () => onThread(crypto.randomUUID());
      const outputs = await Promise.all(changed.map((one) => one.invoke(input, config())));
      expect(outputs.map((output) => read(output as never))).toEqual(numbers.map((i) => `Policy ${i}.`));
      for (const [i, one] of changed.entries()) {
        const chunks = [];
        for await (const chunk of await one.stream(input, config())) chunks.push(chunk);
        expect(JSON.stringify(chunks)).toContain(`Policy ${i}.`);
        expect(JSON.stringify(chunks)).not.toContain('Original');
      }
      const batch = await changed[3]!.batch?.([input, input], [config(), config()]);
      expect(batch?.map((output) => read(output as never)) ?? []).toEqual(
        batch === undefined ? [] : ['Policy 3.', 'Policy 3.'],
      );
      expect(read((await program.invoke(input, config())) as never)).toBe('Original policy.');
    },
  );

  it('runnables derived from a compiled program keep the texts of tunables', async () => {
    const program = gepa(graph(), { tunables: [policy] }).apply({ policy: 'New.' });
    const piped = program.pipe((state: { out: string }) => state.out).withConfig({ tags: ['x'] });
    expect(await piped.invoke({ text: '' }, onThread('1'))).toBe('New.');
    const events = program.streamEvents({ text: '' }, { version: 'v2', ...onThread('2') });
    const seen = [];
    for await (const event of events) seen.push(event.data.output);
    expect(seen.at(-1)).toMatchObject({ out: 'New.' });
    const compiledAgent = gepa(agent(), { tunables: [policy] }).apply({ system: 'S.', policy: 'New.' });
    expect(answer((await compiledAgent.graph.invoke(ask as never, onThread('4'))) as never)).toBe(
      'S.|k: New.',
    );
  });

  it.skipIf(!hasWithConfig)('a compiled agent keeps the texts of tunables after withConfig', async () => {
    const program = gepa(agent(), { tunables: [policy] }).apply({ system: 'S.', policy: 'New.' });
    const configured = program.withConfig({ tags: ['x'] });
    expect(answer(await configured.invoke(ask, onThread('5')))).toBe('S.|k: New.');
  });

  it.skipIf(!hasEventsV3)('streamEvents of version v3 uses the texts of tunables', async () => {
    const program = gepa(graph(), { tunables: [policy] }).apply({ policy: 'New.' });
    const run = await program.streamEvents({ text: '' }, { version: 'v3', ...onThread('3') });
    expect(await run.output).toMatchObject({ out: 'New.' });
  });

  it('a stream of a compiled program with tunables can be left early', async () => {
    const program = gepa(lambda(), { tunables: [policy] }).apply({ policy: 'New.' });
    for await (const chunk of await program.stream('')) {
      expect(chunk).toBe('New.');
      break;
    }
  });

  it('tunables are typed components and can be included, excluded and renamed', () => {
    const program = ChatPromptTemplate.fromMessages([['system', 'Some words.']]).pipe(() => policy.text);
    const target = gepa(program, { tunables: [policy] });
    expect(target.components.policy.text).toBe('Original policy.');
    expect(target.components.policy).toMatchObject({ location: 'tunable "policy"' });
    const renamed = gepa(program, { tunables: [policy], include: ['policy'], rename: { policy: 'rules' } });
    expect(renamed.components.rules.text).toBe('Original policy.');
    // @ts-expect-error "sistem" is not a component
    expect(gepa(program, { tunables: [policy], include: ['policy'] }).components.sistem).toBeUndefined();
    expect(Object.keys(gepa(program, { tunables: [policy], exclude: ['policy'] }).components)).toEqual([
      'system',
    ]);
  });

  it('gepa throws on two tunables with one name, and on a tunable with the name of a prompt', () => {
    const program = ChatPromptTemplate.fromMessages([['system', 'Some words.']]).pipe(() => 1);
    expect(() => gepa(program, { tunables: [tunable('system', 'x')] })).toThrow(OptionsError);
    expect(() => gepa(program, { tunables: [policy, tunable('policy', 'x')] })).toThrow(
      'two tunables with the name "policy"',
    );
  });
});

describe('a compiled program', () => {
  const tone = tunable('tone', 'Plain tone.');
  const program = ChatPromptTemplate.fromMessages([['system', 'Original.']]).pipe((prompt) =>
    [prompt.messages[0]?.text, policy.text, tone.text].join(' '),
  );
  const tunables = [policy, tone];
  const once = gepa(program, { tunables }).apply({ system: 'Once.', policy: 'Policy 1.', tone: 'Warm.' });

  it('optimizing a compiled program starts from its compiled texts', async () => {
    const target = gepa(once, { tunables });
    expect(target.components.policy?.text).toBe('Policy 1.');
    const candidate = { system: 'Twice.', policy: 'Policy 2.', tone: 'Cold.' };
    expect(await target.apply(candidate).invoke({})).toBe('Twice. Policy 2. Cold.');
    const { result } = await target.compile({
      trainset: [{ input: {} }],
      metric: ({ output }) => (output.includes('Policy 3.') ? 1 : 0),
      propose: async () => ({ policy: 'Policy 3.' }),
      componentSelector: 'all',
      maxMetricCalls: 6,
    });
    expect(result.bestScore).toBe(1);
  });

  it('a compiled program keeps the texts of tunables that are not optimized again', async () => {
    const outputs: string[] = [];
    const compiled = await gepa(once, { tunables: [tone] }).compile({
      trainset: [{ input: {} }],
      metric: ({ output }) => outputs.push(output),
      propose: async () => ({ system: 'Twice.' }),
      componentSelector: 'all',
      maxMetricCalls: 6,
      perfectScore: 100,
    });
    expect(new Set(outputs)).toEqual(new Set(['Once. Policy 1. Warm.', 'Twice. Policy 1. Warm.']));
    expect(await compiled.program.invoke({})).toBe('Twice. Policy 1. Warm.');
    expect(await gepa(once).apply({ system: 'Thrice.' }).invoke({})).toBe('Thrice. Policy 1. Warm.');
  });

  it('a compiled program keeps the texts of tunables inside another program', async () => {
    const outer = RunnableLambda.from((input: object) => input).pipe(once);
    expect(await gepa(outer).apply({ system: 'Twice.' }).invoke({})).toBe('Twice. Policy 1. Warm.');
  });
});
