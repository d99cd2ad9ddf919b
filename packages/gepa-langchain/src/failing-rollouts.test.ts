// @module-tag slow
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { Annotation, END, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { GepaError, OptionsError } from 'gepa-core';
import { describe, expect, it } from 'vitest';
import { fromEvaluators } from './evaluators/from-evaluators.ts';
import { gepa } from './gepa.ts';

const prompt = ChatPromptTemplate.fromMessages([['system', 'Some words.']]);
const settings = {
  reflectionModel: async () => '```\nBetter words.\n```',
  maxMetricCalls: 6,
};
/** The program fails on the second example only, so that the seed can be scored. */
const trainset = [{ input: { bad: false } }, { input: { bad: true } }];

/** Returns the prompts of the reflection model and the scores of the seed. */
async function optimize(program: object, metric: () => number = () => 0.5) {
  const prompts: string[] = [];
  const { result } = await gepa(program as never).compile({
    trainset: trainset as never,
    metric,
    // Scores the seed on both examples.
    search: 'reference',
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

describe('a failing program', () => {
  it('a graph that never ends is stopped by the recursion limit and scores 0', async () => {
    const endless = graph()
      .addConditionalEdges('turn' as never, (({ bad }: { bad: boolean }) => (bad ? 'turn' : END)) as never)
      .compile();
    const { prompts, scores } = await optimize(endless);
    expect(prompts).toMatch(/recursion limit/i);
    expect(scores).toEqual([0.5, 0]);
  });

  it('a program that hangs fails after rolloutTimeoutMs', async () => {
    const hanging = prompt.pipe(() => new Promise(() => {}));
    const run = gepa(hanging).compile({
      ...settings,
      trainset: [{ input: {} }],
      metric: () => 1,
      rolloutTimeoutMs: 30,
      retry: { retries: 0 },
    });
    await expect(run).rejects.toThrow(GepaError);
  });

  it.each([
    ['as its output', (stream: unknown) => stream],
    ['in a field of its output', (stream: unknown) => ({ stream })],
  ])('a program that returns a stream %s scores 0, and the error explains why', async (_place, wrap) => {
    async function* chunks() {
      yield 'x';
    }
    const streaming = Object.assign(
      prompt.pipe(() => 'x' as unknown),
      {
        invoke: async ({ bad }: { bad: boolean }) => (bad ? wrap(chunks()) : 'x'),
      },
    );
    const { prompts, scores } = await optimize(streaming);
    expect(prompts).toContain('returned a stream');
    expect(scores).toEqual([0.5, 0]);
  });

  it('a program whose outputs cannot be serialized is scored', async () => {
    const circular: Record<string, unknown> = { big: 1n, fn: () => 1, when: new Date(Number.NaN) };
    circular.self = circular;
    const { prompts, scores } = await optimize(prompt.pipe(() => circular));
    expect(prompts).toContain('Some words.');
    expect(scores).toEqual([0.5, 0.5]);
  });

  it('a program with a checkpointer needs no thread in its config, and each rollout has its own', async () => {
    const counting = new StateGraph(State)
      .addNode('turn', prompt.pipe(() => ({})) as never)
      .addNode('count', ({ turns = 0 }) => ({ turns: turns + 1 }))
      .addEdge(START, 'turn' as never)
      .addEdge('turn' as never, 'count')
      .addEdge('count', END)
      .compile({ checkpointer: new MemorySaver() });
    const seen: unknown[] = [];
    await gepa(counting).compile({
      ...settings,
      trainset: [{ input: { bad: false } }, { input: { bad: true } }],
      metric: ({ output }) => {
        seen.push(output.turns);
        return 0.5;
      },
    });
    expect(new Set(seen)).toEqual(new Set([1]));
  });
});

it('compile throws on examples without an input before it runs the program', async () => {
  let calls = 0;
  const program = prompt.pipe(() => ++calls);
  const rows = [{ input: {} }, { inputs: {} }, 'text'] as never[];
  const run = gepa(program).compile({ ...settings, trainset: rows, valset: rows, metric: () => 1 });
  await expect(run).rejects.toThrow(/trainset\[1\], trainset\[2\][\s\S]*valset\[1\]/);
  await expect(run).rejects.toThrow(OptionsError);
  expect(calls).toBe(0);
});

it('a rollout whose evaluator returns no score scores 0, and other rollouts keep their scores', async () => {
  const metric = fromEvaluators(({ inputs }: { inputs: { bad: boolean } }) =>
    inputs.bad ? { key: 'k', score: null } : { key: 'k', score: 0.5 },
  );
  const { scores, prompts } = await optimize(
    prompt.pipe(() => 'x'),
    metric as never,
  );
  expect(scores).toEqual([0.5, 0]);
  expect(prompts).toContain('as its score. A score must be a number or a boolean.');
});
