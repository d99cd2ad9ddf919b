import { AIMessage, HumanMessage, SystemMessage } from '@langchain/core/messages';
import { ChatPromptTemplate, SystemMessagePromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda, RunnableParallel } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import {
  Annotation,
  Command,
  END,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { createSupervisor } from '@langchain/langgraph-supervisor';
import { type Step, tunable } from 'gepa-core';
import { stepsOf, walkSteps } from 'gepa-core/adapter';
import { createAgent } from 'langchain';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gepa } from '../gepa.ts';
import { discover } from '../program/discover.ts';
import { fakeModel } from '../testing/fake-model.ts';
import { runSeed } from '../testing/rollout.ts';
import { toSteps } from './steps.ts';
import { RolloutTracer } from './tracer.ts';

const modelsOf = (trace: readonly Step[] | undefined, component: string) =>
  stepsOf(trace ?? [], component).filter(({ kind }) => kind === 'model');

const divide = tool(
  async ({ by }) => {
    if (by === 0) throw new Error('cannot divide by zero');
    return String(10 / by);
  },
  { name: 'divide', description: 'Divides ten.', schema: z.object({ by: z.number().describe('By what.') }) },
);
const call = (by: number, id: string) => ({ name: 'divide', args: { by }, id });
const agent = () =>
  createAgent({
    model: fakeModel()
      .respondWithTools([call(0, 'a')])
      .respondWithTools([call(5, 'b')])
      .respond(new AIMessage('It is two.')) as never,
    tools: [divide],
    systemPrompt: 'You divide.',
    checkpointer: new MemorySaver(),
  });

describe('the trace of an agent', () => {
  it('the trace of an agent shows tool calls with arguments, results, errors and the answer', async () => {
    const { trace, usage } = await runSeed(agent(), { messages: [new HumanMessage('Divide.')] });
    const turns = modelsOf(trace, 'system');
    expect(turns).toHaveLength(3);
    expect(turns.map(({ output }) => output)).toMatchObject([
      { toolCalls: [{ name: 'divide', args: { by: 0 } }] },
      { toolCalls: [{ name: 'divide', args: { by: 5 } }] },
      'It is two.',
    ]);
    expect(turns[0]!.input).toMatchObject([
      { role: 'system', content: 'You divide.' },
      { role: 'human', content: 'Divide.' },
    ]);
    expect(JSON.stringify(turns[1]!.input)).toContain('cannot divide by zero');
    const tools = [...walkSteps(trace!)].filter(({ kind }) => kind === 'tool');
    expect(tools.map(({ name, error }) => [name, error])).toEqual([
      ['divide', 'cannot divide by zero'],
      ['divide', undefined],
    ]);
    expect(JSON.stringify(tools[1]!.output)).toContain('2');
    expect(usage?.modelCalls).toBe(3);
  });

  it('the reflection model sees all turns of an agent', async () => {
    const prompts: string[] = [];
    const program = createAgent({
      model: fakeModel()
        .respondWithTools([call(0, 'a')])
        .respondWithTools([call(5, 'b')])
        .respond(new AIMessage('It is two.')) as never,
      tools: [divide],
      systemPrompt: 'You divide.',
    });
    await gepa(program).compile({
      trainset: [{ input: { messages: [new HumanMessage('Divide.')] } }],
      metric: () => 0.5,
      maxIterations: 1,
      reflectionModel: async ({ prompt }) => {
        prompts.push(prompt);
        return 'no text';
      },
    });
    const [shown] = prompts;
    for (const part of [
      'You divide.',
      'Divide.',
      'divide',
      'by: 0',
      'cannot divide by zero',
      'by: 5',
      'It is two.',
    ]) {
      expect(shown).toContain(part);
    }
    expect(shown).not.toContain('lc_');
    expect(shown).not.toContain('constructor');
  });

  it('the description of a tool is attributed to the calls of the tool', async () => {
    const program = agent();
    const { components } = discover(program, { tools: true });
    const { trace } = await runSeed(program, { messages: [new HumanMessage('Divide.')] }, { components });
    const names = stepsOf(trace!, 'tools.divide').map(({ kind, name }) => [kind, name]);
    expect(names.filter(([kind]) => kind === 'tool')).toEqual([
      ['tool', 'divide'],
      ['tool', 'divide'],
    ]);
  });

  it('a tunable is attributed to the model calls it was sent to', async () => {
    const rules = tunable('rules', 'Say {word} always.', { variables: ['word'] });
    const inner = fakeModel().respond(new AIMessage('a')).respond(new AIMessage('b'));
    const program = RunnableLambda.from(async (word: string) => {
      await inner.invoke(rules.text.replace('{word}', word));
      return (await inner.invoke('Something else.')).text;
    });
    const options = { components: { rules: rules.component }, tunables: [rules] };
    const { trace } = await runSeed(program, 'yes', options);
    expect(modelsOf(trace, 'rules').map(({ output }) => output)).toEqual(['a']);
  });

  it('of texts that begin alike, the one that was sent is credited, and a text that was not read never', async () => {
    const short = tunable('short', 'You help.');
    const long = tunable('long', 'You help. Translate.');
    const inner = fakeModel().respond(new AIMessage('a')).respond(new AIMessage('b'));
    const program = RunnableLambda.from(async (word: string) => {
      await inner.invoke(`${long.text}\n${word}`);
      if (word === 'both') await inner.invoke(`${short.text}\n${word}`);
      return 'done';
    });
    const tunables = [short, long];
    const components = { short: short.component, long: long.component };
    const one = await runSeed(program, 'one', { components, tunables });
    expect(modelsOf(one.trace, 'long')).toHaveLength(1);
    expect(modelsOf(one.trace, 'short')).toHaveLength(0);
    inner.respond(new AIMessage('c'));
    const both = await runSeed(program, 'both', { components, tunables });
    expect(modelsOf(both.trace, 'long').map(({ output }) => output)).toEqual(['b']);
    expect(modelsOf(both.trace, 'short').map(({ output }) => output)).toEqual(['c']);
  });

  it('a text that was not read is not credited with a call that contains it', async () => {
    const unread = tunable('unread', 'You help.');
    const inner = fakeModel().respond(new AIMessage('a'));
    const program = RunnableLambda.from(async () => (await inner.invoke('You help. Translate.')).text);
    const options = { components: { unread: unread.component }, tunables: [unread] };
    const { trace } = await runSeed(program, 'yes', options);
    expect(modelsOf(trace, 'unread')).toHaveLength(0);
  });
});

