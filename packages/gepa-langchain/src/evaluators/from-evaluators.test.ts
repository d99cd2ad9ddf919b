import { exactMatch } from 'openevals';
import { createLLMAsJudge } from 'openevals/llm';
import { describe, expect, it } from 'vitest';
import { useOpenAIServer } from '../testing/openai-server.ts';
import { type Evaluator, type EvaluatorOptions, fromEvaluators } from './from-evaluators.ts';

const server = useOpenAIServer(() => JSON.stringify({ reasoning: 'It is wrong.', score: false }));

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

describe('fromEvaluators with evaluators of LangSmith', () => {
  it('an evaluator receives inputs, outputs and reference outputs, and may return any result format', async () => {
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

  it('an evaluator may take a run and an example, or be an object with evaluateRun', async () => {
    const evaluator = (run: { outputs: { a: string } }, example: { outputs: { a: string } }) => ({
      key: 'k',
      score: run.outputs.a === example.outputs.a,
    });
    expect(await score(evaluator as never)).toEqual({ score: 1 });
    expect(await score({ evaluateRun: evaluator } as never)).toEqual({ score: 1 });
  });

  it('several keys become objectives, and the score is their weighted mean', async () => {
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

  it('fromEvaluators throws on weights that are negative, not finite, or all zero', async () => {
    const one = () => ({ key: 'one', score: 1 });
    for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => fromEvaluators(one, { weights: { one: weight } })).toThrow('weight of "one"');
    }
    await expect(score(one, {}, { weights: { one: 0 } })).rejects.toThrow('(one) have the weight 0');
  });

  it('the option outputs selects the part of the output that evaluators see', async () => {
    const seen: unknown[] = [];
    const outputs = (output: { a: string }) => output.a;
    await score(({ outputs }: { outputs: unknown }) => seen.push(outputs), { a: 'A' }, { outputs });
    expect(seen).toEqual(['A']);
  });

  it.each([
    ['nothing', () => undefined, 'The evaluator "evaluator 1" returned nothing as its score'],
    ['a string', () => ({ key: 'k', value: 'good' }), 'The evaluator "k" returned "good" as its score'],
    ['NaN', () => ({ key: 'k', score: Number.NaN }), 'The evaluator "k" returned null as its score'],
    ['no results', () => [], 'The evaluators returned no results'],
  ])('the metric throws when an evaluator returns %s', async (_name, evaluator, message) => {
    await expect(score(evaluator)).rejects.toThrow(message);
  });
});

describe('fromEvaluators with evaluators of openevals', () => {
  it('an evaluator of openevals works unchanged', async () => {
    expect(await score(exactMatch)).toEqual({ score: 1 });
    expect(await score(exactMatch, { a: 'B' })).toEqual({ score: 0 });
  });

  it('the usage of an LLM judge of openevals counts', async () => {
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

it('fromEvaluators throws at once on a value that is not an evaluator', () => {
  expect(() => fromEvaluators(['openevals'] as never[])).toThrow(
    'Evaluator 1 of fromEvaluators must be a function or an object with evaluateRun(), but it is string.',
  );
  expect(() => fromEvaluators([null] as never[])).toThrow('but it is null');
});
