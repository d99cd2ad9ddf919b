import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { CallMeter } from '../adapter/call-meter.ts';
import { OptionsError, RunError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { type TokenRunSetup, tokenRun } from '../testing/fixtures/token-run.ts';
import { runTokenTask } from '../testing/token-task.ts';
import { modelCallUsage, noUsage, type Price } from './usage.ts';

type Run = (meter: CallMeter, signal: AbortSignal) => Promise<unknown>;

const prices: Record<string, Price> = { small: { input: 1, output: 2 } };
const usage = modelCallUsage({ model: 'small', inputTokens: 100, outputTokens: 10 });
const request = { model: 'small', inputTokens: 100, outputTokens: 50 };

/** A run of a program that tells of its model calls. */
function meteredRun(program: Run, setup: TokenRunSetup = {}) {
  const run = tokenRun({ maxIterations: 1, prices, ...setup });
  const { adapter } = run.options;
  return optimize({
    ...run.options,
    adapter: {
      ...adapter,
      metersCalls: true,
      run: async (candidate, example, { meter, signal }) => {
        await program(meter!, signal);
        return runTokenTask(candidate, example);
      },
    },
  });
}

const answered: Run = async (meter) => (await meter.begin(request)).end(usage);

describe('what is told to the meter', () => {
  it('is what a rollout took, without a bound as well', async () => {
    const result = await meteredRun(answered);
    expect(result.usage).toMatchObject({
      modelCalls: result.totalMetricCalls,
      inputTokens: 100 * result.totalMetricCalls,
    });
  });

  it('goes before what the program reports', async () => {
    const run = tokenRun({ maxIterations: 1 });
    const { adapter } = run.options;
    const result = await optimize({
      ...run.options,
      adapter: {
        ...adapter,
        run: async (...args) => {
          await answered(args[2].meter!, args[2].signal);
          return { ...(await adapter.run(...args)), usage: modelCallUsage({ inputTokens: 9_999 }) };
        },
      },
    });
    expect(result.usage.inputTokens).toBe(100 * result.totalMetricCalls);
  });

  it('counts where the rollout comes to no end: out of time, or aborted', async () => {
    let begun = 0;
    const controller = new AbortController();
    const result = await meteredRun(
      async (meter) => {
        await answered(meter, controller.signal);
        begun++;
        if (begun === 4) controller.abort();
        await new Promise(() => {});
      },
      {
        rolloutTimeoutMs: 30,
        retry: { minDelayMs: 0, maxDelayMs: 0, retries: 9 },
        concurrency: 1,
        signal: controller.signal,
      },
    );
    expect(result.stopReason).toBe('aborted');
    expect(result.usage.modelCalls).toBe(4);
  });

  it('counts for judges and reflection as well', async () => {
    const { propose: _, ...options } = tokenRun({ maxIterations: 1 }).options;
    const result = await optimize({
      ...options,
      metric: async ({ meter }) => {
        (await meter!.begin()).end(usage);
        return 0.5;
      },
      reflectionModel: async ({ meter }) => {
        (await meter!.begin()).fail(new Error('no'));
        (await meter!.begin()).end(usage);
        return '```\nbase red\n```';
      },
    });
    expect(result.spend.judge.usage.modelCalls).toBe(result.totalMetricCalls);
    expect(result.spend.reflection.usage.modelCalls).toBe(1);
  });

  it('counts for a proposer of the caller, whose calls are bounded too', async () => {
    const { propose, ...options } = tokenRun({
      maxTokens: 1_000,
      reserve: { rollout: { tokens: 0 }, reflection: { tokens: 300 } },
    }).options;
    const result = await optimize({
      ...options,
      acceptanceCriterion: 'improvement_or_equal',
      skipPerfectScore: false,
      propose: async (request) => {
        (await request.meter!.begin()).end(modelCallUsage({ inputTokens: 300 }));
        return propose!(request);
      },
    });
    expect(result.stopReason).toBe('maxTokens');
    expect(result.usage.inputTokens).toBe(900);
  });
});

describe('a call that could cross a bound', () => {
  const tokens = (limit: number, setup: TokenRunSetup = {}) => ({ maxTokens: limit, ...setup });

  it('is not made, whatever the program does about it', async () => {
    let made = 0;
    const stubborn: Run = async (meter) => {
      for (let i = 0; i < 3; i++) {
        try {
          const call = await meter.begin(request);
          made++;
          call.end(usage);
        } catch {
          // Goes on without the model.
        }
      }
    };
    const result = await meteredRun(stubborn, tokens(1_000, { concurrency: 1 }));
    expect(result.stopReason).toBe('maxTokens');
    // The ninth could have taken 150 of the 120 that were left.
    expect(made).toBe(8);
    expect(result.usage.inputTokens + result.usage.outputTokens).toBe(880);
    // What came of the third rollout without its third call is nobody's score.
    expect(result.totalMetricCalls).toBe(2);
  });

  it('ends its rollout at once, and lets nothing more begin in it', async () => {
    const late: Promise<unknown>[] = [];
    const result = await meteredRun(
      async (meter, signal) => {
        await answered(meter, signal);
        await answered(meter, signal).catch(() => {});
        expect(signal.aborted).toBe(true);
        late.push(meter.begin(request).catch((error) => error));
        await new Promise(() => {});
      },
      tokens(200, { concurrency: 1, rolloutTimeoutMs: 60_000 }),
    );
    expect(result.stopReason).toBe('maxTokens');
    for (const outcome of await Promise.all(late)) expect(outcome).toBeInstanceOf(Error);
  });

  it('waits while others may leave room for it', async () => {
    let underway = 0;
    let most = 0;
    const result = await meteredRun(
      async (meter) => {
        const call = await meter.begin(request);
        most = Math.max(most, ++underway);
        await sleep(1);
        underway--;
        call.end(usage);
      },
      tokens(8 * 110 + 300, { concurrency: 8, valset: tokenRun().options.valset! }),
    );
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(7);
    expect(result.candidates[0]!.coverage).toBe(8);
  });

  it('says so, where it waits for want of a limit on what is written', async () => {
    const run = tokenRun({ maxIterations: 1, maxTokens: 3_000, prices, reserve: { outputTokens: 1_000 } });
    const { adapter } = run.options;
    const result = await optimize({
      ...run.options,
      adapter: {
        ...adapter,
        metersCalls: true,
        run: async (...args) => {
          const call = await args[2].meter!.begin({ model: 'small', inputTokens: 100 });
          await sleep(1);
          call.end(usage);
          return adapter.run(...args);
        },
      },
    });
    const notes = run.events.filter(
      (event) => event.type === 'warning' && /wait for one another/.test(event.message),
    );
    expect(notes).toHaveLength(1);
    expect(result.warnings.join()).not.toContain('wait for one another');
  });

  it('may be one of several at once in a rollout', async () => {
    const result = await meteredRun(
      (meter, signal) => Promise.all([1, 2, 3].map(() => answered(meter, signal))),
      tokens(1_000, { concurrency: 1 }),
    );
    expect(result.stopReason).toBe('maxTokens');
    expect(result.usage.modelCalls).toBe(8);
  });
});

describe('what may be billed without an answer', () => {
  const failingWith = (error: unknown, maxTokens = 2_000) =>
    meteredRun(
      async (meter, signal) => {
        const call = await meter.begin(request);
        call.fail(error);
        await answered(meter, signal);
      },
      { maxTokens, concurrency: 1 },
    );

  it('is set aside for good', async () => {
    const result = await failingWith(new Error('The connection broke off.'));
    // Each rollout takes 110 and leaves 150 in doubt; the last could not make its second call.
    expect(result).toMatchObject({ stopReason: 'maxTokens', totalMetricCalls: 7 });
    expect(result.usage.inputTokens + result.usage.outputTokens).toBe(770);
    expect(result.warnings.join()).toContain('1200 of maxTokens is set aside');
  });

  it.each([
    ['an answer that says no', { status: 429 }],
    ['a server that was not reached', { cause: { code: 'ECONNREFUSED' } }],
  ])('is nothing after %s', async (_, fields) => {
    const result = await failingWith(Object.assign(new Error('no'), fields), 6_000);
    expect(result.stopReason).toBe('maxIterations');
    expect(result.warnings.join()).not.toContain('set aside');
  });
});

describe('is refused before it is made: a call', () => {
  it.each([
    [
      'of which nothing is told',
      {},
      'maxTokens',
      'nobody can tell what a call of a model that was not named',
    ],
    [
      'of a model without a price',
      { model: 'other', inputTokens: 1, outputTokens: 1 },
      'maxCostUsd',
      '`prices`',
    ],
    ['without a limit', { model: 'small', inputTokens: 10 }, 'maxCostUsd', 'how many tokens it may write'],
    [
      'that is sent what cannot be counted',
      { model: 'small', inputTokens: Number.POSITIVE_INFINITY, outputTokens: 1 },
      'maxTokens',
      'adds to what it is sent',
    ],
    [
      'larger than the whole bound',
      { model: 'small', inputTokens: 10, outputTokens: 9_000_000 },
      'maxCostUsd',
      'a single call of small may take up to 18',
    ],
    ['of a model that can read more', { model: 'gpt-4.1-mini', inputTokens: 9 }, 'maxCostUsd', 'up to 1.6'],
  ])('%s', async (_, asked, bound, words) => {
    const error = await meteredRun(
      async (meter) => {
        await meter.begin(asked);
        expect.unreachable();
      },
      { [bound]: 1, concurrency: 1 },
    ).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(RunError);
    expect(error.message).toContain(words);
    expect(error.message).toContain('reserve.rollout');
  });

  it('where nothing is lost yet; a later one ends the run, and the result is kept', async () => {
    let calls = 0;
    const run = tokenRun();
    const result = await meteredRun(
      async (meter) => {
        calls++;
        (await meter.begin({ ...request, outputTokens: calls < 4 ? 50 : 5_000 })).end(usage);
      },
      { maxTokens: 3_000, concurrency: 1, onEvent: run.options.onEvent! },
    );
    expect(result).toMatchObject({ stopReason: 'maxTokens', totalMetricCalls: 3 });
    const told = run.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(told.join()).toContain('a single call of small may take up to 5100');
  });

  it('but not one that is free, or whose model cannot write more than fits', async () => {
    const free = { small: { input: 0, output: 0 } };
    const unlimited: Run = async (meter) => (await meter.begin({ model: 'small' })).end(usage);
    expect((await meteredRun(unlimited, { maxCostUsd: 0.01, prices: free })).usage.costUsd).toBe(0);
    const limited = await meteredRun(unlimited, {
      maxCostUsd: 1,
      prices,
      reserve: { outputTokens: 1_000 },
    }).catch((error) => error.message);
    expect(limited).toContain('not told how much it is sent');
    const sized: Run = async (meter) => (await meter.begin({ model: 'small', inputTokens: 100 })).end(usage);
    const { stopReason } = await meteredRun(sized, { maxCostUsd: 1, reserve: { outputTokens: 1_000 } });
    expect(stopReason).toBe('maxIterations');
    const known: Run = async (meter) => (await meter.begin({ model: 'gpt-4o-mini' })).end(noUsage);
    expect((await meteredRun(known, { maxCostUsd: 1 })).stopReason).toBe('maxIterations');
  });
});

describe('without word of what calls can take at most', () => {
  const bounded = (setup: object) => optimize({ ...tokenRun({ maxTokens: 1_000 }).options, ...setup });

  it('a bound is refused before the start', async () => {
    await expect(bounded({})).rejects.toThrow(/reserve\.rollout\.tokens/);
    await expect(bounded({ propose: undefined, reflectionModel: async () => '' })).rejects.toThrow(
      /reserve\.reflection\.tokens/,
    );
    await expect(bounded({ maxCostUsd: 1, reserve: { rollout: { costUsd: 0.1 } } })).rejects.toThrow(
      'reserve.rollout says nothing of tokens',
    );
    await expect(bounded({})).rejects.toBeInstanceOf(OptionsError);
    expect((await bounded({ reserve: { rollout: { tokens: 0 } } })).stopReason).toBe('maxMetricCalls');
  });

  it('a judge that reports what it took ends the run, which bears what was found', async () => {
    const metric = () => ({ score: 0.5, usage });
    const { adapter } = tokenRun().options;
    const error = await bounded({ adapter: { ...adapter, metersCalls: true }, metric, prices }).catch(
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(RunError);
    expect(error.message).toMatch(/the metric reports .*`reserve\.rollout`.*`meter`/);
  });
});
