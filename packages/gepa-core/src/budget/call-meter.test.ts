import { describe, expect, it } from 'vitest';
import type { CallMeter } from '../adapter/call-meter.ts';
import { OptionsError, RunError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { useFakeTime } from '../testing/fixtures/fake-time.ts';
import { type TokenRunSetup, tokenRun } from '../testing/fixtures/token-run.ts';
import { runTokenTask } from '../testing/token-task.ts';
import { modelCallUsage, noUsage, type Price } from './usage.ts';

useFakeTime();

const nextTurn = () => new Promise(setImmediate);

type Program = (meter: CallMeter, signal: AbortSignal) => Promise<unknown>;

const prices: Record<string, Price> = { small: { input: 1, output: 2 } };
const usage = modelCallUsage({ model: 'small', inputTokens: 100, outputTokens: 10 });
const request = { model: 'small', inputTokens: 100, outputTokens: 50 };

/** A run of a program that reports its model calls to the meter. */
function meteredRun(program: Program, setup: TokenRunSetup = {}) {
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

const answered: Program = async (meter) => (await meter.begin(request)).end(usage);

describe('metered usage', () => {
  it('metered calls are the usage of a rollout, also without a limit on tokens or cost', async () => {
    const result = await meteredRun(answered);
    expect(result.usage).toMatchObject({
      modelCalls: result.totalMetricCalls,
      inputTokens: 100 * result.totalMetricCalls,
    });
  });

  it('metered usage takes precedence over the usage that the program returns', async () => {
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

  it('metered usage counts for rollouts that time out or are aborted', async () => {
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

  it('calls metered by the metric and the reflection model count as judge and reflection usage', async () => {
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

  it('calls metered by a custom proposer count towards maxTokens', async () => {
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

describe('a call that could exceed a limit', () => {
  const tokens = (limit: number, setup: TokenRunSetup = {}) => ({ maxTokens: limit, ...setup });

  it('a call that could exceed maxTokens is not made, even if the program catches the error', async () => {
    let made = 0;
    const persistent: Program = async (meter) => {
      for (let i = 0; i < 3; i++) {
        try {
          const call = await meter.begin(request);
          made++;
          call.end(usage);
        } catch {
          // Continues without the model.
        }
      }
    };
    const result = await meteredRun(persistent, tokens(1_000, { concurrency: 1 }));
    expect(result.stopReason).toBe('maxTokens');
    // A ninth call could have used 150 tokens, but only 120 were left.
    expect(made).toBe(8);
    expect(result.usage.inputTokens + result.usage.outputTokens).toBe(880);
    // The third rollout lacks its third call and is not scored.
    expect(result.totalMetricCalls).toBe(2);
  });

  it('a refused call aborts its rollout at once and rejects all further calls of the rollout', async () => {
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

  it('a call that does not fit waits until calls in flight settle below their reservations', async () => {
    let inFlight = 0;
    let maxInFlight = 0;
    const result = await meteredRun(
      async (meter) => {
        const call = await meter.begin(request);
        maxInFlight = Math.max(maxInFlight, ++inFlight);
        await nextTurn();
        inFlight--;
        call.end(usage);
      },
      tokens(8 * 110 + 300, { concurrency: 8, valset: tokenRun().options.valset! }),
    );
    expect(maxInFlight).toBeGreaterThan(1);
    expect(maxInFlight).toBeLessThanOrEqual(7);
    expect(result.candidates[0]!.coverage).toBe(8);
  });

  it('calls that wait because they have no output limit emit one warning', async () => {
    const run = tokenRun({ maxIterations: 1, maxTokens: 3_000, prices, reserve: { outputTokens: 1_000 } });
    const { adapter } = run.options;
    const result = await optimize({
      ...run.options,
      adapter: {
        ...adapter,
        metersCalls: true,
        run: async (...args) => {
          const call = await args[2].meter!.begin({ model: 'small', inputTokens: 100 });
          await nextTurn();
          call.end(usage);
          return adapter.run(...args);
        },
      },
    });
    const notes = run.events.filter(
      (event) => event.type === 'notice' && /wait for one another/.test(event.message),
    );
    expect(notes).toHaveLength(1);
    expect(result.warnings.join()).not.toContain('wait for one another');
  });

  it('a rollout may make several metered calls at once', async () => {
    const result = await meteredRun(
      (meter, signal) => Promise.all([1, 2, 3].map(() => answered(meter, signal))),
      tokens(1_000, { concurrency: 1 }),
    );
    expect(result.stopReason).toBe('maxTokens');
    expect(result.usage.modelCalls).toBe(8);
  });
});

describe('calls that fail', () => {
  const failingWith = (error: unknown, maxTokens = 2_000) =>
    meteredRun(
      async (meter, signal) => {
        const call = await meter.begin(request);
        call.fail(error);
        await answered(meter, signal);
      },
      { maxTokens, concurrency: 1 },
    );

  it('a failed call that may have been billed stays charged at its maximum', async () => {
    const result = await failingWith(new Error('The connection broke off.'));
    // Each rollout uses 110 tokens and its failed call stays charged at 150; the last cannot make its second call.
    expect(result).toMatchObject({ stopReason: 'maxTokens', totalMetricCalls: 7 });
    expect(result.usage.inputTokens + result.usage.outputTokens).toBe(770);
    expect(result.warnings.join()).toContain('1200 of maxTokens stays reserved');
  });

  it.each([
    ['a response with status 429', { status: 429 }],
    ['a refused connection', { cause: { code: 'ECONNREFUSED' } }],
  ])('a call that fails with %s is charged nothing', async (_, fields) => {
    const result = await failingWith(Object.assign(new Error('no'), fields), 6_000);
    expect(result.stopReason).toBe('maxIterations');
    expect(result.warnings.join()).not.toContain('stays reserved');
  });
});

describe('calls whose maximum is unknown or too large', () => {
  it.each([
    [
      'without model and token counts',
      {},
      'maxTokens',
      'the maximum of a call of an unnamed model is unknown',
    ],
    [
      'to a model without a price',
      { model: 'other', inputTokens: 1, outputTokens: 1 },
      'maxCostUsd',
      '`prices`',
    ],
    ['without an output limit', { model: 'small', inputTokens: 10 }, 'maxCostUsd', 'Limit its output tokens'],
    [
      'with an infinite number of input tokens',
      { model: 'small', inputTokens: Number.POSITIVE_INFINITY, outputTokens: 1 },
      'maxTokens',
      'the provider adds to the input',
    ],
    [
      'whose maximum exceeds the limit of the run',
      { model: 'small', inputTokens: 10, outputTokens: 9_000_000 },
      'maxCostUsd',
      'a single call of small may take up to 18',
    ],
    [
      'with a large input',
      { model: 'small', inputTokens: 9_000_000, outputTokens: 10 },
      'maxCostUsd',
      'Shorten its input',
    ],
    [
      'without an output limit to a model with a large context',
      { model: 'gpt-4.1-mini', inputTokens: 9 },
      'maxCostUsd',
      'up to 1.6',
    ],
  ])('a call %s is rejected before it is made', async (_, call, limit, message) => {
    const error = await meteredRun(
      async (meter) => {
        await meter.begin(call);
        expect.unreachable();
      },
      { [limit]: 1, concurrency: 1 },
    ).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(RunError);
    expect(error.message).toContain(message);
    expect(error.message).toContain('reserve.rollout');
  });

  it('a call larger than maxTokens ends a run that has scored rollouts and keeps its result', async () => {
    let calls = 0;
    const result = await meteredRun(
      async (meter) => {
        calls++;
        (await meter.begin({ ...request, outputTokens: calls < 4 ? 50 : 5_000 })).end(usage);
      },
      { maxTokens: 3_000, concurrency: 1 },
    );
    expect(result).toMatchObject({ stopReason: 'maxTokens', totalMetricCalls: 3 });
    expect(result.warnings.join()).toContain('a single call of small may take up to 5100');
  });

  it('a run that ends because one call may take half of the limit says how much that is', async () => {
    const large: Program = async (meter) => (await meter.begin({ ...request, outputTokens: 500 })).end(usage);
    const result = await meteredRun(large, { maxTokens: 1_000, concurrency: 1 });
    expect(result).toMatchObject({ stopReason: 'maxTokens', totalMetricCalls: 4 });
    expect(result.warnings.join()).toContain('560 of maxTokens (1000) are left, but a rollout may take 600');
  });

  it('a call without an output limit is accepted if it is free or the maximum output of its model fits', async () => {
    const free = { small: { input: 0, output: 0 } };
    const unlimited: Program = async (meter) => (await meter.begin({ model: 'small' })).end(usage);
    expect((await meteredRun(unlimited, { maxCostUsd: 0.01, prices: free })).usage.costUsd).toBe(0);
    const limited = await meteredRun(unlimited, {
      maxCostUsd: 1,
      prices,
      reserve: { outputTokens: 1_000 },
    }).catch((error) => error.message);
    expect(limited).toContain('the size of its input is not reported');
    const sized: Program = async (meter) =>
      (await meter.begin({ model: 'small', inputTokens: 100 })).end(usage);
    const { stopReason } = await meteredRun(sized, { maxCostUsd: 1, reserve: { outputTokens: 1_000 } });
    expect(stopReason).toBe('maxIterations');
    const known: Program = async (meter) => (await meter.begin({ model: 'gpt-4o-mini' })).end(noUsage);
    expect((await meteredRun(known, { maxCostUsd: 1 })).stopReason).toBe('maxIterations');
  });
});

describe('runs that neither meter calls nor set `reserve`', () => {
  const limited = (setup: object) => optimize({ ...tokenRun({ maxTokens: 1_000 }).options, ...setup });

  it('a limit without `reserve` is rejected before the run starts unless calls are metered', async () => {
    await expect(limited({})).rejects.toThrow(/reserve\.rollout\.tokens/);
    await expect(limited({ propose: undefined, reflectionModel: async () => '' })).rejects.toThrow(
      /reserve\.reflection\.tokens/,
    );
    await expect(limited({ maxCostUsd: 1, reserve: { rollout: { costUsd: 0.1 } } })).rejects.toThrow(
      'maxTokens requires the maximum of every call, but `reserve.rollout` has no `tokens`.',
    );
    await expect(limited({})).rejects.toBeInstanceOf(OptionsError);
    expect((await limited({ reserve: { rollout: { tokens: 0 } } })).stopReason).toBe('maxMetricCalls');
  });

  it('a judge that reports usage without metering ends the run with an error', async () => {
    const metric = () => ({ score: 0.5, usage });
    const { adapter } = tokenRun().options;
    const error = await limited({ adapter: { ...adapter, metersCalls: true }, metric, prices }).catch(
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(RunError);
    expect(error.message).toMatch(/the metric reports .*`reserve\.rollout`.*`meter\.begin\(\)`/);
  });
});

it('a model none of whose calls reports tokens causes a warning also without a limit', async () => {
  const silent = modelCallUsage({ model: 'small' });
  const { warnings } = await meteredRun(async (meter) => (await meter.begin(request)).end(silent));
  expect(warnings).toContain(
    'No call of small reported its tokens, so the reported spend does not include them.',
  );
});

describe('model calls that the program does not await', () => {
  const openCall = /^The program returned while a model call was in progress/;
  const lateCall = /^A model call began in a rollout whose program had returned/;
  const matching = (warnings: readonly string[], pattern: RegExp) =>
    warnings.filter((warning) => pattern.test(warning));

  it('a call in progress when the program returns causes one warning, and its usage is missing', async () => {
    const result = await meteredRun(async (meter) => {
      await meter.begin(request);
    });
    expect(matching(result.warnings, openCall)).toHaveLength(1);
    expect(result.usage.modelCalls).toBe(0);
  });

  it('under a limit it stays reserved, and the rollout does not count as free', async () => {
    const result = await meteredRun(
      async (meter) => {
        await meter.begin(request);
      },
      { maxTokens: 100_000 },
    );
    expect(matching(result.warnings, openCall)).toEqual([]);
    expect(result.warnings.join()).toContain('Abandoned or broken calls');
    expect(result.warnings.join()).not.toContain('counts as free');
  });

  it('a call that begins after the program has returned causes one warning', async () => {
    let earlier: CallMeter | undefined;
    const result = await meteredRun(async (meter, signal) => {
      if (earlier !== undefined) await answered(earlier, signal);
      earlier ??= meter;
    });
    expect(matching(result.warnings, lateCall)).toHaveLength(1);
  });

  it('a program that fails or is aborted may leave calls in progress', async () => {
    let earlier: CallMeter | undefined;
    const result = await meteredRun(async (meter, signal) => {
      if (earlier !== undefined) return answered(earlier, signal);
      earlier = meter;
      await meter.begin(request);
      throw new Error('down');
    });
    expect(result.warnings.join()).toContain('down');
    expect(matching(result.warnings, openCall)).toEqual([]);
    expect(matching(result.warnings, lateCall)).toEqual([]);
  });

  it('a program that goes on after its timeout gets no further model call', async () => {
    let refused = 0;
    let admitted = 0;
    const goesOn: Program = async (meter, signal) => {
      signal.addEventListener('abort', async () => {
        // The run abandons the rollout meanwhile.
        await new Promise(setImmediate);
        await meter.begin(request).then(
          () => admitted++,
          () => refused++,
        );
      });
      await new Promise(() => {});
    };
    const options = { rolloutTimeoutMs: 5, retry: { retries: 0 } };
    await meteredRun(goesOn, options).catch(() => {});
    await expect.poll(() => refused).toBeGreaterThan(0);
    expect(admitted).toBe(0);
  });

  it('a model call of a program that has failed causes a warning', async () => {
    let earlier: CallMeter | undefined;
    const result = await meteredRun(async (meter, signal) => {
      if (earlier !== undefined) return answered(earlier, signal);
      earlier = meter;
      throw new Error('down');
    });
    expect(matching(result.warnings, /^A model call began in a rollout that had failed/)).toHaveLength(1);
  });

  it('a judge that is not awaited causes a warning about the metric', async () => {
    const run = tokenRun({ maxIterations: 1 });
    const { metric } = run.options;
    const result = await optimize({
      ...run.options,
      metric: async (context) => {
        await context.meter?.begin(request);
        return metric(context);
      },
    });
    expect(matching(result.warnings, /^The metric returned while a model call/)).toHaveLength(1);
  });

  it('without calls, a limit does not apply: the advice is that of an adapter that meters calls', async () => {
    const result = await meteredRun(async () => {}, { maxTokens: 100_000 });
    const [warning] = matching(result.warnings, /counts as free/);
    expect(warning).toContain('Call models through the framework');
  });
});
