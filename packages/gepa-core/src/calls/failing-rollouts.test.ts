import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { addUsage, modelCallUsage } from '../budget/usage.ts';
import { MetricError, RolloutError, RunError, SeedError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { useFakeTime } from '../testing/fixtures/fake-time.ts';
import { type TokenOptions, tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';

useFakeTime();

const quick = { minDelayMs: 0, maxDelayMs: 1 };
const failure = (fields: object) => Object.assign(new Error('the provider says no'), fields);

async function errorOf(options: TokenOptions): Promise<unknown> {
  return optimize(options).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('transient failures', () => {
  it.each([
    ['429', failure({ status: 429 })],
    ['500', failure({ status: 500 })],
    ['a lost connection', failure({ code: 'ECONNRESET' })],
    ['a timeout', failure({ name: 'TimeoutError' })],
  ])('a rollout that fails with %s is retried and not scored as a failure', async (_, error) => {
    const run = tokenRun({
      retry: quick,
      maxIterations: 2,
      before({ previousRuns }) {
        if (previousRuns < 2) throw error;
      },
    });
    const result = await optimize(run.options);
    expect(result.retries).toBe(2 * result.totalMetricCalls);
    expect(run.events.filter(({ type }) => type === 'retried')).toHaveLength(result.retries);
    expect(result.candidates[0]!.scores).toEqual(
      (await optimize(tokenRun({ maxIterations: 1 }).options)).candidates[0]!.scores,
    );
  });

  it('a server that asks for a longer wait than the run would spend on retries ends the run at once', async () => {
    const run = tokenRun({
      retry: { minDelayMs: 500 },
      before({ context }) {
        if (context.iteration > 2) throw failure({ status: 429, headers: { 'retry-after': '3600' } });
      },
    });
    const result = await optimize(run.options);
    expect(result).toMatchObject({ stopReason: 'providerUnavailable', retries: 0 });
    expect(result.durationMs).toBeLessThan(5_000);
  });

  it('a host that was never reached ends the run within seconds, with the address in the error and in each retry', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
    const start = performance.now();
    const run = tokenRun({
      before: () => Promise.reject(new Error('Connection error.', { cause: refused })),
    });
    const error = await errorOf(run.options);
    expect(error).toBeInstanceOf(SeedError);
    expect((error as SeedError).message).toContain('127.0.0.1:9');
    expect(performance.now() - start).toBeLessThan(10_000);
    const messages = run.events.flatMap((event) => (event.type === 'retried' ? [event.message] : []));
    expect(messages.length).toBeGreaterThan(0);
    expect(new Set(messages)).toEqual(new Set(['Connection error: connect ECONNREFUSED 127.0.0.1:9']));
  });

  it('an outage in which every attempt takes long ends the run after about two minutes', async () => {
    const run = tokenRun({
      concurrency: 1,
      before: async ({ context }) => {
        if (context.iteration <= 2) return;
        await new Promise((resolve) => setTimeout(resolve, 30_000));
        throw failure({ status: 503 });
      },
    });
    const start = performance.now();
    let lastAnswerAt = start;
    const result = await optimize({
      ...run.options,
      onEvent: (event) => {
        if (event.type === 'rollout_finished') lastAnswerAt = performance.now();
      },
    });
    expect(result.stopReason).toBe('providerUnavailable');
    expect(performance.now() - lastAnswerAt).toBeLessThan(190_000);
  });

  it('a retry waits as long as the server asks, up to maxDelayMs', async () => {
    const waits = async (retryAfter: string, maxDelayMs: number) => {
      const run = tokenRun({
        valset: tokenExamples('valid', 1),
        retry: { minDelayMs: 0, maxDelayMs },
        maxIterations: 1,
        before({ previousRuns, context }) {
          if (previousRuns === 0 && context.phase === 'seed')
            throw failure({ status: 429, headers: { 'retry-after': retryAfter } });
        },
      });
      return (await optimize(run.options)).durationMs;
    };
    expect(await waits('0.05', 60_000)).toBeGreaterThanOrEqual(45);
    expect(await waits('50', 5)).toBeLessThan(5_000);
  });

  it('a transient failure that outlasts its retries while the seed is scored throws a SeedError', async () => {
    const run = tokenRun({
      retry: { ...quick, retries: 2 },
      before: () => Promise.reject(failure({ status: 503 })),
    });
    const error = await errorOf(run.options);
    expect(error).toBeInstanceOf(SeedError);
    expect((error as SeedError).message).toContain('the provider says no');
    expect((error as SeedError).cause).toMatchObject({ status: 503 });
    expect([...run.begun.values()].every((times) => times <= 3)).toBe(true);
    // The rest of the valset is not tried.
    expect(run.begun.size).toBeLessThanOrEqual(8);
  });

  it('a transient failure of one example leaves a gap in the scores of a child and does not end the run', async () => {
    const run = tokenRun({
      retry: { ...quick, retries: 1 },
      maxIterations: 6,
      before({ context, example }) {
        if (context.phase === 'valset' && example.id === 'valid-2') throw failure({ status: 500 });
      },
    });
    const result = await optimize(run.options);
    const later = result.candidates.slice(1);
    expect(later.length).toBeGreaterThan(0);
    expect(later.map(({ coverage }) => coverage)).toEqual(later.map(() => 7));
    expect(result.bestIndex).toBe(0);
  });

  it('an outage ends the run with the result so far', async () => {
    const run = tokenRun({
      retry: { ...quick, retries: 5 },
      concurrency: 2,
      before({ context }) {
        if (context.iteration > 2) throw failure({ status: 503 });
      },
    });
    const result = await optimize(run.options);
    expect(result).toMatchObject({ stopReason: 'providerUnavailable', iterations: 3 });
    expect(result.candidates.length).toBeGreaterThan(1);
    expect(result.warnings.at(-1)).toMatch(/^The provider became unavailable: the provider says no\./);
    // Failed rollouts have no score, and the outage starts no new work.
    expect(run.decisions().filter(({ type }) => type === 'task_evaluated')).toHaveLength(2);
    expect(run.events.filter(({ type }) => type === 'retried').length).toBeLessThanOrEqual(2 * 5);
  });

  it('an outage that affects only some examples also ends the run', async () => {
    const run = tokenRun({
      retry: { ...quick, retries: 0 },
      concurrency: 1,
      before({ context, example }) {
        if (context.iteration > 2 && example.id !== 'train-0') throw failure({ status: 500 });
      },
    });
    const result = await optimize({ ...run.options, cacheEvaluation: false });
    expect(result.stopReason).toBe('providerUnavailable');
    const rejected = run.decisions().filter((event) => event.type === 'proposal_rejected');
    expect(rejected.length).toBeLessThanOrEqual(3);
    expect(rejected.every(({ reason }) => reason === 'unavailable')).toBe(true);
  });

  it('retries that are billed end the run at maxTokens during an outage', async () => {
    const usage = modelCallUsage({ inputTokens: 10, outputTokens: 0 });
    const run = tokenRun({
      retry: { ...quick, retries: 1_000 },
      concurrency: 1,
      maxTokens: 300,
      reserve: { rollout: { tokens: 20 } },
      before({ context }) {
        if (context.iteration > 0) throw new RolloutError('no', { cause: failure({ status: 503 }), usage });
      },
    });
    const result = await optimize(run.options);
    expect(result).toMatchObject({ stopReason: 'maxTokens', iterations: 1 });
    // 10 tokens are left, less than the 20 that a rollout reserves.
    expect(result.usage.modelCalls).toBe(29);
  });

  it('classifyError of the caller can mark errors as transient', async () => {
    const run = tokenRun({
      retry: {
        ...quick,
        classifyError: (error) => (/no capacity/.test(String(error)) ? 'transient' : undefined),
      },
      maxIterations: 2,
      before({ previousRuns }) {
        if (previousRuns === 0) throw new Error('no capacity');
      },
    });
    const result = await optimize(run.options);
    expect(result.retries).toBe(result.totalMetricCalls);
    expect(result.candidates[0]!.mean).toBeGreaterThan(0);
  });
});

describe('refusals', () => {
  it('a refused key while the seed is scored throws a SeedError without retries', async () => {
    const run = tokenRun({
      concurrency: 2,
      retry: quick,
      before: () => Promise.reject(failure({ status: 401 })),
    });
    const error = await errorOf(run.options);
    expect(error).toBeInstanceOf(SeedError);
    expect(run.begun.size).toBeLessThanOrEqual(2);
    expect([...run.begun.values()]).toEqual([...run.begun.values()].map(() => 1));
  });

  it('a refusal in a later iteration ends the run at once with the result so far', async () => {
    const run = tokenRun({
      retry: quick,
      before({ context }) {
        if (context.iteration === 2) throw failure({ status: 401 });
      },
    });
    const result = await optimize(run.options);
    expect(result).toMatchObject({ stopReason: 'providerUnavailable', iterations: 2 });
  });

  it('a refusal of the reflection model ends the run at once with the result so far', async () => {
    const { propose, ...options } = tokenRun({ retry: quick }).options;
    expect(propose).toBeDefined();
    const result = await optimize({
      ...options,
      reflectionModel: () => Promise.reject(failure({ status: 401 })),
    });
    expect(result).toMatchObject({ stopReason: 'providerUnavailable', iterations: 1, bestIndex: 0 });
  });

  it('a refusal while the testset is scored ends the run with the result so far', async () => {
    const run = tokenRun({
      testset: tokenExamples('tests', 6),
      retry: quick,
      before({ context, example }) {
        if (context.phase === 'testset' && example.id === 'tests-3') throw failure({ status: 401 });
      },
    });
    const result = await optimize(run.options);
    expect(result.stopReason).toBe('providerUnavailable');
    expect(result.test).toBeUndefined();
    expect(result.bestIndex).toBeGreaterThan(0);
  });
});

describe('a program that throws', () => {
  it('a program that throws scores failureScore, with its error as feedback, and does not end the run', async () => {
    const seen: unknown[] = [];
    const run = tokenRun({
      failureScore: -0.5,
      maxIterations: 4,
      before: () => Promise.reject(new Error('no such tool: search')),
    });
    const { adapter } = run.options;
    const result = await optimize({
      ...run.options,
      adapter: {
        ...adapter,
        reflectiveRecords({ rollouts }) {
          seen.push(...rollouts);
          return [];
        },
      },
      propose: async () => ({}),
    });
    expect(result.candidates[0]!.scores).toEqual(new Array(8).fill(-0.5));
    expect(result.stopReason).toBe('maxIterations');
    expect(result.totalMetricCalls).toBe(run.rollouts());
    expect(seen[0]).toMatchObject({
      score: -0.5,
      error: 'no such tool: search',
      feedback: 'The program failed: no such tool: search',
    });
    expect(seen[0]).not.toHaveProperty('output');
  });

  it('a program that throws a RolloutError keeps its trace and usage', async () => {
    let trace: unknown;
    const run = tokenRun({
      maxIterations: 1,
      before() {
        throw new RolloutError('half way', {
          cause: new Error('x'),
          trace: { extract: { missing: ['clue'], unwanted: [] } },
          usage: modelCallUsage({ inputTokens: 5, outputTokens: 1 }),
        });
      },
    });
    const { adapter } = run.options;
    const result = await optimize({
      ...run.options,
      adapter: {
        ...adapter,
        reflectiveRecords: ({ rollouts }) => {
          trace = rollouts[0]!.trace;
          return [];
        },
      },
      propose: async () => ({}),
    });
    expect(trace).toEqual({ extract: { missing: ['clue'], unwanted: [] } });
    expect(result.usage.modelCalls).toBe(result.totalMetricCalls);
  });

  it('a program that returns nothing ends the run with an error that shows what to return', async () => {
    const error = await errorOf({
      ...tokenRun().options,
      adapter: { components: { prompt: { text: 'base' } }, run: (async () => undefined) as never },
    });
    expect(error).toBeInstanceOf(RunError);
    expect((error as Error).message).toContain('{ output');
  });
});

it('programs and metrics may return promises of another realm', async () => {
  const { options } = tokenRun({ maxIterations: 1 });
  const foreign: <T>(value: T) => Promise<T> = runInNewContext('(value) => Promise.resolve(value)');
  expect(foreign(1)).not.toBeInstanceOf(Promise);
  const result = await optimize({
    ...options,
    adapter: {
      ...options.adapter,
      run: () => foreign({ output: { present: 3, unwanted: 0, allTokens: 1 } }),
    },
    metric: (args) => foreign(args.output.present / 4),
  });
  expect(result.seedScore).toBe(0.75);
});

it('a rollout that times out is retried, and unavailable if the retries time out too', async () => {
  const hanging = tokenRun({
    valset: tokenExamples('valid', 2),
    rolloutTimeoutMs: 10,
    retry: { ...quick, retries: 1 },
    before: () => new Promise(() => {}),
  });
  const error = await errorOf(hanging.options);
  expect(error).toBeInstanceOf(SeedError);
  expect((error as Error).message).toContain('10 ms');

  const slowOnce = tokenRun({
    valset: tokenExamples('valid', 2),
    rolloutTimeoutMs: 20,
    retry: quick,
    maxIterations: 1,
    before: ({ previousRuns }) => (previousRuns === 0 ? new Promise(() => {}) : undefined),
  });
  expect((await optimize(slowOnce.options)).retries).toBe(slowOnce.begun.size);
});

describe('a metric', () => {
  it('a metric that throws on every example of the seed ends the run', async () => {
    const run = tokenRun({
      metric: () => {
        throw new TypeError("cannot read 'label' of undefined");
      },
    });
    const error = await errorOf(run.options);
    expect(error).toBeInstanceOf(SeedError);
    expect((error as Error).message).toContain("valid-0: cannot read 'label' of undefined");
  });

  it('a metric that throws on some examples scores failureScore and warns once', async () => {
    const run = tokenRun({
      maxIterations: 5,
      metric: ({ example }) => {
        if (/[13]$/.test(example.id)) throw new Error('no label');
        return 0.5;
      },
    });
    const result = await optimize(run.options);
    expect(result.candidates[0]!.scores).toEqual([0.5, 0, 0.5, 0, 0.5, 0.5, 0.5, 0.5]);
    expect(result.warnings.filter((warning) => warning.includes('no label'))).toHaveLength(1);
  });

  it('a metric that fails with a transient error is retried without another run of the program', async () => {
    let calls = 0;
    const run = tokenRun({
      retry: quick,
      maxIterations: 1,
      metric: () => {
        if (calls++ === 0) throw failure({ status: 429 });
        return 0.5;
      },
    });
    const result = await optimize(run.options);
    expect(result.retries).toBe(1);
    expect([...run.begun.values()].every((times) => times === 1)).toBe(true);
  });

  it.each([
    ['its score is NaN', Number.NaN],
    ['its score is Infinity', Number.POSITIVE_INFINITY],
    ['its score is -Infinity', { score: Number.NEGATIVE_INFINITY }],
    ['its "score" is string', { score: '0.5' }],
    ['it returned undefined', undefined],
    ['its objective "speed" is NaN', { score: 1, objectives: { speed: Number.NaN } }],
    ['its objective "speed" is string', { score: 1, objectives: { speed: '1' } }],
  ])(
    'an invalid metric result ends the run with an error that names the example: %s',
    async (problem, answer) => {
      const run = tokenRun({
        concurrency: 1,
        metric: ({ example }) =>
          example.id === 'valid-3' ? (answer as number) : { score: 1, objectives: { speed: 1 } },
      });
      const error = await errorOf(run.options);
      expect(error).toBeInstanceOf(MetricError);
      expect((error as Error).message).toContain(`example valid-3: ${problem}`);
      expect(run.begun.size).toBe(4);
    },
  );

  it('a metric whose objectives change ends the run with an error that lists both', async () => {
    const run = tokenRun({
      concurrency: 1,
      metric: ({ example }) => {
        const objectives: Record<string, number> = { accuracy: 1 };
        objectives[example.id === 'train-1' ? 'tone' : 'length'] = 0;
        return { score: 0.5, objectives };
      },
    });
    const error = await errorOf(run.options);
    expect(error).toBeInstanceOf(MetricError);
    expect((error as Error).message).toContain('accuracy, tone for example train-1, but accuracy, length');
    expect((error as RunError).result).toMatchObject({ stopReason: 'error' });
  });

  it.each([
    ['a refused key', Object.assign(new Error('401 Incorrect API key'), { status: 401 })],
    ['an outage', Object.assign(new Error('503 overloaded'), { status: 503 })],
  ])("an error says that the metric's model failed, not the program's: %s", async (_, failure) => {
    const run = tokenRun({
      retry: { retries: 1, minDelayMs: 0 },
      metric: () => {
        throw failure;
      },
    });
    const error = (await errorOf(run.options)) as Error;
    expect(error).toBeInstanceOf(SeedError);
    expect(error.message).toContain(`the metric could not ask its model: ${failure.message}`);
  });

  it('a metric may report the usage of its judge', async () => {
    const usage = modelCallUsage({ model: 'judge', inputTokens: 10, outputTokens: 2, costUsd: 0.01 });
    const run = tokenRun({
      maxIterations: 1,
      metric: () => ({ score: 0, usage }),
      propose: async () => ({}),
    });
    const result = await optimize(run.options);
    expect(result.usage.modelCalls).toBe(result.totalMetricCalls);
    expect(result.usage.byModel?.judge?.inputTokens).toBe(10 * result.totalMetricCalls);
    expect(addUsage(result.usage, usage).modelCalls).toBe(result.totalMetricCalls + 1);
  });
});

it('a program that fails on every example causes a warning with its error message', async () => {
  const result = await optimize({
    seedCandidate: { text: 'seed' },
    run: (): { output: string } => {
      throw new TypeError('input.ticket is not a string');
    },
    metric: () => 1,
    propose: async () => ({ text: 'new' }),
    trainset: [1, 2, 3],
    valset: [4, 5],
    maxIterations: 1,
  });
  expect(result.seedScore).toBe(0);
  expect(result.warnings).toEqual([
    expect.stringMatching(
      /failed on every example of the valset, first on val:0: input\.ticket is not a string/,
    ),
  ]);
});

it('a program that fails on a training example with the texts of the seed causes one warning, with the first message', async () => {
  const run = tokenRun({
    maxIterations: 6,
    before: ({ example, candidate }) => {
      if (example.id.startsWith('train-') && Object.values(candidate).every((text) => text === 'base')) {
        throw new Error(`no page for ${example.id}`);
      }
    },
    propose: async () => ({}),
  });
  const { warnings } = await optimize(run.options);
  expect(warnings.filter((warning) => warning.includes('failed with its own texts'))).toEqual([
    expect.stringMatching(/first on example (train-\d); such rollouts score failureScore: no page for \1\./),
  ]);
});
