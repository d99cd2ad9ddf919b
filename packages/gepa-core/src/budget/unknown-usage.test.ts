import { expect, it } from 'vitest';
import { optimize } from '../optimize.ts';
import { useFakeTime } from '../testing/fixtures/fake-time.ts';
import { type TokenRunSetup, tokenRun } from '../testing/fixtures/token-run.ts';
import { runTokenTask } from '../testing/token-task.ts';
import { isUnknownUsage, modelCallUsage, reportedUsage, soundUsage, type Usage } from './usage.ts';

useFakeTime();

const prices = { small: { input: 1, output: 2 } };
const request = { model: 'small', inputTokens: 100, outputTokens: 50 };
const complete = modelCallUsage({ model: 'small', inputTokens: 100, outputTokens: 10 });

const unusable: [string, Usage][] = [
  ['negative', { ...complete, outputTokens: -10 }],
  ['missing', modelCallUsage({ model: 'small' })],
  ['absent in part', { ...complete, outputTokens: undefined as never }],
  ['a string', { ...complete, inputTokens: '100' as never }],
  ['infinite', { ...complete, outputTokens: Number.POSITIVE_INFINITY }],
  ['a negative number of calls', { ...complete, modelCalls: -1 }],
  ['negative for the model', { ...complete, byModel: { small: { ...complete, inputTokens: -1 } } }],
];

function runWith(usage: Usage, setup: TokenRunSetup, isMetered: boolean) {
  const run = tokenRun({ maxIterations: 1, concurrency: 1, prices, ...setup });
  const { maxMetricCalls: _, ...options } = run.options;
  return optimize({
    ...options,
    adapter: {
      ...options.adapter,
      metersCalls: isMetered,
      run: async (candidate, example, { meter }) => {
        if (isMetered) (await meter!.begin(request)).end(usage);
        return { ...runTokenTask(candidate, example), ...(isMetered ? {} : { usage }) };
      },
    },
  });
}

it.each(unusable)(
  'a model call whose token count is %s stays charged at its maximum, and the result warns of it',
  async (_, usage) => {
    const tokens = await runWith(usage, { maxTokens: 450 }, true);
    expect(tokens).toMatchObject({ stopReason: 'maxTokens', totalMetricCalls: 3 });
    expect(tokens.usage).toMatchObject({ inputTokens: 0, outputTokens: 0 });
    expect(tokens.warnings.join()).toContain(
      '3 model calls reported missing, partial or invalid token counts',
    );
    const dollars = await runWith(usage, { maxCostUsd: 0.00065 }, true);
    expect(dollars).toMatchObject({ stopReason: 'maxCostUsd', totalMetricCalls: 3 });
  },
);

it.each(unusable)(
  'a rollout that returns a token count that is %s stays charged at its declared maximum',
  async (_, usage) => {
    const result = await runWith(usage, { maxTokens: 450, reserve: { rollout: { tokens: 150 } } }, false);
    expect(result).toMatchObject({ stopReason: 'maxTokens', totalMetricCalls: 3 });
    expect(result.warnings.join()).toContain('token counts');
    const dollars = { maxCostUsd: 0.45, reserve: { rollout: { costUsd: 0.15 } } };
    expect(await runWith(usage, dollars, false)).toMatchObject({ totalMetricCalls: 3 });
  },
);

it('a model call that reports its cost but no tokens is charged that cost, and the maximum of its tokens', async () => {
  const usage = modelCallUsage({ model: 'small', costUsd: 0.01 });
  const result = await runWith(usage, { maxTokens: 300, maxCostUsd: 1 }, true);
  expect(result).toMatchObject({ stopReason: 'maxTokens', totalMetricCalls: 2, usage: { costUsd: 0.02 } });
});

it('a negative cost is replaced by the price of the tokens', () => {
  expect(soundUsage({ ...complete, costUsd: -1 })).toEqual(complete);
  expect(soundUsage({ ...complete, outputTokens: -1, costUsd: 2 })).toEqual({
    modelCalls: 1,
    inputTokens: 0,
    outputTokens: 0,
    costUsd: 2,
    byModel: { small: { modelCalls: 1, inputTokens: 0, outputTokens: 0 } },
  });
});

it.each([
  [
    'thoughts that only the total contains',
    { inputTokens: 20, outputTokens: 10, totalTokens: 530 },
    [20, 510],
  ],
  ['a total without cached input', { inputTokens: 900, outputTokens: 10, totalTokens: 110 }, [900, 10]],
  ['output that only the total contains', { inputTokens: 20, totalTokens: 50 }, [20, 30]],
  ['input that only the total contains', { outputTokens: 20, totalTokens: 50 }, [30, 20]],
  ['embeddings', { inputTokens: 20, totalTokens: 20 }, [20, 0]],
  ['an empty answer', { inputTokens: 20, outputTokens: 0 }, [20, 0]],
])('reportedUsage counts %s', (_, counts, [inputTokens, outputTokens]) => {
  expect(reportedUsage(counts)).toEqual({ modelCalls: 1, inputTokens, outputTokens });
});

it.each([
  ['no counts', {}],
  ['no output', { inputTokens: 20 }],
  ['no input', { outputTokens: 20 }],
  ['only a total', { totalTokens: 20 }],
  ['a negative count', { inputTokens: 20, outputTokens: -1 }],
  ['a count that is a string', { inputTokens: '20', outputTokens: 1 }],
  ['an answer of zero tokens', { inputTokens: 20, outputTokens: 0, totalTokens: 20, hasAnswer: true }],
])('reportedUsage of %s is unknown', (_, counts) => {
  expect(isUnknownUsage(reportedUsage({ model: 'small', ...counts }))).toBe(true);
});

it('a metered model call that ends without a usage stays charged at its maximum', async () => {
  const result = await runWith(undefined as never, { maxTokens: 450 }, true);
  expect(result).toMatchObject({ stopReason: 'maxTokens', totalMetricCalls: 3 });
  const dollars = await runWith(undefined as never, { maxCostUsd: 0.00065 }, true);
  expect(dollars).toMatchObject({ stopReason: 'maxCostUsd', totalMetricCalls: 3 });
});

it('a rollout that returns null as its usage counts as one without', async () => {
  const result = await runWith(
    null as never,
    { maxTokens: 450, reserve: { rollout: { tokens: 150 } } },
    false,
  );
  expect(result.warnings.join()).toContain('A rollout reported no usage and counts as free');
  expect(result.warnings.join()).not.toContain('costUsd');
  expect(result.candidates[0]?.failed ?? 0).toBe(0);
});