describe('attribution of a prompt', () => {
  const prompt = (system: string) =>
    ChatPromptTemplate.fromMessages([
      ['system', system],
      ['human', '{text}'],
    ]);
  const answering = (...answers: string[]) =>
    answers.reduce((model, text) => model.respond(new AIMessage(text)), fakeModel());

  it('a prompt that is used twice is attributed to both calls', async () => {
    const shared = prompt('Shared words.');
    const program = shared
      .pipe(answering('one'))
      .pipe(({ text }) => ({ text }))
      .pipe(shared)
      .pipe(answering('two'));
    const { trace } = await runSeed(program, { text: 't' });
    expect(modelsOf(trace, 'system').map(({ output }) => output)).toEqual(['one', 'two']);
  });

  it('a prompt in a loop of a graph is attributed to every turn', async () => {
    const model = answering('1', '2', '3');
    const State = Annotation.Root({ text: Annotation<string> });
    const program = new StateGraph(State)
      .addNode(
        'turn',
        prompt('Count on.')
          .pipe(model)
          .pipe(({ text }) => ({ text })) as never,
      )
      .addEdge(START, 'turn' as never)
      .addConditionalEdges(
        'turn' as never,
        ({ text }: { text: string }) => (text === '3' ? END : 'turn') as never,
      )
      .compile();
    const { trace } = await runSeed(program, { text: '0' });
    expect(modelsOf(trace, 'turn.system').map(({ output }) => output)).toEqual(['1', '2', '3']);
  });

  it('a prompt in parallel branches is attributed to its own calls only, also with equal texts', async () => {
    const program = RunnableParallel.from({
      a: prompt('The same.').pipe(answering('from a')),
      b: prompt('The same.').pipe(answering('from b')),
      c: RunnableLambda.from(() => 1),
    });
    const { trace } = await runSeed(program, { text: 't' });
    expect(modelsOf(trace, 'a.system').map(({ output }) => output)).toEqual(['from a']);
    expect(modelsOf(trace, 'b.system').map(({ output }) => output)).toEqual(['from b']);
  });

  it('a message template without a chat prompt is attributed', async () => {
    const program = SystemMessagePromptTemplate.fromTemplate('Be {how}.').pipe(answering('ok') as never);
    const { trace } = await runSeed(program, { how: 'kind' });
    expect(Object.keys(discover(program).components)).toEqual(['prompt']);
    expect(modelsOf(trace, 'prompt')).toHaveLength(1);
  });
});

