import { ChatPromptTemplate } from '@langchain/core/prompts';
import { Annotation, END, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { GepaError, OptionsError } from 'gepa-core';
import { describe, expect, it } from 'vitest';
import { fromEvaluators } from './evaluators.ts';
import { gepa } from './gepa.ts';

const prompt = ChatPromptTemplate.fromMessages([['system', 'Some words.']]);
const better = { reflectionModel: async () => '```\nBetter words.\n```', maxMetricCalls: 6 };
/** Fails on inputs that say so, so that the seed can be scored at all. */
const set = [{ input: { bad: false } }, { input: { bad: true } }];

/** The feedback shown to the reflection model for the rollout that fails. */
async function reflectedOn(program: object, metric: () => number = () => 0.5) {
  const prompts: string[] = [];
  const { result } = await gepa(program as never).compile({
    trainset: set as never,
    metric,
    maxMetricCalls: 6,
    reflectionModel: async ({ prompt: text }) => {
      prompts.push(text);
      return '```\nBetter words.\n```';
    },
  });
  return { prompts: prompts.join('\n'), scores: result.candidates[0]!.scores };
}

const State = Annotation.Root({ bad: Annotation<boolean>, turns: Annotation<number> });
const graph = () =>
  new StateGraph(State).addNode('turn', prompt.pipe(() => ({})) as never).addEdge(START, 'turn' as never);

describe('a program', () => {
  it('that never ends is stopped by the recursion limit, and scored as a failure', async () => {
    const endless = graph()
      .addConditionalEdges('turn' as never, (({ bad }: { bad: boolean }) => (bad ? 'turn' : END)) as never)
      .compile();
    const { prompts, scores } = await reflectedOn(endless);
    expect(prompts).toMatch(/recursion limit/i);
    expect(scores).toEqual([0.5, 0]);
  });

  it('that hangs is given up after its time', async () => {
    const hanging = prompt.pipe(() => new Promise(() => {}));
    const run = gepa(hanging).compile({
      ...better,
      trainset: [{ input: {} }],
      metric: () => 1,
      rolloutTimeoutMs: 30,
      retry: { retries: 0 },
    });
    await expect(run).rejects.toThrow(GepaError);
  });

  it.each([
    ['', (stream: unknown) => stream],
    [' in a field', (answer: unknown) => ({ answer })],
  ])('that returns a stream%s fails with what to do', async (_where, put) => {
    async function* chunks() {
      yield 'x';
    }
    const streaming = Object.assign(
      prompt.pipe(() => 'x' as unknown),
      {
        invoke: async ({ bad }: { bad: boolean }) => (bad ? put(chunks()) : 'x'),
      },
    );
    const { prompts, scores } = await reflectedOn(streaming);
    expect(prompts).toContain('returned a stream');
    expect(scores).toEqual([0.5, 0]);
  });

  it('whose outputs do not serialize is scored all the same', async () => {
    const circular: Record<string, unknown> = { big: 1n, fn: () => 1, when: new Date(Number.NaN) };
    circular.self = circular;
    const { prompts, scores } = await reflectedOn(prompt.pipe(() => circular));
    expect(prompts).toContain('Some words.');
    expect(scores).toEqual([0.5, 0.5]);
  });

  it('with a checkpointer needs no thread, and rollouts do not share one', async () => {
    const counting = new StateGraph(State)
      .addNode('turn', prompt.pipe(() => ({})) as never)
      .addNode('count', ({ turns = 0 }) => ({ turns: turns + 1 }))
      .addEdge(START, 'turn' as never)
      .addEdge('turn' as never, 'count')
      .addEdge('count', END)
      .compile({ checkpointer: new MemorySaver() });
    const seen: unknown[] = [];
    await gepa(counting).compile({
      ...better,
      trainset: [{ input: { bad: false } }, { input: { bad: true } }],
      metric: ({ output }) => {
        seen.push(output.turns);
        return 0.5;
      },
    });
    expect(new Set(seen)).toEqual(new Set([1]));
  });
});

describe('examples', () => {
  it('without an input are refused before anything is spent', async () => {
    let calls = 0;
    const program = prompt.pipe(() => ++calls);
    const rows = [{ input: {} }, { inputs: {} }, 'text'] as never[];
    const run = gepa(program).compile({ ...better, trainset: rows, valset: rows, metric: () => 1 });
    await expect(run).rejects.toThrow(/trainset\[1\], trainset\[2\][\s\S]*valset\[1\]/);
    await expect(run).rejects.toThrow(OptionsError);
    expect(calls).toBe(0);
  });
});

it('an evaluator that throws or gives no score is a failed rollout, not a poisoned score', async () => {
  const metric = fromEvaluators(({ inputs }: { inputs: { bad: boolean } }) =>
    inputs.bad ? { key: 'k', score: null } : { key: 'k', score: 0.5 },
  );
  const { scores, prompts } = await reflectedOn(
    prompt.pipe(() => 'x'),
    metric as never,
  );
  expect(scores).toEqual([0.5, 0]);
  expect(prompts).toContain('gave no score');
});

it('names in include that are not there are refused', () => {
  expect(() => gepa(prompt, { include: ['sistem'] })).toThrow(/"sistem".*found were system/);
});

it('an option that does not exist is refused, with the one that may be meant', () => {
  const prompt = ChatPromptTemplate.fromMessages([['system', 'You are helpful.']]);
  // A mistake that types would show.
  const mistyped: object = { includes: ['system'] };
  expect(() => gepa(prompt, mistyped)).toThrow('There is no option "includes"; did you mean "include".');
});

it.each<[object, string]>([
  [{ include: 'system' }, '`include` must be a list of names'],
  [{ exclude: [3] }, '`exclude` must be a list of names'],
  [{ rename: { system: '' } }, '`rename` must be an object of new names'],
  [{ tunables: ['style'] }, '`tunables` must be a list of what `tunable(name, text)` makes'],
  [{ tools: 'yes' }, '`tools` must be `true` or `false`'],
  [{ config: 5 }, '`config` must be an object'],
  [[], 'The options must be an object'],
])('options of the wrong kind are refused: %j', (options, message) => {
  const make = () => gepa(prompt, options);
  expect(make).toThrow(OptionsError);
  expect(make).toThrow(message);
});

it('compile without options says what is missing', async () => {
  const compile: () => Promise<unknown> = gepa(prompt).compile as never;
  await expect(compile()).rejects.toThrow(OptionsError);
});

it('what is no evaluator is refused at once', () => {
  expect(() => fromEvaluators(['openevals'] as never[])).toThrow(
    'Evaluator 1 of fromEvaluators must be a function or an object with evaluateRun(), but it is string.',
  );
  expect(() => fromEvaluators([null] as never[])).toThrow('but it is null');
});
