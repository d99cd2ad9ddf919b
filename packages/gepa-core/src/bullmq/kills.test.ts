// @module-tag slow
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { type LoopbackServer, startServer } from 'gepa-test-server';
import { hasRedis, Redis } from 'gepa-test-server/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Candidate } from '../component.ts';
import { EarlierReservations } from '../journal/earlier-sessions.ts';
import { Random } from '../statistics/random.ts';
import { runTokenTask, type TokenExample } from '../testing/token-task.ts';
import { runAgainst } from './fixtures/run.ts';

const kills = 50;
const workers = 3;
const workerConcurrency = 2;
const vocabulary = ['red', 'green', 'blue', 'round', 'square', 'soft', 'hard', 'old'];

interface ModelRequest {
  readonly candidate?: Candidate;
  readonly example?: TokenExample;
  readonly prompt?: string;
}

describe.skipIf(!hasRedis)('a distributed run', () => {
  let root: string;
  let redis: Redis;
  let server: LoopbackServer;
  let requested: string[] = [];
  let billed = 0;
  let onRequest = () => {};

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'gepa-kills-'));
    redis = await Redis.start();
    server = await startServer(async ({ body }, response) => {
      const request: ModelRequest = JSON.parse(body);
      requested.push(keyOf(request));
      onRequest();
      const answer = answerTo(request);
      billed += answer.usage.inputTokens + answer.usage.outputTokens;
      // A real delay, since the workers are other processes: several requests are in flight when one is killed.
      await sleep(Math.random() * 20);
      response.end(JSON.stringify(answer));
    });
  });
  afterAll(async () => {
    await server.close();
    await redis?.[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
  });

  it(`a distributed run whose workers and optimizer are killed ${kills} times ends like an uninterrupted one, and pays no finished rollout twice`, async () => {
    const uninterrupted = await runAgainst(server.url, join(root, 'uninterrupted'));
    const expected = countsOf(requested);
    requested = [];
    billed = 0;
    const runDir = join(root, 'killed');
    const resultFile = join(root, 'result.json');
    const random = new Random(1);
    const pool = new Set<ChildProcess>();
    const start = (script: string, ...args: readonly unknown[]) =>
      spawn(
        process.execPath,
        [
          '--conditions=gepa-source',
          join(import.meta.dirname, 'fixtures', script),
          server.url,
          `${redis.port}`,
          'kills',
          ...args.map(String),
        ],
        { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
      );
    let isOver = false;
    const startWorker = () => {
      const worker = start('worker.ts', workerConcurrency, 1_000);
      pool.add(worker);
      worker.on('exit', () => {
        pool.delete(worker);
        if (!isOver) startWorker();
      });
    };
    let run: ChildProcess;
    let runs = 0;
    const startRun = () => {
      runs++;
      run = start('run.ts', runDir, resultFile);
      run.on('exit', () => {
        if (!existsSync(resultFile) && !isOver) startRun();
      });
    };
    for (let i = 0; i < workers; i++) startWorker();
    startRun();
    let killed = 0;
    let killedWorkers = 0;
    let requestsLeft = 4;
    onRequest = () => {
      if (killed >= kills || --requestsLeft > 0) return;
      requestsLeft = 2 + random.randbelow(5);
      killed++;
      if (random.random() < 0.3) run.kill('SIGKILL');
      else {
        killedWorkers++;
        [...pool][random.randbelow(pool.size)]?.kill('SIGKILL');
      }
    };
    while (!existsSync(resultFile)) await sleep(100);
    isOver = true;
    onRequest = () => {};
    await sleep(200);
    for (const worker of pool) worker.kill('SIGKILL');

    expect(killed).toBe(kills);
    expect(runs).toBeGreaterThan(5);
    const result = JSON.parse(readFileSync(resultFile, 'utf8'));
    const comparable = (from: object) =>
      JSON.parse(
        JSON.stringify({
          ...from,
          runId: 0,
          durationMs: 0,
          time: 0,
          retries: 0,
          warnings: [],
          usage: 0,
          spend: 0,
        }),
      );
    expect(comparable(result)).toEqual(comparable(uninterrupted));

    // A request is made again only if it was in flight in a process that was killed.
    const isReflection = (key: string) => !key.startsWith('[');
    const again = [...countsOf(requested)].flatMap(([key, count]) =>
      Array(Math.max(0, count - (expected.get(key) ?? 0))).fill(key),
    );
    expect([...countsOf(requested).keys()].sort()).toEqual([...expected.keys()].sort());
    expect(again.filter((key) => !isReflection(key)).length).toBeLessThanOrEqual(
      killedWorkers * workerConcurrency,
    );
    expect(again.filter(isReflection).length).toBeLessThanOrEqual(runs);

    const unsettled = new EarlierReservations();
    const lines = readFileSync(join(runDir, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line));
    for (const entry of entries) unsettled.learn(entry);
    const known = result.usage.inputTokens + result.usage.outputTokens;
    const uncertain = entries.reduce(
      (sum, entry) => sum + (entry.uncertain?.tokens ?? 0),
      unsettled.uncertain.tokens,
    );
    expect(billed).toBeLessThanOrEqual(known + uncertain);

    const queue = new Queue('kills', { connection: redis.connection });
    const left = await queue.getJobCounts();
    await queue.close();
    expect(Object.values(left).every((count) => count === 0)).toBe(true);
  }, 300_000);
});

function answerTo({ candidate, example, prompt }: ModelRequest) {
  if (prompt === undefined) {
    return {
      ...runTokenTask(candidate!, example!),
      usage: { modelCalls: 1, inputTokens: 20, outputTokens: 10 },
    };
  }
  const text = /\[([^\]]*)\]/.exec(prompt)![1]!;
  const sum = [...prompt].reduce((hash, c) => (hash * 31 + c.charCodeAt(0)) % 65_521, 7);
  const usage = { modelCalls: 1, inputTokens: prompt.length, outputTokens: text.length };
  return { text: `\`\`\`\n${text} ${vocabulary[sum % vocabulary.length]}\n\`\`\``, usage };
}

const keyOf = ({ candidate, example, prompt }: ModelRequest) =>
  prompt ?? JSON.stringify([candidate, example!.id]);

function countsOf(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