it('a hand-off and an interrupt are the output of their steps, and not errors', async () => {
  const graph = (node: () => unknown) =>
    new StateGraph(MessagesAnnotation)
      .addNode('step', async () => node() as never)
      .addEdge(START, 'step')
      .compile();
  const team = new StateGraph(MessagesAnnotation)
    .addNode(
      'expert',
      graph(() => new Command({ goto: 'boss', graph: Command.PARENT })),
      { ends: ['boss'] },
    )
    .addNode('boss', async () => interrupt('Approve?') as never)
    .addEdge(START, 'expert')
    .compile({ checkpointer: new MemorySaver() });
  const tracer = new RolloutTracer();
  await team.invoke({ messages: [] }, { callbacks: [tracer], configurable: { thread_id: 't' } });
  const steps = [...walkSteps(toSteps(tracer.roots))];
  expect(steps.filter(({ error }) => error !== undefined)).toEqual([]);
  expect(steps.map(({ output }) => output)).toContainEqual({ handOffTo: ['boss'] });
  expect(steps.map(({ output }) => output)).toContainEqual({ interrupt: ['Approve?'] });
});

it('the record of a supervisor tells each message of its experts once', async () => {
  const expert = createAgent({
    name: 'expert',
    model: fakeModel()
      .respondWithTools([call(5, 'b')])
      .respond(new AIMessage('Two, the expert says.')) as never,
    tools: [divide],
    systemPrompt: 'You divide.',
  });
  const program = createSupervisor({
    agents: [expert.graph as never],
    llm: fakeModel()
      .respondWithTools([{ name: 'transfer_to_expert', args: {}, id: 'a' }])
      .respond(new AIMessage('It is two.')) as never,
    prompt: 'You supervise.',
    outputMode: 'full_history',
  }).compile();
  const prompts: string[] = [];
  const traces: unknown[] = [];
  await gepa(program, { parts: { expert, boss: 'You supervise.' } }).compile({
    trainset: [{ input: { messages: [{ role: 'user', content: 'Divide ten, please.' }] } as never }],
    metric: ({ trace }) => {
      traces.push(...trace!);
      return 0.5;
    },
    maxIterations: 1,
    componentSelector: 'all',
    reflectionModel: async ({ prompt }) => {
      prompts.push(prompt);
      return 'no text';
    },
  });
  const record = prompts[0]!.slice(prompts[0]!.indexOf('### Calls'));
  const count = (text: string) => record.split(text).length - 1;
  expect(count('You supervise.')).toBe(1);
  expect(count('Two, the expert says.')).toBe(1);
  expect(count('by: 5')).toBe(1);
  expect(count('Successfully transferred back')).toBe(1);
  // Once in each of the two conversations: what came of the supervisor's call, and what the expert's model saw.
  expect(count('Successfully transferred to expert')).toBe(2);
  expect(record).toContain('handOffTo');
  expect(record).not.toContain('__start__');
  expect(record).not.toContain('RunnableLambda');
});

it('the function behind the prompt of an agent is a prompt in the trace, and conditions are left out', async () => {
  const program = createReactAgent({
    llm: fakeModel()
      .respondWithTools([call(5, 'b')])
      .respond(new AIMessage('Two.')) as never,
    tools: [divide],
    prompt: (state: typeof MessagesAnnotation.State) => [new SystemMessage('Divide.'), ...state.messages],
  });
  const tracer = new RolloutTracer();
  await program.invoke({ messages: [new HumanMessage('Divide.')] }, { callbacks: [tracer] });
  const steps = [...walkSteps(toSteps(tracer.roots))];
  expect(steps.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'chain LangGraph',
    'chain agent',
    'chain RunnableSequence',
    'prompt prompt',
    'model FakeModel',
    'chain tools',
    'tool divide',
    'chain agent',
    'chain RunnableSequence',
    'prompt prompt',
    'model FakeModel',
  ]);
});
