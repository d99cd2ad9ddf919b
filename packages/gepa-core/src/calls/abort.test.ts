import { describe, expect, it, vi } from 'vitest';
import type { RunContext } from '../adapter/adapter.ts';
import { RunError } from '../errors.ts';
import { optimize } from '../optimize.ts';
import { replay } from '../report/result-of.ts';
import { useFakeTime } from '../testing/fixtures/fake-time.ts';
import { tokenExamples, tokenRun } from '../testing/fixtures/token-run.ts';
import type { TokenExample } from '../testing/token-task.ts';

useFakeTime();

const never = () => new Promise<never>(() => {});
const testset = tokenExamples('tests', 4);

interface StartedRollout {
  readonly context: RunContext;
  readonly example: TokenExample;
}

/** Aborts at the first rollout that matches. This rollout and all later ones ignore the signal and never end. */
async function abortedAt(matches: (rollout: StartedRollout) => boolean, how: 'at once' | 'later') {
  const controller = new AbortController();
  const abort = () => controller.abort();
  let hangs = false;
  const run = tokenRun({
    testset,
    signal: controller.signal,
    maxMetricCalls: 200,
    concurrency: 2,
    before(rollout) {
      if (hangs) return never();
      if (!matches(rollout)) return undefined;
      hangs = true;
      if (how === 'at once') abort();
      else setTimeout(abort, 1);
      return never();
    },
  });
  const result = await optimize(run.options);
  expect(replay(run.decisions())).toEqual(result);
  expect(result.totalMetricCalls).toBe(run.rollouts());
  return { result, run };
}

describe.each(['at once', 'later'] as const)('an abort (%s) ends the run and keeps all scores', (how) => {
  it(`an abort (${how}) while the seed is scored ends the run and keeps its scores`, async () => {
    const { result } = await abortedAt(({ example }) => example.id === 'valid-5', how);
    expect(result).toMatchObject({ stopReason: 'aborted', bestIndex: 0, iterations: 0 });
    const [seed] = result.candidates;
    expect(seed!.scores.slice(0, 4)).not.toContain(null);
    expect(seed!.scores.slice(5)).toEqual([null, null, null]);
    expect(seed!.coverage).toBe(result.totalMetricCalls);
    expect(result.test).toBeUndefined();
    expect(result.warnings.join()).toContain('The testset was not scored: aborted');
  });

  it(`an abort (${how}) during a minibatch ends the run`, async () => {
    const { result } = await abortedAt(({ context }) => context.phase === 'minibatch', how);
    expect(result).toMatchObject({ stopReason: 'aborted', iterations: 1 });
    expect(result.candidates.map(({ coverage }) => coverage)).toEqual([8]);
  });

  it(`an abort (${how}) while a child runs on its minibatch ends the run without the child`, async () => {
    const { result } = await abortedAt(({ context }) => context.phase === 'proposal', how);
    expect(result).toMatchObject({ stopReason: 'aborted', iterations: 1 });
    expect(result.candidates).toHaveLength(1);
  });

  it(`an abort (${how}) during the valset pass of a child ends the run and keeps its scores`, async () => {
    const { result } = await abortedAt(
      ({ context, example }) => context.phase === 'valset' && example.id === 'valid-4',
      how,
    );
    expect(result.stopReason).toBe('aborted');
    const last = result.candidates.at(-1)!;
    expect(last.index).toBeGreaterThan(0);
    expect(last.coverage).toBeGreaterThanOrEqual(3);
    expect(last.coverage).toBeLessThan(8);
    // The child may have a higher mean on a few examples, but only the seed was scored on all.
    expect(result.candidates[result.bestIndex]!.coverage).toBe(8);
  });

  it(`an abort (${how}) while the testset is scored ends the run without a test result`, async () => {
    const { result } = await abortedAt(({ context }) => context.phase === 'testset', how);
    expect(result.stopReason).toBe('aborted');
    expect(result.test).toBeUndefined();
    expect(result.candidates.length).toBeGreaterThan(1);
  });
});

