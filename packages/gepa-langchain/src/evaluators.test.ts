import { exactMatch } from 'openevals';
import { createLLMAsJudge } from 'openevals/llm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Evaluator, type EvaluatorOptions, fromEvaluators } from './evaluators.ts';
import { type OpenAIServer, startOpenAIServer } from './testing/openai-server.ts';

let server: OpenAIServer;
beforeAll(async () => {
  server = await startOpenAIServer(() => JSON.stringify({ reasoning: 'It is wrong.', score: false }));
});
afterAll(() => server.close());

const example = { input: { q: 'Q' }, expected: { a: 'A' }, id: 'one' };
const score = (
  evaluators: Evaluator | Evaluator[],
  output: unknown = { a: 'A' },
  options?: EvaluatorOptions,
) =>
  fromEvaluators(
    evaluators,
    options,
  )({ example, output, trace: undefined, signal: new AbortController().signal });

describe('evaluators of LangSmith', () => {
  it('are given inputs, outputs and references, and answer in all their ways', async () => {
    const seen: unknown[] = [];
    const evaluator = (args: { inputs: unknown; outputs: unknown; referenceOutputs: unknown }) => {
      seen.push(args);
      return { key: 'same', score: args.outputs === args.referenceOutputs, comment: 'It is not.' };
    };
    expect(await score(evaluator)).toEqual({ score: 0, feedback: 'It is not.' });
    expect(seen).toMatchObject([{ inputs: { q: 'Q' }, outputs: { a: 'A' }, referenceOutputs: { a: 'A' } }]);
    expect(await score(() => true)).toEqual({ score: 1 });
    expect(await score(() => 0.25)).toEqual({ score: 0.25 });
    expect(await score(() => ({ key: 'k', value: true }))).toEqual({ score: 1 });
    expect(
      await score(() => ({
        results: [
          { key: 'a', score: 1 },
          { key: 'b', score: 0 },
        ],
      })),
    ).toEqual({
      score: 0.5,
      objectives: { a: 1, b: 0 },
    });
  });

  it('may take a run and an example, or be objects', async () => {
    const positional = (run: { outputs: { a: string } }, one?: { outputs: { a: string } }) => ({
      key: 'k',
      score: run.outputs.a === one?.outputs.a,
    });
    const withTwo = (run: { outputs: { a: string } }, one: { outputs: { a: string } }) =>
      positional(run, one);
    expect(await score(withTwo as never)).toEqual({ score: 1 });
    expect(await score({ evaluateRun: withTwo } as never)).toEqual({ score: 1 });
  });

  it('become objectives when there are several, weighted', async () => {
    const short = () => ({ key: 'short', score: 1, comment: 'Good.' });
    const right = () => [
      { key: 'right', score: 0, comment: 'Wrong.' },
      { key: 'right', score: 0.5 },
    ];
    expect(await score([short, right], {}, { weights: { right: 3 } })).toEqual({
      score: (1 + 3 * 0.25) / 4,
      feedback: 'short:\nGood.\nright:\nWrong.',
      objectives: { short: 1, right: 0.25 },
    });
  });

  it('need weights that make a score', async () => {
    const one = () => ({ key: 'one', score: 1 });
    for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => fromEvaluators(one, { weights: { one: weight } })).toThrow('weight of "one"');
    }
    await expect(score(one, {}, { weights: { one: 0 } })).rejects.toThrow('(one) all have the weight 0');
  });

  it('may be shown a part of the output', async () => {
    const seen: unknown[] = [];
    const outputs = (output: { a: string }) => output.a;
    await score(({ outputs }: { outputs: unknown }) => seen.push(outputs), { a: 'A' }, { outputs });
    expect(seen).toEqual(['A']);
  });

  it.each([
    ['nothing', () => undefined],
    ['a word', () => ({ key: 'k', value: 'good' })],
    ['no number', () => ({ key: 'k', score: Number.NaN })],
    ['no result', () => []],
  ])('that give %s are named', async (_what, evaluator) => {
    await expect(score(evaluator)).rejects.toThrow(/gave no (score|result)/);
  });
});

describe('evaluators of openevals', () => {
  it('work as they are', async () => {
    expect(await score(exactMatch)).toEqual({ score: 1 });
    expect(await score(exactMatch, { a: 'B' })).toEqual({ score: 0 });
  });

  it('judge with a model, whose tokens are counted', async () => {
    const judge = createLLMAsJudge({
      prompt: 'Is {outputs} right for {inputs}? The right one is {reference_outputs}.',
      judge: server.model() as never,
      feedbackKey: 'correct',
    });
    const result = await score(judge);
    expect(result).toMatchObject({ score: 0, feedback: 'It is wrong.', usage: { modelCalls: 1 } });
    expect((result as { usage: { inputTokens: number } }).usage.inputTokens).toBeGreaterThan(0);
  });
});
