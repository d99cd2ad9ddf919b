// @module-tag slow
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { type LoopbackServer, startServer } from 'gepa-test-server';
import { hasRedis, Redis } from 'gepa-test-server/redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EvaluateOptions, evaluate } from '../evaluate/evaluate.ts';
import type { GepaEvent } from '../events.ts';
import { type BullmqOptions, bullmq, type RolloutServer, serveRollouts } from '../exports/bullmq.ts';
import { tokenExamples } from '../testing/fixtures/token-run.ts';
import { runTokenTask, type TokenOutput, type TokenTrace } from '../testing/token-task.ts';
import { type FaultyExample, modelMetric, modelProgram, version } from './fixtures/model-program.ts';

const examples: readonly FaultyExample[] = tokenExamples('valid', 8);
type Respond = (id: string) => Promise<object | undefined>;

describe.skipIf(!hasRedis)('rollouts on a queue', () => {
  let redis: Redis;
  let server: LoopbackServer;
  let requested: string[] = [];
  let cut = 0;
  let respond: Respond;
  let queue: string;
  let queues = 0;
  let children: ChildProcess[] = [];
  let servers: RolloutServer[] = [];
  let isOver = false;

  beforeAll(async () => {
    redis = await Redis.start();
    server = await startServer(async ({ body }, response) => {
      const { candidate, example } = JSON.parse(body);
      requested.push(example.id);
      response.on('close', () => {
        if (!response.writableFinished) cut++;
      });
      const more = await respond(example.id);
      if (more !== undefined && 'status' in more) {
        const { status, headers = {} } = more as { status: number; headers?: Record<string, string> };
        response.writeHead(status, headers).end();
        return;
      }
      const usage = { modelCalls: 1, inputTokens: 20, outputTokens: 10 };
      response.end(JSON.stringify({ ...runTokenTask(candidate, example), usage, ...more }));
    });
  });
  afterAll(async () => {
    await server.close();
    await redis?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    requested = [];
    cut = 0;
    respond = async () => undefined;
    queue = `faults-${queues++}`;
    isOver = false;
  });
  afterEach(async () => {
    isOver = true;
    await Promise.all(servers.map((one) => one.close()));
    const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = Promise.all(running.map((child) => once(child, 'exit')));
    for (const child of running) child.kill('SIGKILL');
    await ended;
    servers = [];
    children = [];
  });

  const address = () => ({ connection: redis.connection, queue });
  const served = async (options: object = {}, url = server.url) => {
    const one = await serveRollouts(modelProgram(url), {
      ...address(),
      metric: modelMetric,
      version,
      ...options,
    });
    servers.push(one);
    return one;
  };
  /** A worker in a process of its own. */
  const spawned = async (concurrency = 1, keepsStarting = false): Promise<ChildProcess> => {
    const script = join(import.meta.dirname, 'fixtures', 'worker.ts');
    const child = spawn(
      process.execPath,
      ['--conditions=gepa-source', script, server.url, `${redis.port}`, queue, `${concurrency}`, '1000'],
      { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    );
    children.push(child);
    if (keepsStarting) child.on('exit', () => void (isOver || spawned(concurrency, true)));
    await Promise.race([once(child, 'message'), once(child, 'exit')]);
    return child;
  };
  const evaluated = (
    place: Partial<BullmqOptions> | undefined,
    options: Partial<EvaluateOptions<FaultyExample, TokenOutput, TokenTrace, string, 'seed'>> = {},
  ) =>
    evaluate<FaultyExample, TokenOutput, TokenTrace, string>({
      adapter: modelProgram(server.url),
      metric: modelMetric,
      examples,
      concurrency: 4,
      retry: { minDelayMs: 1, maxDelayMs: 5 },
      rollouts: place && bullmq({ ...address(), version, ...place }),
      ...options,
    } as EvaluateOptions<FaultyExample, TokenOutput, TokenTrace, string, 'seed'>);
  const scoresOf = (report: Awaited<ReturnType<typeof evaluated>>) =>
    report.candidates.seed.examples.map(({ score }) => score);
  const errorsOf = (report: Awaited<ReturnType<typeof evaluated>>) =>
    report.candidates.seed.examples.map(({ rollouts }) => rollouts[0]?.error);
  const jobsLeft = async () => {
    const jobs = new Queue(queue, { connection: redis.connection });
    const counts = await jobs.getJobCounts();
    await jobs.close();
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  };

  it('rollouts of an evaluation run in the worker, with the same report as in one process, and leave nothing in the queue', async () => {
    await served({ concurrency: 2 });
    const report = await evaluated({});
    const local = await evaluated(undefined);
    expect(scoresOf(report)).toEqual(scoresOf(local));
    expect(report.usage).toEqual(local.usage);
    expect(await jobsLeft()).toBe(0);
  });

  it("with metricIn: 'optimizer', the metric runs in the process of the run", async () => {
    await served({ metric: undefined });
    const local = await evaluated(undefined);
    expect(scoresOf(await evaluated({ metricIn: 'optimizer' }))).toEqual(scoresOf(local));
  });

  it('another worker makes the rollouts of a worker that is killed, and the cost that it may have caused stays charged', async () => {
    const first = await spawned(2);
    respond = async () => {
      if (requested.length === 3) {
        first.kill('SIGKILL');
        void spawned(2);
        await sleep(60_000, undefined, { ref: false });
      }
      return undefined;
    };
    const report = await evaluated({}, { maxTokens: 100_000, reserve: { rollout: { tokens: 500 } } });
    expect(scoresOf(report)).not.toContain(null);
    expect(requested.length).toBeGreaterThan(examples.length);
    expect(report.warnings.join()).toMatch(/(500|1000|1,000) of maxTokens stays reserved/);
    expect(await jobsLeft()).toBe(0);
  });

  it('another worker makes the rollouts of a worker that does not answer, which finds nothing to do when it comes back', async () => {
    const first = await spawned();
    respond = async () => {
      if (requested.length === 2) {
        first.kill('SIGSTOP');
        void spawned();
      }
      return undefined;
    };
    const report = await evaluated({});
    first.kill('SIGCONT');
    await sleep(500);
    expect(scoresOf(report)).not.toContain(null);
    expect(first.exitCode).toBe(null);
    expect(await jobsLeft()).toBe(0);
  });

  it('rollouts continue after a restart of Redis', async () => {
    await served({ concurrency: 2 });
    let restarted: Promise<void> | undefined;
    respond = async () => {
      if (requested.length === 3) {
        restarted = redis.stop('SIGKILL').then(async () => {
          await sleep(500);
          await redis.start();
        });
      }
      await sleep(20);
      return undefined;
    };
    const report = await evaluated({});
    await restarted;
    expect(scoresOf(report)).toEqual(scoresOf(await evaluated(undefined)));
  });

  it('a rollout that kills its workers fails after some of them, and the other rollouts are scored', async () => {
    await spawned(1, true);
    const poisoned = examples.map((example, index) => (index === 2 ? { ...example, kills: true } : example));
    const report = await evaluated({ maxLostWorkers: 2 }, { examples: poisoned, failureScore: -1 });
    const scores = scoresOf(report);
    expect(scores[2]).toBe(-1);
    expect(errorsOf(report)[2]).toMatch(/^2 workers were lost during the rollout/);
    expect(scores.filter((score) => score === -1)).toHaveLength(1);
  });

  it('rollouts end in their workers soon after an abort', async () => {
    await served({ concurrency: 4 });
    const abort = new AbortController();
    respond = async () => {
      if (requested.length === 4) abort.abort();
      await sleep(60_000, undefined, { ref: false });
      return undefined;
    };
    const startedAt = performance.now();
    const report = await evaluated({}, { signal: abort.signal });
    expect(report.stopReason).toBe('aborted');
    expect(cut).toBe(4);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(await jobsLeft()).toBe(0);
  });

  it('a run waits for a worker with a message, and ends when none comes', async () => {
    const events: GepaEvent[] = [];
    const options = { onEvent: (event: GepaEvent) => void events.push(event) };
    const waiting = evaluated({ waitForWorkersMs: 2_000 }, options);
    await expect(waiting).rejects.toThrow(`No worker has served the queue ${queue} for 2 s.`);
    const messages = events.map((event) => ('message' in event ? event.message : ''));
    expect(messages.join()).toContain(`No worker serves the queue ${queue}: start one with serveRollouts.`);
    expect(requested).toEqual([]);
  });

  it('a run ends before its first rollout when a worker has another program, with the differences', async () => {
    const { components, ...rest } = modelProgram(server.url);
    const other = { ...rest, components: { ...components, extract: { text: 'another' } }, models: ['b'] };
    servers.push(await serveRollouts(other, { ...address(), metric: modelMetric, version: 'older' }));
    await expect(evaluated({})).rejects.toThrow(
      /serves another program than this run optimizes: the version is older instead of of the test; the text of the component extract differs; the task model is b instead of unknown/,
    );
    expect(requested).toEqual([]);
  });

  it('a run ends before its first rollout when a worker has no metric', async () => {
    await served({ metric: undefined });
    await expect(evaluated({})).rejects.toThrow(/it has no metric; pass `metric` to serveRollouts/);
    expect(requested).toEqual([]);
  });

  it('a worker of another program that starts later makes no rollout of the run, and stops', async () => {
    const late: Promise<void>[] = [];
    const closed: Promise<void>[] = [];
    await served();
    respond = async () => {
      if (requested.length === 1) {
        const other = serveRollouts(modelProgram(`${server.url}/other`), {
          ...address(),
          metric: modelMetric,
          version: 'newer',
          concurrency: 2,
        });
        late.push(other.then(async (one) => void closed.push(one.closed)));
      }
      await sleep(300);
      return undefined;
    };
    const report = await evaluated({}, { concurrency: 8 });
    await Promise.all(late);
    await expect(closed[0]).rejects.toThrow(
      /the version is of the test instead of newer|the version is newer instead of of the test/,
    );
    expect(scoresOf(report)).toEqual(scoresOf(await evaluated(undefined)));
  });

  it('a rollout may return 10 MB of output and trace; a larger one fails with its size and what to do', async () => {
    await served({ maxResultBytes: 12_000_000 });
    const sizes: Readonly<Record<string, number>> = { 'valid-1': 10_000_000, 'valid-2': 13_000_000 };
    respond = async (id) => (id in sizes ? { trace: { extract: 'x'.repeat(sizes[id]!) } } : undefined);
    const report = await evaluated({ metricIn: 'worker' });
    const [, large, larger] = errorsOf(report);
    expect(large).toBe(undefined);
    expect(larger).toMatch(
      /take 13\.0 MB, more than the maximum of 12\.0 MB. Return less in output and trace, or raise/,
    );
    expect(await jobsLeft()).toBe(0);
  });

  it.each([
    ['a rate limit', { status: 429, headers: { 'retry-after-ms': '5' } }, undefined],
    ['an outage', { status: 503 }, undefined],
    ['a refused key', { status: 401 }, 'providerUnavailable'],
  ])('a rollout is retried, refused or scored as in one process after %s', async (_, failure, stopReason) => {
    await served();
    const failing = () => {
      const failed = new Set<string>();
      requested = [];
      respond = async (id) => {
        if (failed.has(id) && stopReason === undefined) return undefined;
        failed.add(id);
        return failure;
      };
    };
    const options = { concurrency: 1, maxTokens: 100_000 };
    failing();
    const local = await evaluated(undefined, options);
    const requests = requested.length;
    failing();
    const report = await evaluated({}, options);
    expect(report.stopReason).toBe(stopReason);
    expect(report.stopReason).toBe(local.stopReason);
    expect(scoresOf(report)).toEqual(scoresOf(local));
    expect(report.warnings).toEqual(local.warnings);
    expect(requested).toHaveLength(requests);
  });

  it.each([
    ['with calls that are admitted one by one', {}],
    ['with a declared maximum', { reserve: { rollout: { tokens: 900 } } }],
  ])('stay within maxTokens %s', async (_, options) => {
    await served({ concurrency: 4 });
    const many = tokenExamples('valid', 40);
    const report = await evaluated({}, { examples: many, maxTokens: 1_000, ...options });
    expect(report.stopReason).toBe('maxTokens');
    expect(requested.length).toBeGreaterThan(2);
    expect(requested.length * 30).toBeLessThanOrEqual(1_000);
    expect(report.usage.inputTokens + report.usage.outputTokens).toBe(requested.length * 30);
  });

  it('a rollout times out after rolloutTimeoutMs in the worker, but not while it waits for one', async () => {
    await served();
    const slow = new Set<string>();
    respond = async (id) => {
      await sleep(id === 'valid-1' && !slow.has(id) && slow.add(id) ? 5_000 : 150);
      return undefined;
    };
    const report = await evaluated({}, { rolloutTimeoutMs: 600, concurrency: 8 });
    expect(scoresOf(report)).not.toContain(null);
    // All wait for one worker for longer than the timeout; one of them is made again.
    expect(requested).toHaveLength(examples.length + 1);
  });

  it('the results of rollouts contain no secret of the worker', async () => {
    const secret = 'worker-secret-0123456789';
    const program = modelProgram(server.url);
    const leaky = {
      ...program,
      secrets: [secret],
      run: async () => Promise.reject(new Error(`The key ${secret} is wrong.`)),
    };
    servers.push(await serveRollouts(leaky, { ...address(), metric: modelMetric, version }));
    const report = await evaluated({});
    expect(errorsOf(report)[0]).toBe('The key [key] is wrong.');
  });

  it('a run on a queue refuses examples that are not plain data', async () => {
    const dated = examples.map((example) => ({ ...example, date: new Date(0) }));
    await expect(evaluated({}, { examples: dated })).rejects.toThrow(
      /8 examples, such as valid-0, valid-1, valid-2 have parts that are not plain data/,
    );
  });
});