it.each(['at once', 'later'])(
  'an abort during reflection ends the run even if the model ignores its signal (%s)',
  async (how) => {
    const controller = new AbortController();
    const abort = () => controller.abort(new Error('enough'));
    const { propose, ...options } = tokenRun({ signal: controller.signal }).options;
    const result = await optimize({
      ...options,
      reflectionModel: () => {
        if (how === 'at once') abort();
        else setTimeout(abort, 1);
        return never();
      },
    });
    expect(propose).toBeDefined();
    expect(result).toMatchObject({ stopReason: 'aborted', iterations: 1 });
  },
);

it('an abort ends the wait before a retry', async () => {
  const controller = new AbortController();
  const run = tokenRun({
    signal: controller.signal,
    retry: { minDelayMs: 60_000, maxDelayMs: 60_000 },
    onEvent: ({ type }) => {
      if (type === 'retried') controller.abort();
    },
    before({ context }) {
      if (context.phase === 'minibatch') throw Object.assign(new Error('busy'), { status: 429 });
    },
  });
  expect(await optimize(run.options)).toMatchObject({ stopReason: 'aborted' });
});

it('a run with an aborted signal starts no rollout, and says that it has no result', async () => {
  const run = tokenRun({ signal: AbortSignal.abort() });
  const running = optimize(run.options);
  await expect(running).rejects.toThrow(
    'The run ended before its first call (aborted), so that there is no result. Nothing was spent.',
  );
  await expect(running).rejects.toBeInstanceOf(RunError);
  expect(run.begun.size).toBe(0);
});

it('programs and metrics receive an abort through their signals', async () => {
  const controller = new AbortController();
  const aborted: string[] = [];
  const wait = (who: string, signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        aborted.push(who);
        reject(signal.reason);
      });
    });
  const run = tokenRun({
    valset: tokenExamples('valid', 2),
    signal: controller.signal,
    before: ({ context, example }) => {
      if (example.id === 'valid-0') return wait('program', context.signal);
      return undefined;
    },
    metric: ({ signal }) => {
      setTimeout(() => controller.abort(), 1);
      return wait('metric', signal);
    },
  });
  expect(await optimize(run.options)).toMatchObject({ stopReason: 'aborted', totalMetricCalls: 0 });
  expect(aborted.toSorted()).toEqual(['metric', 'program']);
});

it('a timer can abort an evaluation whose program never yields to the event loop', async () => {
  // Each rollout takes 1 ms on the clock.
  vi.useRealTimers().useFakeTimers({ toFake: ['performance'] });
  const controller = new AbortController();
  let started = 0;
  const run = tokenRun({
    signal: controller.signal,
    before: () => {
      if (started++ === 0) setTimeout(() => controller.abort());
      vi.advanceTimersByTime(1);
    },
    valset: tokenExamples('valid', 500),
    maxMetricCalls: 1_000,
    cacheEvaluation: false,
  });
  expect((await optimize(run.options)).stopReason).toBe('aborted');
  expect(started).toBeLessThan(50);
});

describe('maxDurationMs', () => {
  it('maxDurationMs ends a run whose program never yields to the event loop', async () => {
    // Each rollout takes 1 ms on the clock, but no timer fires.
    vi.useRealTimers().useFakeTimers({ toFake: ['performance'] });
    const run = tokenRun({
      maxDurationMs: 30,
      before: () => vi.advanceTimersByTime(1),
      // Without the time limit the run would end here.
      maxMetricCalls: 100_000,
      cacheEvaluation: false,
      skipDuplicates: false,
      skipPerfectScore: false,
      acceptanceCriterion: () => false,
    });
    expect((await optimize(run.options)).stopReason).toBe('maxDurationMs');
  });

  it('maxDurationMs ends a run in the middle of a rollout', async () => {
    const run = tokenRun({
      maxDurationMs: 30,
      before: ({ context }) => context.phase === 'minibatch' && never(),
    });
    const result = await optimize(run.options);
    expect(result).toMatchObject({ stopReason: 'maxDurationMs', totalMetricCalls: 8 });
    expect(result.durationMs).toBeLessThan(5_000);
  });

  it('maxDurationMs and rolloutTimeoutMs may exceed the longest delay of a timer', async () => {
    const run = tokenRun({ maxDurationMs: 90 * 24 * 3_600_000, rolloutTimeoutMs: 1e12, maxIterations: 2 });
    const result = await optimize({ ...run.options, adapter: { ...run.options.adapter } });
    expect(result.stopReason).toBe('maxIterations');
  });
});
